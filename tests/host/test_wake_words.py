"""microWakeWord's streaming models: each step equals TensorFlow Lite Micro's to the bit, on every runtime.

What comes out of such a model says little (0 nearly always), so the tests also look at what goes into its last layer.
"""

import importlib.util
import zlib
from pathlib import Path

import numpy as np
import pytest
import tflite
from oracle import Tflm
from runtimes import ROOT

import upyml
from host_tools import writer
from host_tools.convert import convert

STEPS = 400
MODELS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


@pytest.fixture(scope="module")
def folder(require):
    spec = importlib.util.find_spec("pymicro_wakeword")
    require(spec is not None, "the models of pymicro-wakeword", "pip install pymicro-wakeword")
    return Path(spec.submodule_search_locations[0]) / "models"


def with_features(content):
    """The same file with another output: the input of its dense layer, the features of the last steps."""
    graph = tflite.Model.GetRootAsModel(content, 0).Subgraphs(0)
    dense = graph.Operators(graph.OperatorsLength() - 3)  # then a sigmoid, and the change of the number type
    changed = bytearray(content)
    outputs = graph._tab.Vector(graph._tab.Offset(8))
    changed[outputs : outputs + 4] = int(dense.Inputs(0)).to_bytes(4, "little")
    return bytes(changed)


def made(content, path):
    path.write_bytes(content)
    return convert(path, check=False)


def steps(details, count):
    """Raw inputs of steps, as tests/device/steps.py makes them."""
    seed = 1
    for _ in range(count):
        raw, seed = writer.seeded_bytes(seed, details.size)
        yield raw.view(np.int8)


@pytest.mark.parametrize("name", MODELS)
def test_each_step_equals_tflm(folder, tmp_path, name):
    content = with_features((folder / f"{name}.tflite").read_bytes())
    model, right = upyml.load(made(content, tmp_path / "features.tflite").file), Tflm(content)
    seen = set()
    for values in steps(model.input_details[0], STEPS):
        model.input[:] = memoryview(values)
        model.run()
        assert list(model.output) == list(right([values], 1)[0])
        seen.add(bytes(model.output))
    assert len(seen) == STEPS
    assert model.selftest() is True


def test_each_step_is_the_same_on_every_runtime(runtime, folder, tmp_path):
    content = (folder / "hey_mycroft.tflite").read_bytes()
    (tmp_path / "word.upm").write_bytes(made(content, tmp_path / "word.tflite").file)
    (tmp_path / "features.upm").write_bytes(made(with_features(content), tmp_path / "features.tflite").file)
    count = 40 if runtime.emulated and runtime.slow else STEPS
    for name, right in (("word", Tflm(content)), ("features", Tflm(with_features(content)))):
        details, crc, expected = upyml.load(tmp_path / f"{name}.upm").input_details[0], 0, []
        for step, values in enumerate(steps(details, count), 1):
            crc = zlib.crc32(right([values], 1)[0].tobytes(), crc)
            if step % 20 == 0:
                expected.append(f"{step} {crc:08x}")
        said = runtime.run(ROOT / "tests" / "device" / "steps.py", (tmp_path / f"{name}.upm", count))
        assert said.splitlines() == [*expected, "True"]


@pytest.mark.parametrize("name", MODELS)
def test_a_window_is_one_state_and_nothing_is_kept_twice(folder, name):
    """The file names as many states as windows: RAM of all rows but those of a run, and of these."""
    program = convert(folder / f"{name}.tflite", check=False).program
    kinds = [step.kind for step in program.steps]
    assert kinds.count("SHIFT") == len(program.states) and "RESHAPE" not in kinds
    assert program.state_offsets()[1] + program.arena_size < 6300
