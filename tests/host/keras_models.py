"""Small Keras models for the tests: one for each layer and its options, and whole shapes of networks."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(2)
L = keras.layers

IMAGE = (10, 8, 6)
SERIES = (20, 5)
VECTOR = (12,)

# name: input shape and the layer(s).
CASES = {
    "dense": (VECTOR, L.Dense(7)),
    "dense without bias": (VECTOR, L.Dense(7, use_bias=False)),
    "dense relu": (VECTOR, L.Dense(7, activation="relu")),
    "dense on a series": (SERIES, L.Dense(7)),
    "dense on an image": (IMAGE, L.Dense(4, activation="tanh")),
    "conv2d valid": (IMAGE, L.Conv2D(5, 3)),
    "conv2d same": (IMAGE, L.Conv2D(5, 3, padding="same", activation="relu")),
    "conv2d strided same": (IMAGE, L.Conv2D(5, (3, 2), strides=2, padding="same")),
    "conv2d dilated": (IMAGE, L.Conv2D(5, 3, dilation_rate=(2, 3), padding="same")),
    "conv2d groups": (IMAGE, L.Conv2D(8, 3, groups=2)),
    "conv2d a group a channel": (IMAGE, L.Conv2D(12, 3, groups=6, padding="same")),
    "conv1d valid": (SERIES, L.Conv1D(6, 5)),
    "conv1d same": (SERIES, L.Conv1D(6, 4, strides=3, padding="same")),
    "conv1d causal": (SERIES, L.Conv1D(6, 3, dilation_rate=4, padding="causal", activation="relu")),
    "conv1d groups": (SERIES, L.Conv1D(10, 3, groups=5)),
    "depthwise2d": (IMAGE, L.DepthwiseConv2D(3, padding="same")),
    "depthwise2d multiplier": (IMAGE, L.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same")),
    "depthwise2d dilated": (IMAGE, L.DepthwiseConv2D(3, dilation_rate=2)),
    "depthwise1d": (SERIES, L.DepthwiseConv1D(4, depth_multiplier=2, padding="same")),
    "separable2d": (IMAGE, L.SeparableConv2D(5, 3, padding="same", activation="relu")),
    "separable2d multiplier": (IMAGE, L.SeparableConv2D(5, 3, depth_multiplier=2, strides=2)),
    "separable1d": (SERIES, L.SeparableConv1D(5, 3, padding="same", dilation_rate=2)),
    "transposed 2d": (IMAGE, L.Conv2DTranspose(5, 3, strides=2, padding="same", activation="relu")),
    "transposed 2d valid": (IMAGE, L.Conv2DTranspose(4, (4, 2), strides=(3, 2))),
    "transposed 2d small": (IMAGE, L.Conv2DTranspose(4, 2, strides=3, use_bias=False)),
    "transposed 2d plain": (IMAGE, L.Conv2DTranspose(5, 3, padding="same")),
    "transposed 2d output padding": (IMAGE, L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1)),
    "transposed 2d wide": (IMAGE, L.Conv2DTranspose(3, 3, strides=3, output_padding=2)),
    "transposed 1d": (SERIES, L.Conv1DTranspose(6, 5, strides=2, padding="same", activation="tanh")),
    "transposed 1d valid": (SERIES, L.Conv1DTranspose(6, 4, strides=4)),
    "max pool 2d": (IMAGE, L.MaxPooling2D(2)),
    "max pool 2d same": (IMAGE, L.MaxPooling2D(3, strides=2, padding="same")),
    "max pool 1d": (SERIES, L.MaxPooling1D(3, padding="same")),
    "average pool 2d": (IMAGE, L.AveragePooling2D((3, 2))),
    "average pool 2d same": (IMAGE, L.AveragePooling2D(3, strides=2, padding="same")),
    "average pool 1d": (SERIES, L.AveragePooling1D(4, strides=2, padding="same")),
    "average pool of everything": (IMAGE, L.AveragePooling2D((10, 8))),
    "global max 2d": (IMAGE, L.GlobalMaxPooling2D()),
    "global max 1d keepdims": (SERIES, L.GlobalMaxPooling1D(keepdims=True)),
    "global average 2d": (IMAGE, L.GlobalAveragePooling2D()),
    "global average 2d keepdims": (IMAGE, L.GlobalAveragePooling2D(keepdims=True)),
    "global average 1d": (SERIES, L.GlobalAveragePooling1D()),
    "batch norm image": (IMAGE, L.BatchNormalization()),
    "batch norm series": (SERIES, L.BatchNormalization(center=False)),
    "batch norm vector": (VECTOR, L.BatchNormalization(scale=False)),
    "relu": (VECTOR, L.ReLU()),
    "relu max": (VECTOR, L.ReLU(max_value=1.5)),
    "relu 6": (VECTOR, L.ReLU(max_value=6)),
    "relu slope": (VECTOR, L.ReLU(negative_slope=0.1)),
    "relu slope and max": (VECTOR, L.ReLU(max_value=1, negative_slope=0.1)),
    "leaky relu": (IMAGE, L.LeakyReLU(negative_slope=0.2)),
    "prelu": (IMAGE, L.PReLU(shared_axes=(1, 2))),
    "prelu of elements": (VECTOR, L.PReLU()),
    "unit normalization": (SERIES, L.UnitNormalization()),
    "repeat vector": (VECTOR, L.RepeatVector(5)),
    "elu": (VECTOR, L.ELU(alpha=0.7)),
    "softmax": (VECTOR, L.Softmax()),
    "softmax of a series": (SERIES, L.Softmax()),
    "flatten": (IMAGE, L.Flatten()),
    "reshape": (IMAGE, L.Reshape((20, -1))),
    "permute": (IMAGE, L.Permute((3, 1, 2))),
    "zero padding 2d": (IMAGE, L.ZeroPadding2D(((1, 2), (3, 0)))),
    "zero padding 1d": (SERIES, L.ZeroPadding1D((2, 1))),
    "cropping 2d": (IMAGE, L.Cropping2D(((1, 2), (3, 0)))),
    "cropping 1d": (SERIES, L.Cropping1D((2, 1))),
    "up 2d nearest": (IMAGE, L.UpSampling2D((2, 3))),
    "up 2d bilinear": (IMAGE, L.UpSampling2D(2, interpolation="bilinear")),
    "up 1d": (SERIES, L.UpSampling1D(3)),
    "rescaling": (IMAGE, L.Rescaling(1 / 127.5, offset=-1)),
    "rescaling by channel": (IMAGE, L.Rescaling([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], offset=0.5)),
    "normalization": (SERIES, L.Normalization(mean=[0.1, 0.2, 0.3, 0.4, 0.5], variance=[1.0, 2.0, 3.0, 4.0, 5.0])),
    "normalization of elements": (SERIES, L.Normalization((1, 2), np.ones((20, 5)), np.full((20, 5), 0.5))),
    "lstm": (SERIES, L.LSTM(6)),
    "lstm sequence without bias": (SERIES, L.LSTM(6, return_sequences=True, use_bias=False)),
    "lstm backwards": (SERIES, L.LSTM(5, return_sequences=True, go_backwards=True, unroll=True)),
    "lstm relu": (SERIES, L.LSTM(5, activation="relu")),
    "lstm hard sigmoid": (SERIES, L.LSTM(5, recurrent_activation="hard_sigmoid")),
    "gru": (SERIES, L.GRU(6)),
    "gru reset before": (SERIES, L.GRU(7, reset_after=False, return_sequences=True)),
    "gru backwards without bias": (SERIES, L.GRU(5, go_backwards=True, use_bias=False)),
    "gru relu": (SERIES, L.GRU(5, activation="relu", reset_after=False)),
    "simple rnn": (SERIES, L.SimpleRNN(6, return_sequences=True)),
    "simple rnn relu": ((8, 5), L.SimpleRNN(6, activation="relu")),
    "rnn of a cell": (SERIES, L.RNN(L.GRUCell(5), return_sequences=True)),
    "rnn of cells backwards": (SERIES, L.RNN([L.LSTMCell(5), L.SimpleRNNCell(4)], return_sequences=True, go_backwards=True)),
    **{
        f"bidirectional {mode}": (SERIES, L.Bidirectional(L.LSTM(4, return_sequences=mode != "mul"), merge_mode=mode))
        for mode in ("concat", "sum", "mul", "ave")
    },
    "bidirectional of stacked cells": (SERIES, L.Bidirectional(L.RNN([L.GRUCell(3), L.GRUCell(4)], return_sequences=True))),
    "time distributed dense": (SERIES, L.TimeDistributed(L.Dense(4, activation="relu"))),
    "time distributed conv1d": (IMAGE, L.TimeDistributed(L.Conv1D(4, 3, padding="same"))),
    "time distributed pool": (IMAGE, L.TimeDistributed(L.AveragePooling1D(2))),
    "time distributed flatten": (IMAGE, L.TimeDistributed(L.Flatten())),
    "time distributed lstm": (IMAGE, L.TimeDistributed(L.LSTM(3))),
    "dropout": (VECTOR, L.Dropout(0.5)),
    "spatial dropout": (IMAGE, L.SpatialDropout2D(0.5)),
    "gaussian noise": (VECTOR, L.GaussianNoise(0.5)),
    **{
        f"activation {name}": (VECTOR, L.Activation(name))
        for name in "relu relu6 leaky_relu elu selu gelu sigmoid tanh hard_silu hard_sigmoid silu softplus softsign "
        "exponential softmax linear log_softmax log_sigmoid hard_tanh celu tanh_shrink soft_shrink squareplus "
        "sparse_plus sparse_sigmoid".split()
    },
}


def single(name: str) -> keras.Model:
    """The model of one case, with random weights."""
    shape, layer = CASES[name]
    inputs = keras.Input(shape)
    return randomize(keras.Model(inputs, layer.__class__.from_config(layer.get_config())(inputs)))


def residual() -> keras.Model:
    """Branches, an addition, a concatenation, normalisation everywhere, two outputs."""
    inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(8, 3, padding="same", use_bias=False)(inputs)
    x = L.ReLU()(L.BatchNormalization()(x))
    y = L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    y = L.BatchNormalization()(L.Conv2D(8, 1)(L.Activation("relu6")(y)))
    z = L.Activation("relu")(L.Add()([x, y]))
    z = L.Concatenate()([z, L.Subtract()([x, y]), L.Average()([x, y])])
    z = L.BatchNormalization()(L.MaxPooling2D()(z))
    z = L.Conv2D(8, 3, padding="same", activation="relu")(L.ZeroPadding2D(1)(z))
    z = L.Dropout(0.3)(L.GlobalAveragePooling2D()(z))
    outputs = [L.Dense(4, activation="softmax", name="kind")(z), L.Dense(1, activation="sigmoid", name="sure")(z)]
    return randomize(keras.Model(inputs, outputs))


def decoder() -> keras.Model:
    """A small autoencoder: transposed convolutions with normalisation, the larger and the smaller of two branches."""
    inputs = keras.Input((8, 8, 2))
    x = L.Conv2D(6, 3, strides=2, padding="same", activation="relu")(inputs)
    x = L.Conv2DTranspose(6, 3, padding="same", use_bias=False)(L.BatchNormalization()(x))
    x = L.PReLU(shared_axes=(1, 2))(L.BatchNormalization()(x))
    y = L.Conv2DTranspose(4, 4, strides=2, padding="same", activation="relu")(x)
    z = L.Conv2DTranspose(4, 2, strides=2)(x)
    largest, least = L.Maximum()([y, z]), L.Minimum()([y, z, y])
    a, b = L.GlobalAveragePooling2D()(largest), L.GlobalMaxPooling2D()(least)
    return randomize(keras.Model(inputs, [L.Conv2D(2, 1)(largest), L.Dot(-1, normalize=True)([a, b]), L.Dot(1)([a, b])]))


def shared() -> keras.Model:
    """Two inputs through the same nested models, of which one holds another."""
    inner = keras.Sequential([keras.Input((16, 3)), L.Conv1D(4, 3, activation="relu"), L.MaxPooling1D(2)], name="inner")
    within = keras.Input((16, 3))
    features = keras.Model(within, L.Dense(5)(L.Flatten()(inner(within))), name="features")
    a, b = keras.Input((16, 3), name="a"), keras.Input((16, 3), name="b")
    both = L.Multiply()([features(a), features(b)])
    return randomize(keras.Model([a, b], L.Dense(2)(both)))


def randomize(model: keras.Model, seed: int = 1) -> keras.Model:
    """Give the model weights as after training: none of them 0 or 1, variances positive."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "count" in variable.path or "seed" in variable.path or variable.dtype != "float32":
            continue
        if variable.path.endswith("variance"):
            values = rng.uniform(0.5, 2, variable.shape)
        elif variable.path.endswith(("gamma",)):
            values = rng.uniform(0.5, 1.5, variable.shape)
        else:
            fan = max(int(np.prod(variable.shape[:-1])), 1)
            values = rng.normal(0, 1 / np.sqrt(fan), variable.shape)
        variable.assign(values.astype(np.float32))
    return model


def samples(model: keras.Model, count: int = 24, seed: int = 2) -> list[np.ndarray]:
    """Random inputs for a model, standard normal."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def outputs(model: keras.Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What Keras computes, one array an output."""
    answer = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    answers = answer if isinstance(answer, (list, tuple)) else [answer]
    return [np.asarray(values) for values in answers]
