"""Random networks, each converted and run: what holds for every layer alone holds for them in any company."""

import random

import keras
import keras_models
import numpy as np
import pytest
from keras import layers as L

import upyml
from host_tools.convert import convert
from host_tools.float_runtime import run
from host_tools.quality import sqnr

ACTIVATIONS = ["relu", "relu6", "tanh", "sigmoid", "leaky_relu", "elu", "silu", "hard_silu", "softmax", "gelu", None]


def any_rank(r, x, tensors):
    """A layer that takes a tensor of any rank."""
    alike = [t for t in tensors if t.shape == x.shape]
    beside = [t for t in tensors if t.shape[:-1] == x.shape[:-1]]
    return r.choice(
        [
            lambda: L.Activation(r.choice(ACTIVATIONS[:-1]))(x),
            lambda: L.BatchNormalization()(x),
            lambda: L.Dense(r.randint(1, 8), activation=r.choice(ACTIVATIONS))(x),
            lambda: L.Rescaling(r.uniform(-2, 2), r.choice([0.0, 0.5, -1.0]))(x),
            lambda: r.choice([L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum])()([x, r.choice(alike)]),
            lambda: L.PReLU(shared_axes=r.choice([None, list(range(1, len(x.shape)))]))(x),
            lambda: L.Concatenate()([x, r.choice(beside)]),
            lambda: r.choice([lambda: x * 1.5, lambda: 1 - x, lambda: x + x])(),
        ]
    )()


def spatial(r, x):
    """A layer that takes an image or a series."""
    two = len(x.shape) == 4
    padding, stride, activation = r.choice(["same", "valid"]), r.randint(1, 2), r.choice(ACTIVATIONS)
    window = {"padding": padding, "strides": stride, "activation": activation}

    def one(name, *arguments, **options):
        return getattr(L, name + ("2D" if two else "1D"))(*arguments, **options)

    return r.choice(
        [
            lambda: one("Conv", r.randint(1, 9), r.randint(1, 3), use_bias=r.random() < 0.5, **window),
            lambda: getattr(L, "Conv2DTranspose" if two else "Conv1DTranspose")(
                r.randint(1, 6), r.randint(1, 4), strides=r.randint(1, 3), padding=padding, activation=activation
            ),
            lambda: one("DepthwiseConv", r.randint(1, 3), depth_multiplier=r.randint(1, 2), **window),
            lambda: one("SeparableConv", r.randint(1, 6), r.randint(1, 3), padding=padding),
            lambda: one(r.choice(["MaxPooling", "AveragePooling"]), 2, strides=stride, padding=padding),
            lambda: one(r.choice(["GlobalAveragePooling", "GlobalMaxPooling"]), keepdims=r.random() < 0.3),
            lambda: one("ZeroPadding", r.randint(0, 2)),
            lambda: one("Cropping", 1),
            lambda: one("UpSampling", 2),
            lambda: L.Flatten(),
            lambda: L.Permute(tuple(r.sample(range(1, len(x.shape)), len(x.shape) - 1))),
        ]
    )()(x)


def network(seed: int) -> keras.Model:
    """Two to nine layers with branches, one or two inputs, one or two outputs."""
    r = random.Random(seed)
    shape = r.choice([(r.randint(1, 12),), (r.randint(6, 20), r.randint(1, 6)), (r.randint(5, 12), 7, r.randint(1, 5))])
    inputs = [keras.Input(shape) for _ in range(r.choice([1, 1, 1, 2]))]
    tensors = list(inputs)
    for _ in range(r.randint(2, 9)):
        x = r.choice(tensors[-3:])
        try:
            y = spatial(r, x) if len(x.shape) > 2 and r.random() < 0.6 else any_rank(r, x, tensors)
        except ValueError:  # the window is larger than the image
            continue
        if 0 < np.prod(y.shape[1:]) < 4000:
            tensors.append(y)
    outputs = [tensors[-1]] + ([r.choice(tensors)] if r.random() < 0.3 else [])
    return keras_models.randomize(keras.Model(inputs, outputs), seed)


@pytest.mark.parametrize("seed", range(60))
def test_random_network(seed):
    model = network(seed)
    data = keras_models.samples(model, 32)
    exact = keras_models.outputs(model, data)
    stages = {}
    loaded = upyml.load(convert(model, data, show=stages.__setitem__).file)
    assert loaded.selftest() is True
    for stage in ("read", "pool_to_mean"):  # the first and the last float graph
        for want, got in zip(exact, run(stages[stage], data), strict=True):
            np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-3, atol=1e-4 * max(1, np.abs(want).max()))
    answers = []
    for sample in zip(*data):
        answer = loaded.predict(tuple(x.ravel() for x in sample) if len(data) > 1 else sample[0].ravel())
        answers.append(answer if isinstance(answer, tuple) else (answer,))
    got = [np.array([a[i] for a in answers]).reshape(want.shape) for i, want in enumerate(exact)]
    scales = [details.scale for details in loaded.output_details]
    steps = max(np.abs(a - b).max() / scale for a, b, scale in zip(exact, got, scales))
    assert sqnr(exact, got) > 22 or steps < 4  # a tanh of small values has few of its 256 levels
