"""Every TFLite op, with random shapes, strides, paddings and scales, gives TensorFlow Lite Micro's bytes."""

import engines
import numpy as np
import op_cases
import pytest
from oracle import Tflm, raw_inputs, run_raw
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert

SEEDS = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ops")


@pytest.mark.parametrize("case", op_cases.CASES)
def test_an_op_equals_tflm(case, folder, require):
    modules = [engines.engine(name, require) for name in engines.ENGINES]
    for seed in range(SEEDS):
        content = op_cases.CASES[case](np.random.default_rng(seed))
        path = folder / f"{case}.tflite"
        path.write_bytes(content)
        file = convert(path, check=False).file
        right = Tflm(content)
        for module in modules:
            model = upyml.load(file, module)
            for inputs in raw_inputs(model, np.random.default_rng(1000 + seed), 2):
                found = run_raw(model, inputs)
                expected = right(inputs, len(found))
                for a, b in zip(found, expected):
                    np.testing.assert_array_equal(a, b, f"{case}, seed {seed}, {module.__name__}")
            assert model.selftest() is True


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL"])
def test_all_pairs_of_values_equal_tflm(name, folder):
    """256 x 256 sums, differences and products at a few scales: no pair rounds another way."""
    chance, values = np.random.default_rng(0), np.arange(-128, 128, dtype=np.int8)
    for _ in range(8):
        b = TfliteBuilder()
        scales, zero_points = chance.uniform(0.001, 0.2, 2), chance.integers(-128, 128, 3)
        size = scales.prod() * 128 if name == "MUL" else scales.max()
        x1 = b.tensor((1, 256, 1), scale=scales[0], zero_point=zero_points[0])
        x2 = b.tensor((1, 1, 256), scale=scales[1], zero_point=zero_points[1])
        y = b.tensor((1, 256, 256), scale=size * chance.uniform(0.6, 2), zero_point=zero_points[2])
        b.op(name, [x1, x2], [y], name.title() + "Options")
        path = folder / "pairs.tflite"
        path.write_bytes(b.file([x1, x2], [y]))
        model, right = upyml.load(convert(path, check=False).file), Tflm(path.read_bytes())
        np.testing.assert_array_equal(run_raw(model, [values, values])[0], right([values, values], 1)[0])


def test_a_multiplier_is_right_to_its_last_bit(folder):
    """Biases at the edge between two outputs tell whether scales are multiplied in double or in single precision."""
    chance = np.random.default_rng(0)
    scale_in, scale_w = np.float32(chance.uniform(0.01, 0.2)), np.float32(chance.uniform(0.001, 0.02))
    edges = (np.arange(-127, 127) + 0.5)[:, None] * 2.0**24 + np.arange(-5, 6)
    b = TfliteBuilder()
    x, y = b.tensor((1, 1), scale=scale_in), b.tensor((1, edges.size), scale=float(scale_in) * float(scale_w) * 2**24)
    w = b.constant(np.zeros((edges.size, 1)), "int8", scale_w)
    bias = b.constant(np.round(edges.ravel()), "int32", float(scale_in) * float(scale_w))
    b.op("FULLY_CONNECTED", [x, w, bias], [y], "FullyConnectedOptions")
    path = folder / "edges.tflite"
    path.write_bytes(b.file([x], [y]))
    model, right = upyml.load(convert(path, check=False).file), Tflm(path.read_bytes())
    np.testing.assert_array_equal(run_raw(model, [np.zeros(1, np.int8)])[0], right([np.zeros(1, np.int8)], 1)[0])


@pytest.mark.parametrize("name, options, function", [("EXP", "ExpOptions", np.exp), ("LOG", None, np.log)])
def test_exp_and_log_are_tables_of_float32_values(name, options, function, folder):
    """As TensorFlow Lite fills them; TensorFlow Lite Micro has neither for int8."""
    chance, values = np.random.default_rng(0), np.arange(-128, 128, dtype=np.int8)
    for _ in range(10):
        b = TfliteBuilder()
        x = b.tensor((1, 256), scale=chance.uniform(0.001, 0.1), zero_point=-128 if name == "LOG" else chance.integers(-128, 128))
        y = b.tensor((1, 256), scale=chance.uniform(0.005, 0.2), zero_point=chance.integers(-128, 128))
        b.op(name, [x], [y], options)
        path = folder / "table.tflite"
        path.write_bytes(b.file([x], [y]))
        real = np.float32(b.tensors[x]["scale"]) * (values.astype(np.float32) - b.tensors[x]["zero_point"])
        with np.errstate(divide="ignore"):
            steps = function(real.astype(np.float32)) * (np.float32(1) / np.float32(b.tensors[y]["scale"]))
        steps = np.clip(steps, -1000, 1000)
        right = np.clip(np.trunc(steps + np.copysign(0.5, steps)) + b.tensors[y]["zero_point"], -128, 127)
        np.testing.assert_array_equal(run_raw(upyml.load(convert(path, check=False).file), [values])[0], right)


def test_a_dilated_convolution_in_batches_is_the_one_with_dilation(folder):
    """With padding, and filled up to whole blocks: as TensorFlow Lite Micro computes the plain one."""
    rng = np.random.default_rng(0)
    for block, kernel, size in (((2, 2), (3, 3), (7, 8)), ((3, 1), (3, 2), (8, 6)), ((2, 4), (2, 3), (5, 9))):
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, block)]
        around = [((r - 1) // 2, r - 1 - (r - 1) // 2) for r in reach]
        pads = [[a[0], a[1] - (n + sum(a)) // -d * d - n - sum(a)] for n, a, d in zip(size, around, block)]
        values, biases = rng.integers(-127, 128, (4, *kernel, 3)), rng.integers(-3000, 3000, 4)
        contents = []
        for batched in (True, False):
            b = TfliteBuilder()
            x, y = b.tensor((1, *size, 3), scale=0.1, zero_point=-37), b.tensor((1, *size, 4), scale=0.9, zero_point=11)
            given = [b.constant(values, "int8", 0.01), b.constant(biases, "int32", 0.001)]
            fields = {"StrideH": 1, "StrideW": 1, "Padding": int(batched)}
            if not batched:
                b.op("CONV_2D", [x, *given], [y], "Conv2DOptions", DilationHFactor=block[0], DilationWFactor=block[1], **fields)
                contents.append(b.file([x], [y]))
                continue
            small = [(n + sum(p)) // d for n, p, d in zip(size, pads, block)]
            rest = [n - k + 1 for n, k in zip(small, kernel)]
            crops = [[0, r * d - n] for r, d, n in zip(rest, block, size)]
            batches = block[0] * block[1]
            split = b.tensor((batches, *small, 3), scale=0.1, zero_point=-37)
            made = b.tensor((batches, *rest, 4), scale=0.9, zero_point=11)
            b.op("SPACE_TO_BATCH_ND", [x, b.constant(block), b.constant(pads)], [split], "SpaceToBatchNDOptions")
            b.op("CONV_2D", [split, *given], [made], "Conv2DOptions", DilationHFactor=1, DilationWFactor=1, **fields)
            b.op("BATCH_TO_SPACE_ND", [made, b.constant(block), b.constant(crops)], [y], "BatchToSpaceNDOptions")
            contents.append(b.file([x], [y]))
        path = folder / "batched.tflite"
        path.write_bytes(contents[0])
        model, right = upyml.load(convert(path, check=False).file), Tflm(contents[1])
        for inputs in raw_inputs(model, np.random.default_rng(1), 2):
            np.testing.assert_array_equal(run_raw(model, inputs)[0], right(inputs, 1)[0])
