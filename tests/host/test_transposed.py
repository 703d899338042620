"""Transposed convolutions as the ordinary ones that they are made of: which weights meet which pixels, what they cost."""

import keras
import keras_models
import numpy as np
import pytest
from keras import layers as L

from host_tools.convert import convert
from host_tools.describe import describe
from host_tools.passes.lower_transpose import taps
from host_tools.planner.geometry import phases
from host_tools.planner.strips import Strips
from upyml.format import layout, ops_math


def brute(x, weights, stride, cut, out):
    """Each input value times the weights is added to what it reaches; `cut` places in front are left away."""
    y = np.zeros(len(x) * stride + len(weights) + cut + out)
    for i, value in enumerate(x):
        y[i * stride : i * stride + len(weights)] += value * weights
    return y[cut : cut + out]


@pytest.mark.parametrize("seed", range(200))
def test_each_output_meets_its_weights(seed):
    rng = np.random.default_rng(seed)
    size, kernel, stride = (int(n) for n in rng.integers(1, 8, 3))
    cut = int(rng.integers(0, kernel))
    out = int(rng.integers(1, (size + 1) * stride + kernel - cut))
    x, weights = rng.normal(size=size), rng.normal(size=kernel)
    made = np.full(out, np.nan)
    for place, axis in enumerate(taps(size, kernel, stride, cut, out)):
        assert 0 <= axis.before < len(axis.rows) and axis.count - 1 < size + axis.before  # what the engine asks of a window
        taken = np.array([0.0 if row is None else weights[row] for row in axis.rows])
        padded = np.concatenate([np.zeros(axis.before), x, np.zeros(len(axis.rows) + out)])
        for t in range(axis.count):
            made[place + t * stride] = padded[t : t + len(taken)] @ taken
    np.testing.assert_allclose(made, brute(x, weights, stride, cut, out), atol=1e-12)


def program(*options, shape=(8, 6, 5), **named):
    model = keras_models.randomize(keras.Sequential([keras.Input(shape), L.Conv2DTranspose(*options, **named)]))
    return convert(model, keras_models.samples(model), check=False)


def test_no_product_with_an_inserted_zero_is_made():
    made = program(7, 3, strides=2, padding="same")
    (step,) = made.program.steps
    assert step.opcode == ops_math.TRANSPOSE_CONV2D and step.macs == 8 * 6 * 9 * 5 * 7
    assert [(p.kernel_h, p.kernel_w, p.out_h, p.out_w) for p in phases(step)] == [
        (2, 2, 8, 6), (2, 1, 8, 6), (1, 2, 8, 6), (1, 1, 8, 6)]  # fmt: skip
    (told,) = describe(made.file)["ops"]
    assert told["macs"] == step.macs
    weights = sum(len(phase[name]) for phase in step.params["phases"] for name in ("weights", "channels"))
    assert told["constant_bytes"] == weights + 4 * 32


def test_without_a_stride_it_is_an_ordinary_convolution():
    (step,) = program(4, 3, padding="same").program.steps
    assert step.opcode == layout.CONV2D


def test_weights_of_its_phases_may_be_coded():
    model = keras_models.randomize(keras.Sequential([keras.Input((4, 4, 16)), L.Conv2DTranspose(16, 4, strides=2)]))
    made = convert(model, keras_models.samples(model), bits=4, check=False)
    assert [phase["coding"] for phase in made.program.steps[0].params["phases"]] == [layout.INT4_WEIGHTS] * 4


def test_larger_strips_take_more_room_and_less_time():
    strips = Strips(program(7, 3, strides=2, padding="same").program.steps[0])
    assert strips.units == 8
    sizes = [strips.size(layout.DISJOINT, strip) for strip in range(1, 9)]
    assert sizes == sorted(sizes) and sizes[0] > 0
    extras = [strips.best(layout.DISJOINT, size)[1] for size in sizes]
    assert extras == sorted(extras, reverse=True) and extras[-1] == 0 < extras[0]
