"""Writes .tflite files as TensorFlow 2.19.1's converter makes them of models that are not for upyml, and of some that are.

    python tests/host/refusal_tflite_files.py FOLDER

Each function gives a converter; the file is named after it. In a process of its own: TensorFlow stays out of the tests'.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

L = keras.layers


def dense(batch=1):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((64,), batch_size=batch), L.Dense(64, activation="relu", name="hidden"), L.Dense(4, name="kind")]
    )


def of_keras(model):
    return tf.lite.TFLiteConverter.from_keras_model(model)


def of_function(function, *shape, dtype=tf.float32):
    traced = tf.function(function, input_signature=[tf.TensorSpec(shape, dtype)])
    return tf.lite.TFLiteConverter.from_concrete_functions([traced.get_concrete_function()], traced)


def int8(model, *shape):
    """Full integer quantization."""
    converter = of_keras(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    chance = np.random.default_rng(0)
    converter.representative_dataset = lambda: ([chance.normal(size=shape).astype("f")] for _ in range(5))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter


def float32():
    return of_keras(dense())


def hybrid():
    """int8 weights, float activations: the converter's default optimization."""
    converter = of_keras(dense())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter


def float16():
    converter = hybrid()
    converter.target_spec.supported_types = [tf.float16]
    return converter


def sparse():
    model = dense()
    kernel, bias = model.layers[0].get_weights()
    kernel[np.random.default_rng(0).random(kernel.shape) < 0.9] = 0
    model.layers[0].set_weights([kernel, bias])
    converter = int8(model, 1, 64)
    converter.optimizations.append(tf.lite.Optimize.EXPERIMENTAL_SPARSITY)
    return converter


def loop():
    def until_large(x):
        return tf.while_loop(lambda y: tf.reduce_sum(y) < 1e3, lambda y: [tf.tanh(y) + y], [x])[0]

    return of_function(until_large, 1, 8)


def branch():
    return of_function(lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.tanh(x), lambda: tf.nn.relu(x)), 1, 8)


def flex():
    converter = of_function(tf.linalg.inv, 1, 4, 4)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    return converter


def custom():
    converter = of_function(tf.math.erfinv, 1, 4)
    converter.allow_custom_ops = True
    return converter


def signatures():
    class Two(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32)])
        def infer(self, x):
            return {"y": tf.nn.relu(x)}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32)])
        def train(self, x):
            return {"y": tf.tanh(x)}

    two, folder = Two(), tempfile.mkdtemp()
    tf.saved_model.save(two, folder, signatures={"infer": two.infer, "train": two.train})
    return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["infer", "train"])


def dynamic_batch():
    """Is taken: one sample a run."""
    return int8(dense(None), 1, 64)


def batch_of_four():
    model = keras.Sequential([keras.Input((8, 8, 3), batch_size=4), L.Conv2D(4, 3), L.Flatten(), L.Dense(3)])
    return int8(model, 4, 8, 8, 3)


def free_time():
    model = keras.Sequential([keras.Input((None, 3), batch_size=1), L.Conv1D(4, 3), L.GlobalMaxPooling1D()])
    return int8(model, 1, 20, 3)


def three_dimensions():
    model = keras.Sequential([keras.Input((4, 4, 4, 2), batch_size=1), L.Conv3D(4, 2), L.Flatten(), L.Dense(3)])
    return int8(model, 1, 4, 4, 4, 2)


def complex64():
    return of_function(lambda x: tf.signal.rfft(x), 1, 16)


def strings():
    return of_function(lambda x: tf.reshape(x, (1, 2, 2)), 1, 4, dtype=tf.string)


def empty():
    return of_function(lambda x: x, 1, 4)


def not_a_number():
    model = dense()
    kernel, bias = model.layers[0].get_weights()
    kernel[0, 0] = np.nan
    model.layers[0].set_weights([kernel, bias])
    return int8(model, 1, 64)


CASES = (
    float32, hybrid, float16, sparse, loop, branch, flex, custom, signatures, dynamic_batch, batch_of_four, free_time,
    three_dimensions, complex64, strings, empty, not_a_number,
)  # fmt: skip

if __name__ == "__main__":
    for case in CASES:
        Path(sys.argv[1], f"{case.__name__}.tflite").write_bytes(case().convert())
