"""Keras models that are not for upyml: CASES maps a name to a function that builds one, and what the refusal says."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L


def chain(*layers, shape=(8,), **options):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape, name="samples", **options), *layers])


@keras.saving.register_keras_serializable("Workshop")
class Registered(L.Layer):
    """In code of TensorFlow, which nobody can follow to layers of Keras."""

    def call(self, x):
        return tf.math.erfinv(x)


class Unregistered(L.Layer):
    def call(self, x):
        return tf.math.erfinv(x)


class OwnDense(L.Dense):
    def call(self, x):
        return tf.math.erfinv(super().call(x))


class TwoHeads(keras.Model):
    """Subclassed, with two outputs."""

    def __init__(self, **options):
        super().__init__(**options)
        self.kind, self.sure = L.Dense(3), L.Dense(1)

    def call(self, x):
        return self.kind(x), tf.math.erfinv(self.sure(x))

    def get_config(self):
        return {"name": self.name}


class Changed(keras.Model):
    """Looks functional, and computes something else."""

    def call(self, x):
        return super().call(x) * 2


def subclassed():
    model = TwoHeads(name="two")
    model(np.zeros((1, 8), "f"))
    return model


def subclassed_within():
    x = keras.Input((8,), name="samples")
    return keras.Model(x, TwoHeads(name="two")(x))


def changed():
    x = keras.Input((8,))
    return Changed(x, L.Dense(3)(x), name="changed")


def trained_astray(value):
    """A model whose dense layer has a weight of that value."""
    model = chain(L.Dense(3, name="kind"))
    kernel, bias = model.get_weights()
    kernel[0, 0] = value
    model.set_weights([kernel, bias])
    return model


def quantized(mode):
    model = chain(L.Dense(4, name="hidden"), L.Dense(3))
    model.quantize(mode)
    return model


def half(kind):
    """A model of dense layers and a convolution in float16, bfloat16, or mixed."""
    policy = keras.dtype_policies.DTypePolicy(kind)
    return chain(
        L.Conv1D(4, 3, activation="relu", dtype=policy),
        L.BatchNormalization(dtype=policy),
        L.Flatten(dtype=policy),
        L.Dense(3, activation="softmax", dtype="float32" if "mixed" in kind else policy),
        shape=(8, 2),
    )


def exported(folder):
    """A layer around a SavedModel."""
    chain(L.Dense(3)).export(str(folder), verbose=False)
    return chain(L.TFSMLayer(str(folder), call_endpoint="serve", name="saved"))


def operation():
    x = keras.Input((8,))
    return keras.Model(x, keras.ops.linalg.norm(x, axis=-1))


def free(*shape):
    """A convolutional model some of whose axes have no length."""
    if len(shape) == 3:
        return chain(L.Conv2D(3, 3), L.GlobalMaxPooling2D(), shape=shape)
    return chain(L.Conv1D(3, 3), L.GlobalMaxPooling1D(), shape=shape)


def volume():
    return chain(L.Reshape((2, 2, 2, 1)), L.GlobalMaxPooling3D(name="p"))


def words():
    return chain(L.StringLookup(vocabulary=["yes", "no"], name="w"), dtype="string")


def text():
    layer = L.TextVectorization(vocabulary=["yes", "no"], output_sequence_length=4, name="w")
    return chain(layer, shape=(), dtype="string")


FREE = ("input samples", "not fixed", "a number for every axis")
WORDS = ("layer w", "no strings", "in your program", "their numbers")
OWN = ("layer mine", "of your own|not a (part|layer) of Keras", "Build|Make|Use Dense")
HEADS = ("TwoHeads", "subclassed|of your own|not a (part|layer) of Keras", "Build|Make")
QUANTIZED = ("layer hidden", "quantized by Keras", "before model.quantize")
STRAY = ("layer kind", "kernel", "nan or infinity", "lower learning rate")

# name: (builder, every word of the sentence)
CASES = {
    "registered layer": (lambda: chain(Registered(name="mine")), ("Registered", *OWN)),
    "unregistered layer": (lambda: chain(Unregistered(name="mine")), ("Unregistered", *OWN)),
    "subclass of a layer": (lambda: chain(OwnDense(3, name="mine")), ("OwnDense", *OWN)),
    "subclassed model of two outputs": (subclassed, HEADS),
    "subclassed model within": (subclassed_within, HEADS),
    "Lambda": (
        lambda: chain(L.Lambda(lambda x: x * 2, name="twice")),
        ("layer twice", "Lambda", "Python code", "Use layers of Keras"),
    ),
    "complex input": (
        lambda: chain(L.Dense(3), dtype="complex64"),
        ("input samples", "complex64", "real", "channels"),
    ),
    "no height": (lambda: free(None, 8, 3), (r"\(None, 8, 3\)", *FREE)),
    "no width": (lambda: free(8, None, 3), (r"\(8, None, 3\)", *FREE)),
    "no length": (lambda: free(None, 3), (r"\(None, 3\)", *FREE)),
    "ragged": (lambda: chain(L.Conv1D(3, 3), shape=(None, 3), ragged=True), ("input samples", "ragged", "zeros")),
    "sparse": (lambda: chain(L.Dense(3), sparse=True), ("input samples", "sparse", "without sparse=True")),
    "StringLookup": (words, ("StringLookup", *WORDS)),
    "TextVectorization": (text, ("TextVectorization", *WORDS)),
    "Hashing": (
        lambda: chain(L.Hashing(4, name="h"), dtype="int32"),
        ("layer h", "Hashing", "in your program", "before"),
    ),
    "int8 of Keras": (lambda: quantized("int8"), ("int8", *QUANTIZED)),
    "int4 of Keras": (lambda: quantized("int4"), ("int4", *QUANTIZED)),
    "Conv3D": (
        lambda: chain(L.Conv3D(3, 2, name="c"), shape=(4, 4, 4, 2)),
        ("layer c", "Conv3D", "Conv1D and Conv2D", "Reshape"),
    ),
    "GlobalMaxPooling3D": (volume, ("layer p", "GlobalMaxPooling1D and GlobalMaxPooling2D", "Reshape")),
    "ConvLSTM2D": (
        lambda: chain(L.ConvLSTM2D(3, 2, name="c"), shape=(4, 4, 4, 2)),
        ("layer c", "ConvLSTM2D", "not supported", "Conv2D"),
    ),
    "five axes": (
        lambda: chain(L.Dense(3, name="d"), shape=(2, 2, 2, 2, 2)),
        ("layer d", "5 axes", "engine has 4", "Reshape"),
    ),
    "nan": (lambda: trained_astray(np.nan), STRAY),
    "infinity": (lambda: trained_astray(-np.inf), STRAY),
    "no layers": (lambda: keras.Sequential(name="bare"), ("model bare", "no layers")),
    "only an input": (lambda: chain(), ("model sequential", "no layers")),
    "only dropout": (lambda: chain(L.Dropout(0.5)), ("sequential", "no layer computes", "nothing to convert")),
    "a function of keras.ops": (operation, ("norm", "Norm", "layer")),
}
