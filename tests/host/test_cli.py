"""The `upyml` command: what it prints, what it writes, and what it answers when something is wrong."""

import json
import re
import subprocess
import sys

import numpy as np
import op_cases
import pytest
from click.testing import CliRunner
from test_tflite_reader import dense

import upyml
from host_tools import cli_convert
from host_tools.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with an int8 model of a dense layer and softmax, one that is no int8 model, and samples."""
    (tmp_path / "int8.tflite").write_bytes(dense())
    (tmp_path / "float.tflite").write_bytes(dense("float32", "float32", "float32"))
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 3, (5, 4)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def upyml_command(*args):
    """The command's result; exceptions that are no exit come through."""
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def test_help_answers_at_once():
    """What takes long to import is imported by the commands that need it."""
    code = (
        "import sys; from host_tools.cli import main; main(['--help'], standalone_mode=False);"
        "print('imported:', *(m for m in ('numpy', 'tensorflow', 'keras', 'tflite', 'rich', 'upyml') if m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.endswith("imported:\n")


def test_help_tells_the_exit_codes_and_the_ops():
    assert "70  a fault of upyml itself" in upyml_command("--help").output
    listed = upyml_command("convert", "--help").output
    for name in ("CONV_2D", "SPLIT_V", "RESIZE_BILINEAR"):
        assert name in listed


def test_help_lists_every_op_the_reader_takes():
    from host_tools.readers.tflite_ops import CONVERTERS

    text = upyml_command("convert", "--help").output.replace(";", ",").replace(".", ",").replace("ops:", ",")
    listed = {" ".join(name.split()) for name in text.split(",")}
    front_end = next(name for name in listed if "which ends with" in name)
    assert set(CONVERTERS) <= listed | {front_end.split("which ends with ")[1]}


def test_convert_writes_a_model_and_says_what_it_costs(folder):
    result = upyml_command(
        "convert",
        "int8.tflite",
        "--labels",
        "a, b,c",
        "--sample-rate",
        50,
        "--hop",
        10,
        "--name",
        "dense",
        "--model-version",
        "3",
        "--meta",
        "card=made by a test",
    )
    assert result.exit_code == 0
    assert "int8.upm: " in result.output and "12 MACs" in result.output
    assert "equal to TensorFlow Lite Micro to the bit on 20 samples" in result.output
    model = upyml.load("int8.upm")
    assert model.labels == ("a", "b", "c")
    expected = {"sample_rate": "50", "hop": "10", "name": "dense", "version": "3", "card": "made by a test"}
    assert {key: model.metadata[key] for key in expected} == expected
    assert model.selftest() is True


def test_labels_may_come_from_a_file(folder):
    (folder / "labels.txt").write_text("one\ntwo\n\nthree\n")
    assert upyml_command("convert", "int8.tflite", "--labels", "labels.txt").exit_code == 0
    assert upyml.load("int8.upm").labels == ("one", "two", "three")


def test_convert_tells_a_script(folder):
    result = upyml_command("convert", "int8.tflite", "-o", "m.upm", "-d", "x.npy", "--json")
    told = json.loads(result.output)
    assert told["output"] == "m.upm" and told["macs"] == 12 and told["check"]["equal"] == told["check"]["samples"] == 5


@pytest.mark.parametrize("stage", ["read", "lower", "plan", "all"])
def test_any_stage_can_be_seen(folder, stage):
    output = upyml_command("convert", "int8.tflite", "--dump-after", stage).output
    assert "--- " in output and ("fully_connected" in output or "FULLY_CONNECTED" in output)


WRONG = {
    "no file": (("convert", "nothing.tflite"), 2, "no such file.*nothing.tflite"),
    "no model file": (("convert", "x.npy"), 3, "no .keras, .h5 or .tflite file"),
    "a folder": (("convert", "."), 3, "is a folder"),
    "a float model": (("convert", "float.tflite"), 3, "computes with floats.*full integer quantization"),
    "too few labels": (("convert", "int8.tflite", "--labels", "a,b"), 3, "2 labels for an output of 3 values"),
    "no such pass": (("convert", "int8.tflite", "--dump-after", "magic"), 2, "the passes are read"),
    "no such folder": (("convert", "int8.tflite", "-o", "nowhere/m.upm"), 2, "nowhere"),
    "no data": (("convert", "int8.tflite", "-d", "nothing.npz"), 2, "no such file.*nothing.npz"),
    "data of another kind": (("convert", "int8.tflite", "-d", "float.tflite"), 3, "data comes as .npz"),
    "metadata without value": (("convert", "int8.tflite", "--meta", "key"), 2, "KEY=VALUE"),
    "hop as text": (("convert", "int8.tflite", "--meta", "hop=2.7"), 3, "hop must be a whole number .*received '2.7'"),
    "no window": (("convert", "int8.tflite", "--meta", "window=0"), 3, "window must be a whole number .* '0'"),
    "rate as text": (("convert", "int8.tflite", "--meta", "sample_rate=fast"), 3, "sample_rate must be .* 'fast'"),
    "no rate": (("convert", "int8.tflite", "--meta", "sample_rate=nan"), 3, "sample_rate must be .* 'nan'"),
    "dump of another file": (("dump", "int8.tflite"), 3, "not a .upm file"),
    "report of nothing": (("report", "nothing.upm"), 2, "[Nn]o such file.*nothing.upm"),
    "run of another file": (("run", "x.npy"), 3, "not a .upm file"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_gets_one_line_and_an_exit_code(folder, what):
    args, code, sentence = WRONG[what]
    before = sorted(folder.iterdir())
    result = upyml_command(*args)
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert re.search(sentence, result.output.replace("\n", " ")), result.output
    assert sorted(folder.iterdir()) == before  # nothing was written


def test_a_file_is_written_whole_or_not_at_all(folder, monkeypatch):
    target = folder / "m.upm"
    target.write_bytes(b"the old one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_convert.os, "replace", full)
    assert upyml_command("convert", "int8.tflite", "-o", "m.upm").exit_code == 2
    assert target.read_bytes() == b"the old one"
    assert not list(folder.glob("*.part"))


def test_run_prints_outputs(folder):
    upyml_command("convert", "int8.tflite", "--labels", "a,b,c")
    for engine in ("native", "reference"):
        rows = json.loads(upyml_command("run", "int8.upm", "-d", "x.npy", "--json", "--engine", engine).output)
        model = upyml.load("int8.upm")
        expected = [[list(model.predict(x))] for x in np.load("x.npy").astype(np.float32)]
        np.testing.assert_allclose(rows, expected, rtol=1e-6)
    lines = upyml_command("run", "int8.upm", "-d", "x.npy").output.splitlines()
    assert len(lines) == 5 and all(line.split()[-1] in "abc" for line in lines)


def test_run_without_data_tests_the_engine(folder):
    upyml_command("convert", "int8.tflite")
    assert upyml_command("run", "int8.upm").output == "selftest passed\n"
    from upyml.format import decode, encode

    file = bytearray((folder / "int8.upm").read_bytes())
    file[decode.header(file)["vectors"] + 4] ^= 1  # the first op's CRC-32
    (folder / "int8.upm").write_bytes(encode.seal(bytes(file)))
    result = upyml_command("run", "int8.upm")
    assert result.exit_code == 1 and "op 0 (FULLY_CONNECTED) gives" in result.output


def test_run_says_which_length_it_takes(folder):
    upyml_command("convert", "int8.tflite")
    np.save("long.npy", np.zeros((2, 7)))
    result = upyml_command("run", "int8.upm", "-d", "long.npy")
    assert result.exit_code == 3 and "takes 4 numbers" in result.output and "received 7" in result.output


def test_dump_shows_every_part(folder):
    upyml_command("convert", "int8.tflite", "--labels", "a,b,c")
    content = json.loads(upyml_command("dump", "int8.upm", "--json").output)
    assert content["metadata"]["labels"] == "a\nb\nc"
    assert [op["op"] for op in content["ops"]] == ["fully_connected"]
    assert content["tensors"][content["inputs"][0]]["shape"] == [4]
    assert len(content["vectors"]) == 2
    text = upyml_command("dump", "int8.upm").output
    for part in ("file_size: ", "metadata labels: ", "tensor 0: ", "op 0: fully_connected", "vector: seed 1"):
        assert part in text


def test_report_shows_layers_and_totals(folder):
    (folder / "conv.tflite").write_bytes(op_cases.CASES["padded_conv"](np.random.default_rng(0)))
    upyml_command("convert", "conv.tflite")
    numbers = json.loads(upyml_command("report", "conv.upm", "--json").output)
    assert numbers["arena_bytes"] == upyml.load("conv.upm").arena_size
    assert numbers["file_bytes"] == (folder / "conv.upm").stat().st_size
    assert max(layer["ram_live"] for layer in numbers["layers"]) <= numbers["arena_bytes"]
    text = upyml_command("report", "conv.upm").output
    assert "conv2d" in text and "MACs a run" in text and "engine for it needs CONV2D." in text
    assert "█" in text and "░ scratch" in text and max(map(len, text.splitlines())) <= 80
    assert [(block["first"], block["last"]) for block in numbers["blocks"]] == [(-1, 0), (0, 1)]


def test_samples_of_several_inputs_are_found_by_name(folder):
    (folder / "two.tflite").write_bytes(op_cases.CASES["add"](np.random.default_rng(1)))
    upyml_command("convert", "two.tflite")
    model = upyml.load("two.upm")
    arrays = {details.name: np.ones((3, *details.shape)) for details in model.input_details}
    np.savez("two.npz", **arrays)
    result = upyml_command("run", "two.upm", "-d", "two.npz", "--json")
    assert len(json.loads(result.output)) == 3
    np.savez("other.npz", a=np.ones(3), b=np.ones(3), c=np.ones(3))
    result = upyml_command("run", "two.upm", "-d", "other.npz")
    assert result.exit_code == 3 and "holds the arrays a, b, c" in result.output
