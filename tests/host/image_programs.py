"""Random small programs with weights, which the engine can run: convolutions, pools, sums of branches, dense layers."""

import numpy as np

from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.lower import lower
from host_tools.passes.order import order
from host_tools.program import nbytes
from upyml.format import layout


def activation(name, shape):
    """An int8 activation."""
    return Tensor(name, tuple(int(n) for n in shape), "int8", 0.1, 3)


class Builder:
    """Ops with random parameters, one after another."""

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed)
        self.ops = []

    def below(self, low, high):
        """A random integer in [low, high]."""
        return int(self.chance.integers(low, high + 1))

    def weights(self, shape, channels):
        """Random weights with a scale for each output channel."""
        data = self.chance.integers(-127, 128, shape).astype(np.int8)
        return Tensor("w", tuple(shape), "int8", self.chance.uniform(0.005, 0.03, channels), 0, data)

    def op(self, kind, inputs, shape, **attrs):
        """A new op's output."""
        y = activation(f"{kind}{len(self.ops)}", shape)
        self.ops.append(Op(kind, inputs, [y], attrs, y.name))
        return y

    def window(self, kind, x, channels, sides, stride, same, **attrs):
        """A convolution or pool; `same`: padded so that the output has ceil(input / stride) rows and columns."""
        dilation = attrs.get("dilation", (1, 1))
        shape, pads = [], []
        for n, k, s, d in zip(x.shape, sides, stride, dilation):
            reach = (k - 1) * d + 1
            out = -(-n // s) if same else (n - reach) // s + 1
            missing = max(0, (out - 1) * s + reach - n)
            shape.append(out)
            pads += [missing // 2, missing - missing // 2]
        return self.op(kind, [x], (*shape, channels), stride=stride, padding=tuple(pads), **attrs)

    def conv(self, x, channels=None, kernel=None, stride=None):
        """A convolution."""
        kernel = kernel or (self.below(1, 3), self.below(1, 3))
        stride = stride or (self.below(1, 2), self.below(1, 2))
        channels = channels or self.below(1, 12)
        y = self.window("conv2d", x, channels, kernel, stride, True, dilation=(1, 1))
        self.ops[-1].inputs.append(self.weights((channels, *kernel, x.shape[2]), channels))
        return y

    def depthwise(self, x, multiplier=1, stride=1):
        """A 3x3 depthwise convolution."""
        channels = x.shape[2] * multiplier
        y = self.window("depthwise_conv2d", x, channels, (3, 3), (stride, stride), True, dilation=(1, 1),
                        multiplier=multiplier)
        self.ops[-1].inputs.append(self.weights((3, 3, channels), channels))
        return y

    def pool(self, x):
        """A pool of 2x2 or 3x3."""
        kernel, stride = (self.below(2, 3),) * 2, (self.below(1, 2),) * 2
        kind = ("max_pool", "average_pool")[self.below(0, 1)]
        return self.window(kind, x, x.shape[2], kernel, stride, True, kernel=kernel)

    def dense(self, x, channels):
        """A fully connected op over all of x."""
        flat = self.op("reshape", [x], (x.size,))
        return self.op("fully_connected", [flat, self.weights((channels, x.size), channels)], (channels,))

    def program(self, inputs, outputs):
        """The program, in the best running order."""
        return order(lower(Graph(inputs, outputs, self.ops)))


def random_images(seed, steps=6):
    """A trunk of random windows with some sums around them, ended by a mean, a dense layer, both or neither."""
    b = Builder(seed)
    x = activation("in", (b.below(3, 10), b.below(3, 10), b.below(1, 8)))
    y = x
    for _ in range(steps):
        kind = b.below(0, 5)
        if kind <= 1:
            y = b.conv(y)
        elif kind == 2:
            y = b.depthwise(y, b.below(1, 2), b.below(1, 2))
        elif kind == 3:
            y = b.pool(y)
        elif kind == 4:
            other = b.conv(y, y.shape[2], (3, 3), (1, 1))
            y = b.op(("add", "sub", "mul")[b.below(0, 2)], [y, other], y.shape)
        else:
            y = b.conv(y, kernel=(1, 1), stride=(1, 1))
    if b.below(0, 1):
        y = b.op("mean", [y], y.shape[2:], axes=(0, 1))
    if b.below(0, 1):
        y = b.dense(y, b.below(1, 9))
    return b.program([x], [y])


def apart(program):
    """The program with each tensor at a place of its own, which needs no planner."""
    end = 0
    for tensor in program.activations():
        program.offsets[tensor] = end
        end += nbytes(tensor) + -nbytes(tensor) % 4
    for step in program.steps:
        step.order, step.top = layout.DISJOINT, end
    return program
