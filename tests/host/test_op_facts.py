"""`upyml ops` and its table in docs/ops.md: derived from the code, and true of files, models and kernels that there are."""

import json

import keras_models
import numpy as np
import op_cases
import pytest
from click.testing import CliRunner
from runtimes import ROOT

from host_tools import op_facts, op_kernels, op_sources
from host_tools.cli import main
from host_tools.passes.lower import lower
from host_tools.passes.normalise import normalise
from host_tools.passes.search import search
from host_tools.readers import keras_reader, tflite_file, tflite_reader
from upyml.format import decode, layout

ENGINE = ROOT / "ports" / "engine"
FACTS = {fact.name: fact for fact in op_facts.facts()}
CORPUS = sorted((ROOT / "tests" / "engine" / "corpus").glob("*.upm"))


def test_every_op_of_the_format_appears():
    assert [(fact.code, fact.name) for fact in FACTS.values()] == sorted((code, op[0]) for code, op in layout.OPS.items())
    for fact in FACTS.values():
        assert fact.types and fact.engine and fact.python, fact
        assert fact.files and all((ENGINE / file).is_file() for file in fact.files)


@pytest.mark.parametrize("name", FACTS)
def test_an_op_has_a_fast_path_or_says_plain(name):
    cells = {line.split(" | ")[0].strip("| "): line for line in op_facts.markdown([*FACTS.values()]).splitlines()}
    fast, plain = (cells[name].count(f"| {word} ") for word in ("fast", op_facts.PLAIN))
    assert fast == len(FACTS[name].fast) and fast + plain == len(op_kernels.cpus(ENGINE))
    for cpu, files in FACTS[name].fast.items():
        assert files and all((ENGINE / file).is_file() and not file.startswith("kernels/") for file in files)
        assert {file.split("/")[-1] for file in files} <= {file.split("/")[-1] for file in FACTS[name].files}


def test_every_kernel_that_a_cpu_replaces_is_some_ops_fast_path():
    """Were an op loop written in another way than op_kernels.py reads, a kernel would be nobody's."""
    plain = [name for name in (ENGINE / "sources.txt").read_text().split() if "/" in name]
    names = {name.split("/")[-1] for name in plain}
    for cpu in op_kernels.cpus(ENGINE):
        own = {line.split("/")[-1] for line in (ENGINE / cpu / "sources.txt").read_text().split()}
        known = {file.split("/")[-1] for fact in FACTS.values() for file in fact.fast.get(cpu, ())}
        assert own & names == known, cpu


def test_known_kernels():
    assert FACTS["CONV2D"].files == ["kernels/conv2d_s8.c"]
    assert FACTS["CONV2D"].fast["riscv"] == ["pairs/conv2d_s8.c"]
    assert FACTS["MUL"].files == ["kernels/binary_s8.c"] and FACTS["ARGMAX"].files == ["kernels/axis_s8.c"]
    assert FACTS["RESIZE_BILINEAR"].files == ["kernels/resize_s8.c"]  # behind two `default:`
    assert FACTS["RESHAPE"].files == ["run.c"] and not FACTS["RESHAPE"].fast  # a memmove


def test_types_of_the_checker():
    assert FACTS["QUANTIZE"].types == ["float32 to int8, uint8, int16"]
    assert FACTS["ARGMAX"].types == ["int8 to int32"]
    assert FACTS["PAD"].types == ["int8", "uint8"]
    assert FACTS["CONV2D"].codings == ["int8", "int4", "sparse"] and FACTS["MEAN"].codings == []


def takes(name: str, x: str, y: str) -> bool:
    """Whether the table says that an op makes y from x."""
    for entry in FACTS[name].types:
        sources, _, targets = entry.partition(" to ")
        if x in sources.split(", ") and y in (targets or x).split(", "):
            return True
    return False


def test_the_types_of_the_corpus_are_told():
    """What small models of every op have, the table says: int8 above all."""
    seen = set()
    for path in CORPUS:
        content = path.read_bytes()
        head = decode.header(content)
        tensors = [decode.tensor(content, head, number) for number in range(head["tensor_count"])]
        for number in range(head["op_count"]):
            op = decode.op(content, head, number)
            x, y = (layout.DTYPES[tensors[op[side][0]]["dtype"]][0].lower() for side in ("inputs", "outputs"))
            name = layout.OPS[op["opcode"]][0]
            assert takes(name, x, y), f"{path.name}: {name} from {x} to {y}"
            seen.add(name)
    assert seen == set(FACTS)
    assert not takes("CONV2D", "int16", "int16") and not takes("DEQUANTIZE", "float32", "int8")


# Ops that come of scales, activations and edges, not of the layer itself.
BESIDES = {"TABLE", "SOFTMAX", "QUANTIZE", "DEQUANTIZE", "REQUANTIZE", "PAD"}


@pytest.mark.parametrize("name", keras_models.CASES)
def test_keras_layers_become_the_ops_that_list_them(name):
    shape, layer = keras_models.CASES[name]
    model = keras_models.single(name)
    graph = search(normalise(keras_reader.read(model), lambda made, _: made), keras_models.samples(model, 8), "minmax")
    for step in lower(graph).steps if graph.ops else ():
        op = layout.OPS[step.opcode][0]
        held = getattr(layer, "layer", layer)  # a TimeDistributed does what its layer does
        assert {type(layer).__name__, type(held).__name__} & set(FACTS[op].keras) or op in BESIDES, op


@pytest.mark.parametrize("case", op_cases.CASES)
def test_tflite_ops_become_the_ops_that_list_them(case):
    content = op_cases.CASES[case](np.random.default_rng(0))
    sources = {op.name for op in tflite_file.parse(content).ops}
    for step in lower(tflite_reader.read(content)).steps:
        op = layout.OPS[step.opcode][0]
        assert sources & set(FACTS[op].tflite) or op in BESIDES, op


def test_every_layer_and_op_that_is_read_becomes_something():
    """But those that only act in training, and those that are folded into shapes."""
    from host_tools.readers import keras_layers_math
    from host_tools.readers.tflite_ops import CONVERTERS

    acting = {name for name, read in keras_reader.LAYERS.items() if read is not keras_layers_math._nothing}
    assert acting - {name for fact in FACTS.values() for name in fact.keras} == set()
    assert set(CONVERTERS) - {name for fact in FACTS.values() for name in fact.tflite} == set()


def test_a_lowering_is_known_for_every_kind():
    from host_tools import ops

    known = op_sources.codes_of_kinds()
    assert {kind for kind in ops.KINDS if not known.get(kind)} == {"batch_norm"}  # see _BECOMES


def upyml_ops(*args):
    return CliRunner().invoke(main, ["ops", *args], catch_exceptions=False)


def test_the_command_prints_a_table_and_json():
    shown = upyml_ops().output
    assert all(name in shown for name in FACTS)
    told = json.loads(upyml_ops("--json").output)
    assert [row["name"] for row in told] == list(FACTS)
    assert told[0]["types"] == ["int8"] and told[0]["fast"]["cortex_m0"] == ["pairs/conv2d_s8.c"]


def test_the_command_finds_what_a_layer_becomes():
    told = json.loads(upyml_ops("upsampling", "--json").output)
    assert [row["name"] for row in told] == ["RESIZE_NEAREST", "RESIZE_BILINEAR", "GATHER"]
    wrong = upyml_ops("telepathy")
    assert wrong.exit_code == 3 and "'telepathy'" in wrong.output and "see `upyml ops`" in wrong.output


def test_the_table_in_the_readme_is_up_to_date():
    table = op_facts.markdown([*FACTS.values()])
    assert table in (ROOT / "docs" / "ops.md").read_text(), "python tests/bench/readme.py kernels"
