"""Small Keras models of transformers' parts: one for each layer and option, and random ones."""

import random

import keras
import keras_models
import numpy as np

L, ops = keras.layers, keras.ops
SERIES, GRID = (9, 8), (3, 5, 8)


class Block(L.Layer):
    """A transformer's block as a layer of its own."""

    def __init__(self, width, heads, inner, **options):
        super().__init__()
        self.attention = L.MultiHeadAttention(heads, width // heads, dropout=0.1)
        self.inner = keras.Sequential([L.Dense(inner, activation="gelu"), L.Dense(width)])
        self.norms = [L.LayerNormalization(epsilon=1e-6), L.LayerNormalization(epsilon=1e-6)]
        self.drop = L.Dropout(0.1)
        self.options = options

    def call(self, x, training=None):
        y = self.norms[0](x + self.drop(self.attention(x, x, **self.options), training=training))
        return self.norms[1](y + self.inner(y))


class Positions(L.Layer):
    """Adds a learned vector for each position."""

    def build(self, shape):
        self.table = self.add_weight(shape=(1, *shape[1:]), name="table")

    def call(self, x):
        return x + self.table


class ClassToken(L.Layer):
    """Puts a learned vector before a sequence."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x):
        batch, _, width = ops.shape(x)
        return ops.concatenate([ops.broadcast_to(self.token, (batch, 1, width)), x], axis=1)


class TokensAndPositions(L.Layer):
    """Two embeddings, one of constant indices."""

    def __init__(self, length, words, width):
        super().__init__()
        self.words, self.places = L.Embedding(words, width), L.Embedding(length, width)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(ops.shape(x)[-1]))


def of(shape, layer):
    """A model of a function of one input."""

    def make():
        x = keras.Input(shape)
        return keras.Model(x, layer(x))

    return make


def of_two(shape, other, layer):
    """A model of a function of two inputs."""

    def make():
        x, y = keras.Input(shape), keras.Input(other)
        return keras.Model([x, y], layer(x, y))

    return make


BAND = np.abs(np.arange(9)[:, None] - np.arange(9)) < 3

# What makes a model by its name.
CASES = {
    "layer norm": of(SERIES, L.LayerNormalization()),
    "layer norm of a vector": of((12,), L.LayerNormalization(epsilon=1e-6)),
    "layer norm without scale": of(SERIES, L.LayerNormalization(scale=False)),
    "layer norm without center": of(SERIES, L.LayerNormalization(center=False)),
    "layer norm plain": of(SERIES, L.LayerNormalization(center=False, scale=False)),
    "layer norm of two axes": of(GRID, L.LayerNormalization(axis=[2, 3])),
    "layer norm of all": of(GRID, L.LayerNormalization(axis=[1, 2, 3])),
    "layer norm of the first axis": of(SERIES, L.LayerNormalization(axis=1)),
    "layer norm of torn axes": of(GRID, L.LayerNormalization(axis=[1, 3])),
    "rms norm": of(SERIES, L.RMSNormalization()),
    "rms norm of all": of(GRID, L.RMSNormalization(axis=[1, 2, 3])),
    "unit norm": of(SERIES, L.UnitNormalization()),
    "attention": of(SERIES, lambda x: L.MultiHeadAttention(2, 4)(x, x)),
    "attention of one head": of(SERIES, lambda x: L.MultiHeadAttention(1, 3)(x, x)),
    "attention causal": of(SERIES, lambda x: L.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)),
    "attention without bias": of(SERIES, lambda x: L.MultiHeadAttention(4, 2, use_bias=False)(x, x)),
    "attention value dim": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, value_dim=3)(x, x)),
    "attention output shape": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, output_shape=5)(x, x)),
    "attention two-fold output shape": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, output_shape=(2, 3))(x, x)),
    "attention with dropout": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, dropout=0.2)(x, x)),
    "attention with a window": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, sliding_window=3)(x, x)),
    "attention with a gate": of(SERIES, lambda x: L.MultiHeadAttention(2, 4, use_gate=True)(x, x)),
    "attention with a mask": of(SERIES, lambda x: L.MultiHeadAttention(2, 4)(x, x, attention_mask=BAND[None])),
    "attention over a grid": of(GRID, lambda x: L.MultiHeadAttention(2, 4)(x, x)),
    "attention along rows": of(GRID, lambda x: L.MultiHeadAttention(2, 4, attention_axes=(2,))(x, x)),
    "attention along columns": of(GRID, lambda x: L.MultiHeadAttention(2, 4, attention_axes=(1,))(x, x)),
    "attention across": of_two(SERIES, (7, 5), lambda x, y: L.MultiHeadAttention(2, 4)(x, y)),
    "attention across with keys": of_two(SERIES, SERIES, lambda x, y: L.MultiHeadAttention(2, 4)(x, value=y, key=x)),
    "grouped attention": of(SERIES, lambda x: L.GroupQueryAttention(4, 6, 2)(x, x)),
    "grouped attention causal": of(SERIES, lambda x: L.GroupQueryAttention(4, 4, 1)(x, x, use_causal_mask=True)),
    "plain attention": of_two(SERIES, (5, 8), lambda x, y: L.Attention()([x, y])),
    "plain attention scaled": of(SERIES, lambda x: L.Attention(use_scale=True)([x, x, x])),
    "plain attention causal": of(SERIES, lambda x: L.Attention()([x, x], use_causal_mask=True)),
    "plain attention concat": of(SERIES, lambda x: L.Attention(score_mode="concat", use_scale=True)([x, x])),
    "additive attention": of_two(SERIES, (5, 8), lambda x, y: L.AdditiveAttention()([x, y])),
    "einsum dense": of(SERIES, L.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", activation="relu")),
    "einsum dense to heads": of(SERIES, L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")),
    "einsum dense of heads": of(GRID, L.EinsumDense("abcd,cde->abe", (None, 6), bias_axes="e")),
    "einsum dense with dots": of(GRID, L.EinsumDense("...x,xy->...y", 4, bias_axes="y")),
    "einsum dense turned": of(SERIES, L.EinsumDense("abc,cd->adb", (6, None), bias_axes="d")),
    "einsum dense along time": of(SERIES, L.EinsumDense("abc,bd->adc", (4, None), bias_axes="d")),
    "einsum dense a kernel a step": of(SERIES, L.EinsumDense("abc,bcd->abd", (9, 6), bias_axes="bd")),
    "softmax of the first axis": of(SERIES, L.Softmax(axis=1)),
    "softmax of two axes": of(GRID, L.Softmax(axis=[1, 3])),
    "matmul": of_two(SERIES, (8, 5), lambda x, y: ops.matmul(x, y)),
    "matmul by a constant": of(SERIES, lambda x: ops.matmul(x, np.ones((8, 3), "f") / 8)),
    "matmul of a row": of_two(GRID, (3, 1, 5), lambda x, y: y @ x),
    "einsum": of_two((5, 2, 4), (6, 2, 4), lambda x, y: ops.einsum("bqhd,bkhd->bhqk", x, y)),
    "einsum of groups": of_two((3, 5, 4), (5, 4, 2, 2), lambda x, y: ops.einsum("zabc,zbcde->zdae", x, y)),
    "einsum with a constant first": of(SERIES, lambda x: ops.einsum("ij,bjk->bik", np.eye(4, 9, 2, "f") / 3, x)),
    "functions of tensors": of(
        GRID,
        lambda x: ops.softmax(ops.transpose(ops.mean(ops.expand_dims(x, 1), axis=-2), (0, 3, 2, 1)), axis=1) / 2.0,
    ),
    "slices": of(GRID, lambda x: -ops.reshape(ops.squeeze(x[:, 1:2, ..., ::2], 1), (-1, 10, 2))[:, 2:, -1]),
    "layer norm function": of(SERIES, lambda x: ops.layer_normalization(x, epsilon=1e-3)),
    "dot product attention": of((6, 2, 4), lambda x: ops.dot_product_attention(x, x, ops.gelu(x), is_causal=True)),
    "own block": of(SERIES, lambda x: Block(8, 2, 12)(x)),
    "own causal block": of(SERIES, lambda x: Block(8, 2, 12, use_causal_mask=True)(x)),
    "own class token": of(SERIES, lambda x: Positions()(ClassToken()(x))[:, 0]),
}


def tokens(length=10, words=30, width=8, pooled=True):
    """A model of token ids."""
    x = keras.Input((length,), dtype="int32")
    y = Block(width, 2, 12)(TokensAndPositions(length, words, width)(x))
    return keras.Model(x, L.Dense(3)(L.GlobalAveragePooling1D()(y) if pooled else y))


def network(seed: int) -> keras.Model:
    """A random transformer of sensor data: norm first or last, causal or not, or with other parts between.

    Heads have two features at least: with TensorFlow, Keras 3.15.1 adds the first head's bias to all heads of one feature.
    """
    r = random.Random(seed)
    time, features, heads, depth = r.randint(3, 17), r.randint(1, 7), r.randint(1, 4), r.randint(2, 9)
    width = r.randint(4, 14)  # of two features a normalization leaves only which is greater
    norm = r.choice([L.LayerNormalization, L.LayerNormalization, L.RMSNormalization])
    x = keras.Input((time, features))
    y = L.Dense(width)(x)
    if r.random() < 0.5:
        y = Positions()(y)
    if r.random() < 0.3:
        y = ClassToken()(y)
    for _ in range(r.choice([1, 1, 2])):
        first = r.random() < 0.5
        z = norm()(y) if first else y
        if r.random() < 0.25:
            attention = L.GroupQueryAttention(depth, 2 * heads, r.choice([1, heads]))
        else:
            attention = L.MultiHeadAttention(heads, depth, value_dim=r.choice([None, 3]), use_bias=r.random() < 0.7)
        y = y + attention(z, z, use_causal_mask=r.random() < 0.4)
        y = y if first else norm()(y)
        z = norm()(y) if first else y
        y = y + L.Dense(width)(L.Dense(2 * width, activation=r.choice(["gelu", "relu", "silu", "tanh"]))(z))
        y = y if first else norm()(y)
    y = r.choice([L.GlobalAveragePooling1D(), L.Flatten(), lambda t: t[:, 0], lambda t: t])(y)
    return keras_models.randomize(keras.Model(x, L.Dense(r.randint(3, 6))(y)), seed)
