"""The layers of a model for quantization-aware training; importing them lets keras.models.load_model() read one.

Rounding has no slope, so training takes another one: that of the identity within the range, with which the steps are
learned too (Esser et al., 2020, "Learned Step Size Quantization"; with a zero point after Bhalgat et al., 2020, "LSQ+").
What is learned of a step or a range is its logarithm: it stays positive, and an optimizer's step is a share of it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from host_tools.compress.qat_ops import OPS
from host_tools.graph import Op, Tensor
from host_tools.passes.bits import LARGEST

FREE = ("max_pool", "reshape", "pad", "transpose", "strided_slice", "resize_nearest")  # make no new values


def _through(x, rounded):
    """The rounded values, with the slope of x."""
    return x + ops.stop_gradient(rounded - x)


def _gently(x, count: float):
    """x itself, with a slope made smaller by sqrt(count): many values pull at one step."""
    part = x / np.float32(np.sqrt(max(count, 1.0)))
    return ops.stop_gradient(x) + (part - ops.stop_gradient(part))


def _plain(attrs: dict[str, Any]) -> dict[str, Any]:
    """Attributes as the graph has them: JSON made lists of tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in attrs.items()}


@keras.saving.register_keras_serializable("upyml")
class FakeQuantize(keras.layers.Layer):
    """Rounds real values to 256 levels, of which one is 0.

    low, high: the range at first, low <= 0 <= high; what is 0 stays 0. fixed: (scale, zero point) that no training
    changes. last: only when the model runs; training sees the unrounded values (of a last softmax, whose rounded
    probabilities of 0 have no logarithm).
    """

    def __init__(self, low: float = 0.0, high: float = 0.0, fixed=None, last: bool = False, **options):
        super().__init__(**{"dtype": "float32", **options})
        self.low, self.high, self.fixed, self.last = float(low), float(high), fixed and tuple(fixed), last

    def build(self, shape):
        """The logarithms of how much wider each end got."""
        if not self.fixed:
            self.stretch = self.add_weight(shape=(2,), initializer="zeros", name="stretch")

    def grid(self, count: float = 1.0):
        """Scale and zero point, as tensors; count: the values that pull at them in training."""
        if self.fixed:
            return ops.convert_to_tensor(self.fixed[0], "float32"), ops.convert_to_tensor(self.fixed[1], "float32")
        stretch = ops.exp(_gently(self.stretch, count))
        low, high = self.low * stretch[0], self.high * stretch[1]
        scale = (high - low) / 255.0
        zero = -128.0 - low / scale
        return scale, _through(zero, ops.clip(ops.round(zero), -128.0, 127.0))

    def call(self, x, training=None):
        """The values that an int8 tensor of this scale and zero point can hold."""
        if self.last and training:
            return x
        scale, zero = self.grid(127.0 * np.prod(x.shape[1:]))
        inside = ops.clip(x / scale, -128.0 - zero, 127.0 - zero)
        return _through(inside, ops.round(inside)) * scale

    def get_config(self):
        """For .keras files."""
        return {**super().get_config(), "low": self.low, "high": self.high, "fixed": self.fixed, "last": self.last}


class _OfGraph(keras.layers.Layer):
    """A layer that is one op of a graph, the number-th; kind and attrs as in ops.py, shapes without the batch."""

    def __init__(self, kind: str, attrs: dict, input_shapes, output_shape, op_name: str, number: int, **options):
        super().__init__(**{"dtype": "float32", **options})
        self.kind, self.attrs, self.op_name, self.number = kind, _plain(attrs), op_name, number
        self.input_shapes = tuple(map(tuple, input_shapes))
        self.made_shape = tuple(output_shape)

    def op(self) -> Op:
        """The op, with tensors that have shapes only."""
        inputs = [Tensor(f"{self.op_name}/{i}", shape) for i, shape in enumerate(self.input_shapes)]
        return Op(self.kind, inputs, [Tensor(self.op_name, self.made_shape)], dict(self.attrs), self.op_name)

    def get_config(self):
        """For .keras files."""
        own = {"kind": self.kind, "attrs": self.attrs, "op_name": self.op_name, "number": self.number}
        return {**super().get_config(), **own, "input_shapes": self.input_shapes, "output_shape": self.made_shape}


_IMAGES = ("conv2d", "conv2d_transpose")  # whose kernels are (height, width, in, out) here


@keras.saving.register_keras_serializable("upyml")
class QuantizedLayer(_OfGraph):
    """A convolution, depthwise convolution or dense layer whose weights are rounded, one learned step an output channel.

    bits: 8 or 4. masked: weights that are 0 at first stay 0.
    """

    def __init__(self, *arguments, bits: int = 8, masked: bool = False, **options):
        super().__init__(*arguments, **options)
        self.bits, self.masked = bits, masked

    def build(self, shape):
        """The kernel as Keras has it, the logarithm of each output channel's step, the bias."""
        shape = self._to_keras(np.empty(self.input_shapes[1], np.int8)).shape
        steps = shape[-2:] if self.kind == "depthwise_conv2d" else shape[-1:]
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.log_step = self.add_weight(shape=steps, initializer="zeros", name="log_step")
        self.bias = self.add_weight(shape=(int(np.prod(steps)),), initializer="zeros", name="bias")
        if self.masked:
            self.mask = self.add_weight(shape=shape, initializer="ones", trainable=False, name="mask")

    def set_numbers(self, weights: np.ndarray, scale: np.ndarray, bias: np.ndarray) -> None:
        """Weights of the op's shape, a step for each output channel, and biases."""
        kernel = self._to_keras(weights)
        self.kernel.assign(kernel)
        self.log_step.assign(np.log(scale).reshape(self.log_step.shape))
        self.bias.assign(bias)
        if self.masked:
            self.mask.assign(kernel != 0)

    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Integer weights of the op's shape, the step of each output channel, and biases."""
        step = ops.exp(self.log_step)
        whole = ops.convert_to_numpy(ops.round(self._steps(step)))
        shape = self.input_shapes[1]
        whole = whole.transpose(3, 0, 1, 2) if self.kind in _IMAGES else whole.T if whole.ndim == 2 else whole
        return whole.reshape(shape), ops.convert_to_numpy(step).reshape(-1), ops.convert_to_numpy(self.bias)

    def call(self, x):
        """The op with rounded weights."""
        step = ops.exp(_gently(self.log_step, float(LARGEST[self.bits] * np.prod(self.kernel.shape))))
        steps = self._steps(step)
        return OPS[self.kind](self.op(), x, _through(steps, ops.round(steps)) * step, self.bias)

    def _steps(self, step):
        """The weights in steps, clipped, not rounded."""
        kernel = self.kernel * self.mask if self.masked else self.kernel
        return ops.clip(kernel / step, -float(LARGEST[self.bits]), float(LARGEST[self.bits]))

    def _to_keras(self, weights: np.ndarray) -> np.ndarray:
        if self.kind == "depthwise_conv2d":
            return weights.reshape(*weights.shape[:2], -1, self.attrs["multiplier"])
        return weights.transpose(1, 2, 3, 0) if self.kind in _IMAGES else weights.T

    def get_config(self):
        """For .keras files."""
        return {**super().get_config(), "bits": self.bits, "masked": self.masked}


@keras.saving.register_keras_serializable("upyml")
class QuantizedOp(_OfGraph):
    """Any other op. constants: which of its inputs are numbers that the layer keeps; they are not trained."""

    def __init__(self, *arguments, constants=(), **options):
        super().__init__(*arguments, **options)
        self.constants = tuple(constants)

    def build(self, shape):
        """The numbers."""
        self.kept = {
            i: self.add_weight(shape=self.input_shapes[i], initializer="zeros", trainable=False, name=f"constant_{i}")
            for i in self.constants
        }

    def op(self) -> Op:
        """The op, with its constants where they are."""
        op = super().op()
        for i in self.constants:
            op.inputs[i].data = np.zeros(self.input_shapes[i], np.float32)
        return op

    def call(self, x):
        """The op itself."""
        given = iter(x if isinstance(x, (list, tuple)) else [x])
        inputs = [self.kept[i][None] if i in self.constants else next(given) for i in range(len(self.input_shapes))]
        return OPS[self.kind](self.op(), *inputs)

    def get_config(self):
        """For .keras files."""
        return {**super().get_config(), "constants": self.constants}
