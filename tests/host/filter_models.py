"""Keras models for the tests of structured pruning, and what was removed from them, found by the weights alone."""

from __future__ import annotations

import random

import keras
import keras_models
import numpy as np
from keras import layers as L


def conv_bn(x, filters, kernel=3, activation="relu", **options):
    x = L.Conv2D(filters, kernel, padding="same", **options)(x)
    x = L.BatchNormalization()(x)
    return L.Activation(activation)(x) if activation else x


def plain():
    x = inputs = keras.Input((8, 8, 3))
    x = L.MaxPooling2D(2)(conv_bn(x, 16))
    x = L.ZeroPadding2D(1)(L.LeakyReLU()(L.Conv2D(12, 3)(x)))
    x = L.Dropout(0.5)(L.Flatten()(x))
    x = L.Dense(20, activation="relu")(x)
    return keras.Model(inputs, L.Dense(4, activation="softmax")(x))


def mobile(multiplier):
    x = inputs = keras.Input((8, 8, 1))
    x = conv_bn(x, 8, strides=2)
    for filters in (12, 16):
        x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=multiplier)(x)
        x = L.ReLU(6.0)(L.BatchNormalization()(x))
        x = conv_bn(x, filters, 1)
    x = L.SeparableConv2D(12, 3, depth_multiplier=multiplier)(x)
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Conv2D(3, 1)(x)
    return keras.Model(inputs, L.Softmax()(L.Flatten()(x)))


def resnet():
    x = inputs = keras.Input((8, 8, 3))
    x = conv_bn(x, 8)
    x = L.ReLU()(L.Add()([conv_bn(conv_bn(x, 12), 8, activation=None), x]))
    shortcut = L.Conv2D(16, 1, strides=2)(x)
    x = L.Add()([conv_bn(conv_bn(x, 16, strides=2), 16, activation=None), shortcut])
    x = L.AveragePooling2D(2)(L.PReLU(shared_axes=(1, 2))(x))
    return keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))


def preactivated():
    """Normalisation before the convolutions, on a sum that runs through the model."""
    x = inputs = keras.Input((6, 6, 3))
    x = L.Conv2D(8, 3)(x)
    for _ in range(2):
        y = L.ReLU()(L.BatchNormalization()(x))
        x = x + L.Conv2D(8, 3, padding="same")(y) * 0.5
    return keras.Model(inputs, L.Dense(3)(L.GlobalMaxPooling2D()(x)))


def densenet():
    x = inputs = keras.Input((8, 8, 3))
    x = L.Concatenate()([conv_bn(x, 8, 3), conv_bn(x, 12, 1), x])
    for _ in range(2):
        x = L.Concatenate()([x, conv_bn(x, 8)])
    x = L.UpSampling2D()(L.Cropping2D(1)(x))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


def joined_sum():
    """A sum of a joined tensor and one convolution, whose filters are tied to two others."""
    inputs = keras.Input((5, 5, 3))
    both = L.Concatenate()([L.Conv2D(8, 3)(inputs), L.Conv2D(8, 3)(inputs)])
    x = L.Maximum()([both, L.Conv2D(16, 3)(inputs)])
    return keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))


def series():
    x = inputs = keras.Input((24, 3))
    x = L.MaxPooling1D(2)(L.Conv1D(8, 5, activation="relu")(x))
    x = L.BatchNormalization()(L.DepthwiseConv1D(3, depth_multiplier=2)(x))
    x = L.SeparableConv1D(12, 3, activation="tanh")(L.PReLU()(x))
    x = L.Reshape((3, 24))(x)  # (6, 12) before: two positions of 12 channels in a row
    x = L.Dense(8, activation="relu")(x)
    return keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))


def turned():
    """Series joined in time, whose channels then become time, are cut into other pieces, or are spread."""
    x = inputs = keras.Input((6, 3))
    x = L.Concatenate(axis=1)([L.Conv1D(8, 3, name="tied")(x), L.Conv1D(8, 3)(x)])
    x = L.Conv1D(12, 3)(L.ReLU()(x))
    x = L.Permute((2, 1))(L.Conv1D(12, 1, name="becomes time")(x))
    x = L.Reshape((12, 8))(L.Conv1D(8, 1, name="is cut")(L.Dense(8, activation="relu")(x)))
    x = L.Reshape((6, 16))(x)
    x = L.Multiply()([L.Conv1D(16, 1)(L.Reshape((8, 12))(x)), L.Dense(1, name="is spread")(L.Reshape((8, 12))(x))])
    return keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))


def several_outputs():
    inputs = {"a": keras.Input((6, 6, 2), name="a"), "b": keras.Input((4,), name="b")}
    x = conv_bn(inputs["a"], 12)
    heads = {"map": L.Conv2D(2, 1, name="map")(x)}
    scale = L.Reshape((1, 1, 12))(L.Dense(12, activation="relu")(L.Dense(8, activation="elu")(inputs["b"])))
    x = L.GlobalAveragePooling2D()(L.Multiply()([x, scale]))
    heads["kind"] = L.Dense(3, name="kind")(x)
    return keras.Model(inputs, heads)


def shared():
    """The same two layers on both inputs."""
    a, b = keras.Input((9,)), keras.Input((9,))
    one, two = L.Dense(16, activation="relu"), L.Dense(12)
    return keras.Model([a, b], L.Dense(2)(L.Subtract()([two(one(a)), two(one(b))])))


def perceptron():
    return keras.Sequential(
        [keras.Input((10,)), L.Dense(24, activation="relu"), L.BatchNormalization(), L.Dense(16, "tanh"), L.Dense(3)]
    )


def nested():
    """Models within a model, with names that are there twice."""
    x = inputs = keras.Input((8, 8, 3))
    for _ in range(2):
        z = keras.Input(x.shape[1:])
        block = keras.Model(z, L.Conv2D(8, 3, padding="same", activation="relu", name="conv")(z))
        x = block(x)
    x = keras.Sequential([L.Conv2D(12, 3), L.ReLU()])(x)
    return keras.Model(inputs, L.Dense(2)(L.Flatten()(x)))


def islands():
    """Layers through which channels cannot be followed, and convolutions between them."""
    x = inputs = keras.Input((8, 8, 4))
    x = L.Conv2D(8, 1)(conv_bn(x, 8))
    x = L.Conv2D(12, 3, groups=4)(x)
    x = L.LayerNormalization()(L.Conv2D(8, 1)(conv_bn(x, 12)))
    x = L.Lambda(lambda y: y * 2)(conv_bn(L.Conv2D(8, 1)(x), 4))
    x = L.LSTM(6)(L.Dense(8)(L.Dense(12)(L.Reshape((-1, 4))(x))))
    return keras.Model(inputs, L.Dense(2)(L.Dense(10, activation="relu")(x)))


def random_network(seed):
    """Some ten layers after a convolution of an image, one of them often a sum or a join of two before it."""
    r = random.Random(seed)
    inputs = keras.Input((r.randint(6, 9), 7, 3))
    tensors = [L.Conv2D(r.choice([4, 6]), 3, padding="same")(inputs)]
    while len(tensors) < 12:
        x = r.choice(tensors[-3:])
        alike, beside = ([t for t in tensors if t.shape[:n] == x.shape[:n]] for n in (4, 3))
        options = {"activation": r.choice(["relu", "sigmoid", "softplus", "softmax", None]), "padding": "same"}
        layer = r.choice(
            [
                lambda: L.Conv2D(r.choice([4, 6, x.shape[-1]]), r.randint(1, 3), **options)(x),
                lambda: L.DepthwiseConv2D(2, depth_multiplier=r.randint(1, 2), **options)(x),
                lambda: L.SeparableConv2D(r.choice([4, x.shape[-1]]), 2, depth_multiplier=2, **options)(x),
                lambda: L.Dense(r.choice([4, x.shape[-1]]), activation=options["activation"])(x),
                lambda: L.BatchNormalization()(x),
                lambda: L.PReLU(shared_axes=r.choice([(1, 2), (1, 2, 3), None]))(x),
                lambda: L.MaxPooling2D(2, strides=1, padding="same")(x),
                lambda: r.choice([L.Add, L.Multiply, L.Average, L.Maximum])()([x, r.choice(alike)]),
                lambda: r.choice([x * 0.5, 1 - x, x + r.choice(alike)]),
                lambda: L.Concatenate()([x, r.choice(beside)]),
                lambda: L.Concatenate(axis=1)([x, x]) if x.shape[1] < 10 else L.Cropping2D(((1, 2), 0))(x),
                lambda: L.Permute(r.choice([(2, 1, 3), (3, 1, 2)]))(x) if r.random() < 0.3 else L.Identity()(x),
            ]
        )()
        if layer.shape[-1] <= 32:
            tensors.append(layer)
    x = r.choice([L.Flatten(), L.GlobalAveragePooling2D(), L.Reshape((-1, tensors[-1].shape[-1]))])(tensors[-1])
    outputs = [L.Dense(2)(L.Flatten()(L.Dense(6, activation="sigmoid")(x)))]
    return keras.Model(inputs, outputs + ([r.choice(tensors)] if r.random() < 0.2 else []))


SHAPES = {
    "plain": plain,
    "mobile": lambda: mobile(1),
    "mobile, two times the channels": lambda: mobile(2),
    "resnet": resnet,
    "preactivated": preactivated,
    "densenet": densenet,
    "joined sum": joined_sum,
    "series": series,
    "several outputs": several_outputs,
    "shared": shared,
    "perceptron": perceptron,
    "islands": islands,
    "turned": turned,
}


def distinct(model, seed=1):
    """Weights without two equal numbers in an array; variances are positive."""
    chance = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.dtype == "float32":
            count = int(np.prod(weight.shape))
            values = (chance.permutation(count) + 0.5).reshape(weight.shape) / count
            fan = max(int(np.prod(weight.shape[:-1])), 1)
            weight.assign(0.5 + values if "variance" in weight.path else (values - 0.5) * 4 / np.sqrt(fan))
    return model


def numbers(model, seed=2):
    """Random inputs for the model, in the structure that it takes."""
    made = keras_models.samples(model, 5, seed)
    if len(made) > 1:
        return made if isinstance(model.input, list) else {tensor.name: x for tensor, x in zip(model.inputs, made)}
    return made[0]


def answers(model, x):
    return [np.asarray(y) for y in keras.tree.flatten(model(x, training=False))]


def survivors(old, new, axis):
    """Which elements along an axis of the old array are in the new one: those whose numbers are."""
    there = np.isin(old, new)
    return there.any(axis=tuple(i for i in range(old.ndim) if i != axis % old.ndim))


def silence(model, small):
    """Sets what is not in the small model so that these channels are 0: filters, biases, normalisation."""
    for layer in model.layers:
        old, twin = layer.get_weights(), small.get_layer(layer.name) if layer.weights else None
        if isinstance(layer, L.BatchNormalization):
            stays = survivors(old[0], twin.gamma.numpy(), 0)
            layer.set_weights([old[0], old[1] * stays, old[2] * stays, old[3]])
        elif hasattr(layer, "bias"):
            kernel = -2 if layer.bias is not None else -1  # the last of the kernels
            stays = survivors(old[kernel], twin.get_weights()[kernel], -1)
            if "Depthwise" in type(layer).__name__:
                stays = survivors(old[-1], twin.bias.numpy(), 0)
                old[0] = old[0] * stays.reshape(old[0].shape[-2:])
            else:
                old[kernel] = old[kernel] * stays
            old[-1] = old[-1] * survivors(old[-1], twin.bias.numpy(), 0)
            layer.set_weights(old)


def deafen(model, small, factor=0.0):
    """Lets no layer hear the inputs that it lacks in the small model, or some of them: rows of weights are 0."""
    for layer in model.layers:
        if hasattr(layer, "bias") and "Depthwise" not in type(layer).__name__:
            old, new = layer.get_weights(), small.get_layer(layer.name).get_weights()
            kernel = 1 if "Separable" in type(layer).__name__ else 0
            heard = np.where(survivors(old[kernel], new[kernel], -2), 1, factor)
            old[kernel] = old[kernel] * heard[:, None]
            layer.set_weights(old)
