"""What the .tflite reader refuses, with a sentence that says what to do, and what of unusual files it takes."""

import numpy as np
import op_cases
import pytest
from oracle import Tflm, raw_inputs, run_raw
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.readers import tflite_reader


def dense(x_type="int8", w_type="int8", y_type="int8", name="FULLY_CONNECTED", w_zero=0, signature=None, bias="int32"):
    """A file with one op on 4 values, of any types."""
    b = TfliteBuilder()
    x = b.tensor((1, 4), x_type, None if x_type == "float32" else 0.1, 0, signature=signature)
    w = b.constant(np.ones((3, 4)), w_type, None if w_type == "float32" else 0.01, w_zero)
    y = b.tensor((1, 3), y_type, None if y_type == "float32" else 0.1, 0)
    b.op(name, [x, w, b.constant(np.zeros(3), bias, 0.001)], [y], "FullyConnectedOptions")
    return b.file([x], [y])


REFUSED = {
    "float": (dense("float32", "float32", "float32"), "computes with floats.*full integer quantization"),
    "hybrid": (dense("float32", "int8", "float32"), "hybrid.*representative_dataset"),
    "old uint8": (dense("uint8", "uint8", "uint8"), "old quantization.*TensorFlow 2"),
    "unknown op": (dense(name="UNIQUE"), "op UNIQUE .* is not known.*another layer"),
    "custom op": (dense(name="CUSTOM:Blend"), "op CUSTOM Blend .* is not known"),
    "weights with a zero point": (dense(w_zero=3), "zero point"),
    "wide bias": (dense(bias="int64"), "biases of type int64"),
    "unknown length": (dense(signature=(-1, -1)), "unknown lengths.*only the batch"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_int8_model_gets_a_sentence(what):
    content, sentence = REFUSED[what]
    with pytest.raises(ConversionError, match=f"(?s){sentence}"):
        tflite_reader.read(content)


def test_several_subgraphs_get_a_sentence():
    b = TfliteBuilder()
    x, y = b.tensor((1, 4), scale=0.1), b.tensor((1, 4), scale=0.1)
    b.op("RELU", [x], [y])
    with pytest.raises(ConversionError, match="2 subgraphs.*without control flow"):
        tflite_reader.read(b.file([x], [y], subgraphs=2))


def test_a_computed_shape_gets_a_sentence():
    b = TfliteBuilder()
    x, counts, y = b.tensor((1, 4), scale=0.1), b.tensor((2, 2), "int32"), b.tensor((1, 6), scale=0.1)
    b.op("PAD", [x, counts], [y], "PadOptions")
    with pytest.raises(ConversionError, match="padding is computed while the model runs"):
        tflite_reader.read(b.file([x, counts], [y]))


def test_something_else_than_tflite_gets_a_sentence():
    for content in (b"", b"PK\3\4 a zip file", bytes(100)):
        with pytest.raises(ConversionError, match="not a .tflite file"):
            tflite_reader.read(content)


def test_an_unknown_batch_is_one():
    graph = tflite_reader.read(dense(signature=(-1, 4)))
    assert graph.inputs[0].shape == (4,)


def test_shape_arithmetic_of_an_unknown_batch_is_folded(tmp_path):
    """SHAPE, STRIDED_SLICE and PACK around a RESHAPE, as Flatten and Reshape layers of a dynamic batch become."""
    b = TfliteBuilder()
    x = b.tensor((1, 4, 6), scale=0.1, signature=(-1, 4, 6))
    shape, batch, packed = (b.tensor(s, "int32") for s in ((3,), (), (2,)))
    b.op("SHAPE", [x], [shape], "ShapeOptions")
    b.op(
        "STRIDED_SLICE",
        [shape, b.constant([0]), b.constant([1]), b.constant([1])],
        [batch],
        "StridedSliceOptions",
        ShrinkAxisMask=1,
    )
    b.op("PACK", [batch, b.constant(24)], [packed], "PackOptions", ValuesCount=2)
    flat, y = b.tensor((1, 24), scale=0.1), b.tensor((1, 24), scale=1 / 128)
    b.op("RESHAPE", [x, packed], [flat], "ReshapeOptions")
    b.op("TANH", [flat], [y])
    path = tmp_path / "dynamic.tflite"
    path.write_bytes(b.file([x], [y]))
    file = convert(path, check=False).file
    assert len(convert(path, check=False).program.steps) == 1
    model, right = upyml.load(file), Tflm(path.read_bytes())
    for inputs in raw_inputs(model, np.random.default_rng(0), 3):
        np.testing.assert_array_equal(run_raw(model, inputs)[0], right(inputs, 1)[0])


def test_inputs_of_other_scales_are_brought_to_one_before_they_are_joined(tmp_path):
    b = TfliteBuilder()
    x1, x2, y = b.tensor((1, 4), scale=0.1), b.tensor((1, 4), scale=0.05, zero_point=10), b.tensor((1, 8), scale=0.1)
    b.op("CONCATENATION", [x1, x2], [y], "ConcatenationOptions", Axis=1)
    path = tmp_path / "joined.tflite"
    path.write_bytes(b.file([x1, x2], [y]))
    model = upyml.load(convert(path, check=False).file)
    answer = list(model.predict(([1.0, 2.0, -3.0, 0.5], [1.0, 2.0, -3.0, 0.5])))
    assert answer == pytest.approx([1.0, 2.0, -3.0, 0.5] * 2, abs=0.051)


def test_relu_n1_to_1_clips(tmp_path):
    b = TfliteBuilder()
    x, y = b.tensor((1, 5), scale=0.05), b.tensor((1, 5), scale=1 / 127)
    b.op("RELU_N1_TO_1", [x], [y])
    path = tmp_path / "clip.tflite"
    path.write_bytes(b.file([x], [y]))
    model = upyml.load(convert(path, check=False).file)
    assert list(model.predict([-4.0, -0.5, 0.0, 0.25, 3.0])) == pytest.approx([-1, -0.5, 0, 0.25, 1], abs=0.01)


def test_names_come_without_tensorflows_decorations():
    b = TfliteBuilder()
    x = b.tensor((1, 4), scale=0.1, name="serving_default_window:0")
    y = b.tensor((1, 4), scale=0.1, name="StatefulPartitionedCall:0")
    b.op("RELU", [x], [y])
    graph = tflite_reader.read(b.file([x], [y]))
    assert [tensor.name for tensor in graph.inputs + graph.outputs] == ["window", "output"]


@pytest.mark.parametrize("case", ["conv2d", "strided_slice", "split", "mean", "softmax", "float_edges"])
def test_a_damaged_file_gets_a_sentence_or_still_converts(case, tmp_path):
    """Cut anywhere, bytes changed, numbers replaced by extremes: never another exception than ConversionError."""
    content = op_cases.CASES[case](np.random.default_rng(1))
    chance = np.random.default_rng(2)
    path = tmp_path / "damaged.tflite"
    for _ in range(150):
        damaged = bytearray(content)
        kind = chance.integers(3)
        if kind == 0:
            damaged = damaged[: chance.integers(len(damaged))]
        elif kind == 1:
            damaged[chance.integers(len(damaged))] ^= 1 << chance.integers(8)
        else:
            at = 4 * int(chance.integers(len(damaged) // 4))
            number = int(chance.choice([0, 1, 2**31 - 1, 2**32 - 1, len(damaged)]))
            damaged[at : at + 4] = number.to_bytes(4, "little")
        path.write_bytes(damaged)
        _convert_or_sentence(path)


def _convert_or_sentence(path):
    from host_tools.passes.lower import lower
    from host_tools.passes.order import order
    from host_tools.passes.plan import plan

    try:
        plan(order(lower(tflite_reader.read(path))))
    except ConversionError as error:
        assert str(error)
