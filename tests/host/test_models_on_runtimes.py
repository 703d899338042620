"""The public models on every runtime: the bytes of TensorFlow Lite Micro."""

import zlib

import numpy as np
import pytest
from oracle import Tflm, raw_inputs
from runtimes import ROOT, ScriptError

import upyml
from host_tools.convert import convert

RUN_MODEL = ROOT / "tests" / "device" / "run_model.py"
MODELS = (
    "mlperf_tiny/kws_ref_model.tflite",
    "mlperf_tiny/vww_96_int8.tflite",
    "mlperf_tiny/pretrainedResnet_quant.tflite",
    "mlperf_tiny/ad01_int8.tflite",
    "tflm/hello_world_int8.tflite",
    "tflm/micro_speech_quantized.tflite",
    "tflm/network_tester.tflite",
)
RANDOM_INPUTS = 200
FEW = 5  # random inputs where a run takes up to a second, and on CPython, where test_tflite_models.py takes 200
LARGE = 150 * 1024  # bytes that no Pico has in one piece


@pytest.fixture(scope="module")
def prepared(models_dir, tmp_path_factory):
    """For each model: its .upm, a file of raw inputs, bytes of inputs a run, and the CRC-32 of TFLM's outputs a run."""
    folder, made = tmp_path_factory.mktemp("public"), {}

    def get(path):
        if path not in made:
            data = convert(models_dir / path).file
            model, right = upyml.load(data), Tflm((models_dir / path).read_bytes())
            crcs, inputs = [], b""
            runs = list(raw_inputs(model, np.random.default_rng(1), RANDOM_INPUTS))
            for arrays in runs[:1] + runs[-3:] + runs[1:-3]:  # behind the first all lowest, all highest, all zero point
                inputs += b"".join(one.tobytes() for one in arrays)
                crcs.append(zlib.crc32(b"".join(one.tobytes() for one in right(arrays, len(model.outputs)))))
            name = path.split("/")[-1]
            (folder / f"{name}.upm").write_bytes(data)
            made[path] = folder / f"{name}.upm", inputs, len(inputs) // len(crcs), crcs
        return made[path]

    return get


@pytest.mark.slow
@pytest.mark.parametrize("path", MODELS)
def test_a_model_equals_tflm(runtime, path, prepared, tmp_path):
    file, inputs, size, crcs = prepared(path)
    count = len(crcs)
    if runtime.emulated:
        count = 1 if runtime.slow else 4
    elif runtime.name.startswith("circuitpython"):
        count = 2  # up to ten seconds each on the stand-in
    elif not (runtime.micropython and runtime.native):
        count = 3 + FEW
    (tmp_path / "inputs.bin").write_bytes(inputs[: count * size])
    if runtime.emulated and not runtime.in_place and file.stat().st_size > LARGE:
        with pytest.raises(ScriptError, match=f"MemoryError: {file.name} has .* do not fit into RAM: put it into ROMFS"):
            runtime.run(RUN_MODEL, [file, tmp_path / "inputs.bin"])
        return
    printed = runtime.run(RUN_MODEL, [file, tmp_path / "inputs.bin"], heap=16 << 20)
    assert printed.split() == [str(crc) for crc in crcs[:count]]
