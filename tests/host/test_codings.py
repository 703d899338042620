"""Weights as INT4 and SPARSE: which layer takes what, and that a model then gives the same bytes from fewer bytes of file."""

import json

import numpy as np
import pytest
from test_cli import folder, upyml_command  # noqa: F401
from tflite_builder import TfliteBuilder

import _upyml
from host_tools import convert, verify, writer
from host_tools.describe import describe
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.coding import choose
from host_tools.passes.lower import lower
from host_tools.passes.order import order
from host_tools.passes.plan import plan
from host_tools.planner.strips import Strips
from upyml import _reference
from upyml._reference import coded
from upyml.format import check, codings, decode, encode, layout


def integers(seed, shape, most=127, zeros=0.0):
    """Random weights (channels, rows, k), that part of whose blocks is zero."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-most, most + 1, shape).astype(np.int8)
    weights[weights == 0] = 1
    for channel in range(0, shape[0], 4):
        for row in range(shape[1]):
            for k in range(0, shape[2], 2):
                weights[channel : channel + 4, row, k : k + 2] *= rng.random() >= zeros
    return weights


def test_a_word_of_int4_is_as_the_specification_draws_it():
    (word,) = np.frombuffer(codings.pack_int4(np.array([[[1, 2, 3, 4, 5, 6, 7, -7]]])), "<u4")[:1]
    assert [(int(word) >> bit & 15) - 8 for bit in (28, 24, 20, 16, 12, 8, 4, 0)] == [7, 5, 3, 1, -7, 6, 4, 2]


def test_a_sparse_block_is_as_the_specification_draws_it():
    weights = np.zeros((4, 2, 3), int)  # two pairs a row
    weights[:, 1, 0], weights[:, 1, 1] = [1, 2, 3, 4], [-1, -2, -3, -4]
    packed, pairs = codings.pack_sparse(weights)
    assert pairs == 2 and np.frombuffer(packed, "<u4", 2).tolist() == [8, 28]
    assert np.frombuffer(packed, "<u2", 2, 8).tolist() == [4 * 2, 4 * 2]  # the third pair, and again as a filler
    assert [byte - 128 for byte in packed[12:]] == [-1, -2, 1, 2, -3, -4, 3, 4] + 8 * [0]
    assert codings.pack_sparse(np.zeros((8, 1, 5))) == (np.array([12, 12, 12], "<u4").tobytes(), 0)


@pytest.mark.parametrize("shape", [(4, 1, 8), (5, 3, 7), (9, 2, 1), (1, 1, 33), (12, 3, 12)])
def test_packed_weights_are_the_same_integers(shape):
    for most, coding, zeros in ((7, layout.INT4_WEIGHTS, 0), (127, layout.SPARSE_WEIGHTS, 0.6)):
        weights = integers(1, shape, most, zeros)
        packed = codings.pack_int4(weights) if coding == layout.INT4_WEIGHTS else codings.pack_sparse(weights)[0]
        params, blocks = {"coding": coding, "weights": 0}, (shape[0] + 3) // 4
        assert coded.dense(packed, params, 0, blocks, *shape[1:]) == encode.pack_rows(weights)


@pytest.mark.parametrize("pack, weights, said", [
    (codings.pack_int4, [[[8]]], "in .-7, 7."), (codings.pack_sparse, [[[-128]]], "in .-127, 127."),
    (codings.pack_int4, [[1]], "channels, rows, k"), (codings.pack_sparse, np.ones((1, 2, 16386)), "16384 pairs"),
])  # fmt: skip
def test_what_a_coding_cannot_tell_gets_a_sentence(pack, weights, said):
    with pytest.raises(ValueError, match=said):
        pack(np.asarray(weights))


@pytest.mark.parametrize("weights, allowed, coding", [
    (integers(0, (16, 1, 64)), ("int4", "sparse"), None),
    (integers(0, (16, 1, 64), most=7), ("int4", "sparse"), "int4"),
    (integers(0, (16, 1, 64), most=7), ("sparse",), None),
    (integers(0, (16, 3, 3), most=7), ("int4", "sparse"), None),  # rows of three take eight
    (integers(0, (16, 1, 64), zeros=0.5), ("int4", "sparse"), "sparse"),
    (integers(0, (16, 1, 64), zeros=0.5), ("int4",), None),
    (integers(0, (16, 1, 64), zeros=0.15), ("int4", "sparse"), None),  # ten bytes for each eight
    (integers(0, (16, 1, 64), most=7, zeros=0.4), ("int4", "sparse"), "int4"),
    (integers(0, (16, 1, 64), most=7, zeros=0.8), ("int4", "sparse"), "sparse"),
    (np.eye(4, 40000, dtype=np.int8)[:, None], ("int4", "sparse"), "int4"),  # too many pairs for a place
])  # fmt: skip
def test_a_layer_takes_the_smallest_coding(weights, allowed, coding):
    fields, found = choose(weights, "layer", allowed)
    assert (found and found.coding) == coding
    if coding:
        assert layout.CODINGS[fields["coding"]] == coding.upper()
        assert found.bytes == len(fields["weights"]) < found.int8_bytes == len(encode.pack_rows(weights))
        assert str(found).startswith(f"layer {coding.upper()} {100 * found.bytes / found.int8_bytes:.0f} % ")
    else:
        assert fields == {"weights": encode.pack_rows(weights)}


def network(most=127, zeros=0.0):
    """A quantized graph: a convolution, a dilated and strided one, a pointwise one, a dense layer."""
    rng, ops = np.random.default_rng(5), []

    def layer(kind, x, shape, weights, attrs):
        count = shape[-1]
        w = Tensor(kind, weights.shape, "int8", np.full(count, 0.4 / most), 0, weights)
        b = Tensor("b", (count,), "int32", None, 0, rng.integers(-500, 500, count).astype(np.int32))
        y = Tensor("y%d" % len(ops), shape, "int8", 0.15, int(rng.integers(-20, 20)))
        ops.append(Op(kind, [x, w, b], [y], attrs, "layer%d" % len(ops)))
        return y

    def conv(x, count, kernel, size, **attrs):
        weights = integers(len(ops), (count, kernel[0], kernel[1] * x.shape[-1]), most, zeros)
        attrs = {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0), **attrs}
        return layer("conv2d", x, size + (count,), weights.reshape((count,) + kernel + (-1,)), attrs)

    x = Tensor("x", (9, 8, 5), "int8", 0.1, -3)
    y = conv(x, 11, (3, 3), (9, 8), padding=(1, 1, 1, 1))
    y = conv(y, 8, (3, 2), (3, 4), stride=(2, 2), dilation=(2, 1), padding=(0, 0, 0, 0))
    y = conv(y, 14, (1, 1), (3, 4))
    flat = Tensor("flat", (y.size,), "int8", y.scale, y.zero_point)
    ops.append(Op("reshape", [y], [flat]))
    y = layer("fully_connected", flat, (10,), integers(9, (10, 1, flat.size), most, zeros)[:, 0], {})
    return Graph([x], [y], ops)


def program(graph, allowed):
    made = plan(order(lower(verify.graph(graph, "test", True), allowed)))
    verify.plan(made)
    return made


CASES = {"int4": {"most": 7}, "sparse": {"zeros": 0.7}}


def run(engine, file, seed, **options):
    """All outputs of a file for a random input."""
    head = decode.header(file)
    arena = bytearray(engine.check(file) + 3 & ~3)
    (x,), (y,) = ([decode.tensor(file, head, n) for n in numbers(file, head)] for numbers in (decode.inputs, decode.outputs))
    arena[x["offset"] : x["offset"] + decode.nbytes(x)] = np.random.default_rng(seed).bytes(decode.nbytes(x))
    engine.Engine(file, arena, **options).run()
    return bytes(arena[y["offset"] : y["offset"] + decode.nbytes(y)])


@pytest.mark.parametrize("coding", CASES)
def test_a_coded_model_gives_the_bytes_of_the_dense_one(coding):
    graph = network(**CASES[coding])
    dense, made = (program(graph, allowed) for allowed in ((), (coding,)))
    whole, small = (writer.write(one, _upyml) for one in (dense, made))
    assert {layer.coding for layer in made.coded} == {coding} and len(made.coded) == 4 and not dense.coded
    assert len(small) < 0.75 * len(whole)
    assert (decode.header(whole)["engine_version"], decode.header(small)["engine_version"]) == (1, 2)
    assert _upyml.check(small) == check.check(small) >= 0
    outputs = set()
    for seed in range(4):
        expected = run(_upyml, whole, seed)
        outputs.add(expected)
        assert run(_upyml, small, seed) == expected
        assert run(_reference, small, seed, kernels="numpy") == expected
        assert run(_reference, small, seed, kernels="plain") == expected
    assert len(outputs) == 4


@pytest.mark.parametrize("coding", CASES)
def test_dump_and_report_know_the_bytes(coding):
    made = program(network(**CASES[coding]), (coding,))
    file = writer.write(made, _upyml)
    said = describe(file)
    assert [op["coding"] for op in said["ops"]] == [coding] * 4
    weights = sum(layer.bytes for layer in made.coded)
    channels = sum(len(step.params["channels"]) for step in made.steps)
    assert sum(op["constant_bytes"] for op in said["ops"]) == weights + channels
    assert 0 <= said["data_size"] - weights - channels <= 16 * 8  # gaps before weights


def test_an_estimate_knows_the_products_that_are_left_out():
    graph = network(zeros=0.7)
    dense, made = (program(graph, allowed) for allowed in ((), ("sparse",)))
    for whole, sparse in zip(dense.steps, made.steps):
        assert sparse.macs == whole.macs and whole.density == 1 and sparse.density < 0.5
        assert Strips(sparse).cycles < 0.9 * Strips(whole).cycles


def sparse_tflite(zeros):
    """A .tflite file of one dense layer."""
    b = TfliteBuilder()
    x = b.tensor((1, 64), scale=0.05, zero_point=3)
    w = b.constant(integers(3, (12, 1, 64), zeros=zeros)[:, 0], "int8", 0.01)
    y = b.tensor((1, 12), scale=0.2, zero_point=-4)
    b.op("FULLY_CONNECTED", [x, w, b.constant(np.arange(12), "int32", 0.0005)], [y], "FullyConnectedOptions")
    return b.file([x], [y])


def test_convert_tells_what_is_coded_and_can_leave_it(folder):  # noqa: F811
    (folder / "sparse.tflite").write_bytes(sparse_tflite(0.75))
    text = upyml_command("convert", "sparse.tflite").output
    assert "coded: " in text and "SPARSE" in text and "% of its blocks are 0" in text and "--dense" in text
    (layer,) = json.loads(upyml_command("convert", "sparse.tflite", "--json").output)["coded"]
    assert layer["coding"] == "sparse" and layer["bytes"] < 0.5 * layer["int8_bytes"] and 0.6 < layer["zero_blocks"] < 0.9
    assert "coding=sparse" in upyml_command("dump", "sparse.upm").output
    report = upyml_command("report", "sparse.upm").output
    assert "fully_connected sparse" in report and "An engine for it needs FULLY_CONNECTED, SPARSE." in report
    coded_size = (folder / "sparse.upm").stat().st_size
    assert "coded" not in upyml_command("convert", "sparse.tflite", "--dense").output
    assert (folder / "sparse.upm").stat().st_size > coded_size
    assert "coding=int8" in upyml_command("dump", "sparse.upm").output


def test_a_coding_that_does_not_exist_gets_a_sentence(folder):  # noqa: F811
    with pytest.raises(ConversionError, match="int4 and sparse, received int2"):
        convert.convert(folder / "int8.tflite", codings=["int2"])
