"""Passes on float graphs: the outputs stay, and what each pass promises is gone is gone."""

import numpy as np
import pytest

from host_tools import verify
from host_tools.float_runtime import run
from host_tools.graph import Graph, Tensor
from host_tools.passes import rewire
from host_tools.passes.drop_identity import drop_identity
from host_tools.passes.equalize import equalize
from host_tools.passes.fold_batch_norm import fold_batch_norm
from host_tools.passes.fold_constants import fold_constants
from host_tools.passes.fuse_activations import fuse_activations
from host_tools.passes.fuse_padding import fuse_padding
from host_tools.passes.pool_to_mean import pool_to_mean
from host_tools.readers.builder import NO_PADDING, Builder

RNG = np.random.default_rng()
SAME = {"stride": (1, 1), "dilation": (1, 1), "padding": (1, 1, 1, 1), "activation": None}
VALID = {**SAME, "padding": NO_PADDING}


@pytest.fixture(autouse=True)
def _seed():
    """The same numbers in a test whichever ran before."""
    RNG.bit_generator.state = np.random.default_rng(3).bit_generator.state


class Net(Builder):
    """A graph written op by op, for the tests."""

    def start(self, *shape: int) -> Tensor:
        self.input = self.tensor(shape, "x")
        return self.input

    def conv(self, x, channels, attrs=VALID, kernel=3):
        h, w = (n + (0 if attrs["padding"] != NO_PADDING else 1 - kernel) for n in x.shape[:2])
        weights = self.constant(RNG.normal(size=(channels, kernel, kernel, x.shape[-1])), "w")
        bias = self.constant(RNG.normal(size=channels), "b")
        return self.op("conv2d", [x, weights, bias], (h, w, channels), "conv", **attrs)

    def max_pool(self, x):
        h, w, c = x.shape
        attrs = {"kernel": (2, 2), "stride": (2, 2), "padding": NO_PADDING, "activation": None}
        return self.op("max_pool", [x], (h // 2, w // 2, c), "pool", **attrs)

    def norm(self, x, shift=True):
        c = x.shape[-1]
        offset = RNG.normal(size=(2, c)) if shift else np.zeros((2, c))
        return self.batch_norm(x, (RNG.uniform(0.5, 2, c), offset[0], offset[1], RNG.uniform(0.5, 2, c)), 1e-3, "norm")

    def end(self, *outputs: Tensor) -> Graph:
        return verify.graph(self.graph([self.input], list(outputs), {}), "test")


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def same_outputs(before: Graph, after: Graph, tolerance: float = 1e-4) -> None:
    x = [RNG.normal(size=(5, *tensor.shape)).astype("f") for tensor in before.inputs]
    verify.graph(after, "pass")
    for want, got in zip(run(before, x), run(after, x), strict=True):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * max(1, np.abs(want).max()))


def test_norm_folds_into_the_layer_before():
    net = Net()
    graph = net.end(net.norm(net.conv(net.start(6, 6, 3), 4, SAME)))
    folded = fold_batch_norm(graph)
    assert kinds(folded) == ["conv2d"]
    same_outputs(graph, folded)
    assert kinds(graph) == ["conv2d", "batch_norm"]  # a pass leaves its input as it was


def test_norm_folds_into_the_layer_behind():
    net = Net()
    graph = net.end(net.conv(net.norm(net.start(6, 6, 3)), 4, VALID))
    folded = fold_batch_norm(graph)
    assert kinds(folded) == ["conv2d"]
    same_outputs(graph, folded)


@pytest.mark.parametrize("shift, expected", [(True, ["depthwise_conv2d", "conv2d"]), (False, ["conv2d"])])
def test_padding_stops_a_shift_but_not_a_scale(shift, expected):
    """Outside the image stands zero, which a shift would move."""
    net = Net()
    graph = net.end(net.conv(net.norm(net.start(6, 6, 3), shift), 4, SAME))
    folded = fold_batch_norm(graph)
    assert kinds(folded) == expected
    same_outputs(graph, folded)


def test_norm_moves_down_through_pool_and_reshape():
    net = Net()
    x = net.op("relu", [net.conv(net.start(6, 6, 3), 4)], (4, 4, 4), "relu")
    x = net.max_pool(net.norm(x))
    x = net.op("reshape", [x], (16,), "flat")
    weights = net.constant(RNG.normal(size=(3, 16)), "w")
    graph = net.end(net.op("fully_connected", [x, weights], (3,), "dense", activation=None))
    folded = fold_batch_norm(graph)
    assert kinds(folded) == ["conv2d", "relu", "max_pool", "reshape", "fully_connected"]
    same_outputs(graph, folded)


def test_negative_scale_does_not_pass_a_max_pool():
    net = Net()
    x = net.start(6, 6, 3)
    x = net.batch_norm(x, ([1, -1, 2], [0.5] * 3, [0.0] * 3, [1.0] * 3), 0.0, "norm")
    graph = net.end(net.max_pool(x))
    folded = fold_batch_norm(graph)
    assert kinds(folded) == ["depthwise_conv2d", "max_pool"]
    same_outputs(graph, folded)


def test_norm_read_twice_and_given_stays_right():
    net = Net()
    x = net.norm(net.op("relu", [net.start(6, 6, 3)], (6, 6, 3), "relu"))
    graph = net.end(net.conv(x, 2), net.conv(x, 4), x)
    same_outputs(graph, fold_batch_norm(graph))


@pytest.mark.parametrize("shape", [(7,), (5, 7), (4, 5, 7), (2, 3, 4, 7)])
def test_lone_norm_of_any_rank(shape):
    net = Net()
    graph = net.end(net.norm(net.start(*shape)))
    folded = fold_batch_norm(graph)
    assert "batch_norm" not in kinds(folded)
    same_outputs(graph, folded)


def test_shared_weights_are_not_folded_twice():
    net = Net()
    x = net.start(6, 6, 3)
    first = net.conv(x, 4, SAME)
    weights = net.ops[0].inputs[1:]
    second = net.op("conv2d", [x, *weights], first.shape, "again", **SAME)
    graph = net.end(net.op("add", [net.norm(first), net.norm(second)], first.shape, "sum", activation=None))
    same_outputs(graph, fold_batch_norm(graph))


def test_activations_fuse_and_bounds_join():
    net = Net()
    x = net.conv(net.start(5, 5, 2), 3)
    x = net.op("relu", [x], x.shape, "relu")
    x = net.op("clip", [x], x.shape, "clip", low=-1.0, high=2.0)
    fused = fuse_activations(net.end(x))
    assert kinds(fused) == ["conv2d"] and fused.ops[0].attrs["activation"] == (0.0, 2.0)
    same_outputs(net.end(x), fused)


def test_activation_stays_where_the_value_before_is_read():
    net = Net()
    x = net.conv(net.start(5, 5, 2), 3)
    graph = net.end(net.op("relu", [x], x.shape, "relu"), x)
    fused = fuse_activations(graph)
    assert kinds(fused) == ["conv2d", "relu"]
    same_outputs(graph, fused)


def pad(net, x, value=0.0):
    h, w, c = x.shape
    return net.op("pad", [x], (h + 2, w + 2, c), "pad", before=(1, 1, 0), after=(1, 1, 0), value=value)


def test_padding_fuses_into_every_reader_or_none():
    net = Net()
    x = pad(net, net.start(5, 5, 2))
    graph = net.end(net.conv(x, 3), net.conv(x, 4))
    fused = fuse_padding(graph)
    assert kinds(fused) == ["conv2d", "conv2d"] and fused.ops[1].attrs["padding"] == (1, 1, 1, 1)
    same_outputs(graph, fused)
    net = Net()
    x = pad(net, net.start(5, 5, 2))
    graph = net.end(net.conv(x, 3), net.op("relu", [x], x.shape, "relu"))
    assert kinds(fuse_padding(graph)) == kinds(graph)


@pytest.mark.parametrize("value, kernel", [(1.0, 3), (0.0, 1)])
def test_padding_that_a_window_cannot_stand_for(value, kernel):
    """Another value than zero, or windows that would lie wholly outside."""
    net = Net()
    graph = net.end(net.conv(pad(net, net.start(5, 5, 2), value), 3, VALID, kernel))
    fused = fuse_padding(graph)
    assert kinds(fused) == ["pad", "conv2d"]
    same_outputs(graph, fused)


def test_identities_vanish():
    net = Net()
    x = net.start(4, 6)
    x = net.op("reshape", [x], (24,), "flat")
    x = net.op("reshape", [x], (4, 6), "back")
    x = net.op("pad", [x], (4, 6), "pad", before=(0, 0), after=(0, 0))
    x = net.op("strided_slice", [x], (4, 6), "all", begin=(0, 0), end=(4, 6), strides=(1, 1))
    x = net.op("relu", [x], (4, 6), "relu")
    graph = net.end(net.op("transpose", [x], (4, 6), "same", perm=(0, 1)))
    dropped = drop_identity(graph)
    assert kinds(dropped) == ["relu"] and dropped.outputs[0].name == "same"
    same_outputs(graph, dropped)


def test_identity_between_input_and_output_stays():
    net = Net()
    graph = net.end(net.op("reshape", [net.start(4)], (4,), "same"))
    assert kinds(drop_identity(graph)) == ["reshape"]


def test_constants_are_computed():
    net = Net()
    terms = [net.constant(np.ones((3,)), "a"), net.constant(np.arange(3.0), "b")]
    total = net.op("add", terms, (3,), "sum", activation=None)
    graph = net.end(net.op("mul", [net.start(3), total], (3,), "y", activation=None))
    folded = fold_constants(graph)
    assert kinds(folded) == ["mul"]
    same_outputs(graph, folded)


def test_pool_of_the_whole_image_is_a_mean():
    net = Net()
    attrs = {"stride": (1, 1), "padding": NO_PADDING, "activation": None}
    graph = net.end(net.op("average_pool", [net.start(4, 3, 5)], (1, 1, 5), "pool", kernel=(4, 3), **attrs))
    assert kinds(pool_to_mean(graph)) == ["mean"]
    same_outputs(graph, pool_to_mean(graph))
    net = Net()
    part = net.end(net.op("average_pool", [net.start(4, 3, 5)], (2, 1, 5), "pool", kernel=(3, 3), **attrs))
    assert kinds(pool_to_mean(part)) == ["average_pool"]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_equalize_evens_channels_and_keeps_outputs(strength):
    net = Net()
    x = net.conv(net.start(8, 8, 3), 6, {**SAME, "activation": "relu"})
    weights = net.ops[0].inputs[1]
    weights.data = weights.data * (10.0 ** np.linspace(-1, 1, 6)).astype("f").reshape(-1, 1, 1, 1)
    net.ops[0].inputs[2].data[:] = 0  # no channel is always below zero
    x = net.max_pool(x)
    kernel = net.constant(RNG.normal(size=(3, 3, 6)), "dw")
    x = net.op("depthwise_conv2d", [x, kernel], (4, 4, 6), "dw", multiplier=1, **{**SAME, "activation": "relu"})
    graph = net.end(net.conv(x, 2))
    data = [RNG.normal(size=(16, 8, 8, 3)).astype("f")]
    even = equalize(graph, data, strength)
    same_outputs(graph, even, 1e-3)

    def spread(graph):
        peaks = {}
        run(graph, data, lambda tensor, values: peaks.__setitem__(tensor.name, values.max(axis=(0, 1, 2))))
        return peaks["conv"].max() / peaks["conv"].min()

    assert spread(even) < 1.01 < 30 < spread(graph)


def test_equalize_leaves_what_others_see():
    """An activation that the model gives, or that an op of another kind reads, must keep its values."""
    net = Net()
    x = net.conv(net.start(8, 8, 3), 4, {**SAME, "activation": "relu6"})
    y = net.conv(x, 4, {**SAME, "activation": "relu"})
    graph = net.end(net.conv(y, 2), y)
    even = equalize(graph, [RNG.normal(size=(4, 8, 8, 3)).astype("f")])
    for before, after in zip(graph.ops, even.ops):
        np.testing.assert_array_equal(rewire.weights(before), rewire.weights(after))
