"""Channels that no input can change are dropped, and the outputs stay the same to the bit."""

import numpy as np
import pytest

import upyml
from host_tools import verify, writer
from host_tools.compare import best_engine
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.drop_constant_channels import drop_constant_channels
from host_tools.passes.lower import lower
from host_tools.passes.order import order
from host_tools.passes.plan import plan
from host_tools.passes.value_ranges import ranges


def activation(name, shape, zero_point=-128):
    """An int8 activation behind a ReLU: its zero is the least value."""
    return Tensor(name, tuple(shape), "int8", 0.05, zero_point)


class Net:
    """A graph, op by op, where some channels of the convolutions are dead: a bias far below anything they can sum up."""

    def __init__(self, seed, dead=0.5):
        self.chance = np.random.default_rng(seed)
        self.dead = dead
        self.x = activation("x", (7, 6, 3), 5)
        self.ops = []

    def _op(self, kind, x, weights, channels, y, **attrs):
        w = Tensor("w", weights.shape, "int8", self.chance.uniform(0.002, 0.01, channels), 0, weights)
        bias = self.chance.integers(-500, 500, channels)
        bias[self.chance.random(channels) < self.dead] = self.chance.choice([-(1 << 24), -(1 << 30)])
        b = Tensor("b", (channels,), "int32", None, 0, bias.astype(np.int32))
        self.ops.append(Op(kind, [x, w, b], [y], attrs, f"{kind}{len(self.ops)}"))
        return y

    def _weights(self, *shape):
        return self.chance.integers(-127, 128, shape).astype(np.int8)

    def conv(self, x, channels, kernel=1, same=True, zero_point=-128):
        side = kernel // 2 if same else 0
        shape = [n - (kernel - 1) * (not same) for n in x.shape[:2]] + [channels]
        y = activation("conv", shape, zero_point)
        window = {"stride": (1, 1), "dilation": (1, 1), "padding": (side,) * 4, "activation": "relu"}
        return self._op("conv2d", x, self._weights(channels, kernel, kernel, x.shape[-1]), channels, y, **window)

    def depthwise(self, x, same=True):
        y = activation("depthwise", x.shape if same else (x.shape[0] - 2, x.shape[1] - 2, x.shape[2]))
        window = {"stride": (1, 1), "dilation": (1, 1), "padding": (int(same),) * 4, "multiplier": 1}
        return self._op("depthwise_conv2d", x, self._weights(3, 3, x.shape[-1]), x.shape[-1], y,
                        activation="relu", **window)

    def simple(self, kind, x, shape, **attrs):
        y = activation(kind, shape, x.zero_point)
        self.ops.append(Op(kind, [x], [y], attrs, kind))
        return y

    def dense(self, x, channels):
        y = activation("y", (channels,), 0)
        return self._op("fully_connected", x, self._weights(channels, x.shape[-1]), channels, y)

    def add(self, a, b):
        y = activation("add", a.shape, 0)
        self.ops.append(Op("add", [a, b], [y], {}, "add"))
        return y

    def graph(self, *outputs):
        return Graph([self.x], list(outputs), self.ops)


def mobile(net):
    """Depthwise and 1x1 convolutions, a pool, a mean and a dense layer."""
    y = net.conv(net.depthwise(net.conv(net.x, 9, 3)), 10)
    y = net.simple("max_pool", y, (3, 3, 10), kernel=(2, 2), stride=(2, 2), padding=(0, 0, 0, 0))
    y = net.simple("mean", net.conv(y, 8), (8,), axes=(0, 1))
    return net.graph(net.dense(y, 4))


def flattened(net):
    """A dense layer on all pixels: a channel has many weights there."""
    y = net.conv(net.depthwise(net.conv(net.x, 7, 3, same=False), same=False), 6)
    return net.graph(net.dense(net.simple("reshape", y, (y.size,)), 3))


def residual(net):
    """A sum keeps the channels of both of its inputs, but not what stands between."""
    a = net.conv(net.x, 6, 3)
    b = net.conv(net.depthwise(net.conv(a, 8)), 6, 3)
    return net.graph(net.conv(net.add(a, b), 5))


def shifted(net):
    """Constants that are not the zero point, which a padded window sees beside zeros at the border."""
    a = net.conv(net.x, 6, 3, zero_point=-100)
    return net.graph(net.conv(net.conv(a, 5, 3), 4), net.conv(a, 3))


def answers(graph, count=20):
    """Raw outputs of the engine for random inputs and the extremes."""
    program = plan(order(lower(verify.graph(graph, "test", True))))
    model = upyml.load(writer.write(program, best_engine()))
    chance, made = np.random.default_rng(1), []
    for i in range(count):
        size = len(model.input)
        values = chance.integers(-128, 128, size) if i > 2 else np.full(size, (-128, 127, 5)[i])
        model.input[:] = memoryview(values.astype(np.int8))
        model.run()
        made.append(b"".join(bytes(view) for view in model.outputs))
    return made


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", [mobile, flattened, residual, shifted])
def test_the_outputs_stay_the_same(shape, seed):
    before = shape(Net(seed, dead=0.9 if seed % 4 == 0 else 0.5))
    expected = answers(before)
    after = drop_constant_channels(before)
    assert answers(drop_constant_channels(before, whole_blocks=True)) == expected
    assert answers(after) == expected
    assert answers(before) == expected, "the graph that was given stays as it was"


def channels(graph):
    return [op.output.shape[-1] for op in graph.ops]


def test_dead_channels_go():
    before = mobile(Net(3))
    after = drop_constant_channels(before)
    assert sum(channels(after)) < 0.8 * sum(channels(before))
    assert channels(after)[-1] == 4, "the model's output keeps its shape"
    for op in after.ops:
        if op.kind == "conv2d":
            assert op.inputs[1].shape[-1] == op.inputs[0].shape[-1]


def test_a_net_without_dead_channels_is_left_alone():
    graph = mobile(Net(3, dead=0))
    assert drop_constant_channels(graph) is graph


def test_one_channel_stays_where_all_are_dead():
    after = drop_constant_channels(mobile(Net(1, dead=1)))
    assert set(channels(after)[:-1]) == {1}
    assert answers(after) == answers(mobile(Net(1, dead=1)))


def test_a_constant_that_must_stay_gets_plain_weights():
    """In front of a sum: weights of 0, and a bias of a few units instead of one near 2^30."""
    before = residual(Net(5))
    after = drop_constant_channels(before)
    first = after.ops[0]
    fixed = [not weights.any() for weights in first.inputs[1].data]
    assert any(fixed) and not all(fixed)
    assert max(abs(first.inputs[2].data[fixed])) < 500


@pytest.mark.parametrize("shape", [mobile, flattened, residual, shifted])
def test_ranges_hold_what_the_engine_computes(shape):
    graph = shape(Net(7, dead=0.2))
    everything = Graph(graph.inputs, [op.output for op in graph.ops if op.kind != "reshape"], graph.ops)
    found = ranges(everything)
    program = plan(order(lower(everything)))
    model = upyml.load(writer.write(program, best_engine()))
    chance = np.random.default_rng(2)
    for _ in range(30):
        model.input[:] = memoryview(chance.integers(-128, 128, len(model.input)).astype(np.int8))
        model.run()
        for tensor, view in zip(everything.outputs, model.outputs):
            values = np.array(view).reshape(-1, tensor.shape[-1])
            low, high = found[tensor]
            assert (values >= low).all() and (values <= high).all()


def test_blocks_of_four_channels_go_together_where_they_are_to_stay_whole():
    """Else the weights behind the gap would lie in other blocks, and zero ones beside others."""
    found = [
        [channels(made) for made in (net, drop_constant_channels(net, whole_blocks=True), drop_constant_channels(net))]
        for net in (mobile(Net(seed, dead=0.9)) for seed in range(8))
    ]
    pairs = [pair for before, some, _ in found for pair in zip(before, some)]
    assert any(a != b for a, b in pairs) and all((a - b) % 4 == 0 or b == 1 for a, b in pairs)
    assert all(b >= c for _, some, most in found for b, c in zip(some, most))
