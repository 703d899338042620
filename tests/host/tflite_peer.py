"""Converts a Keras model to int8 by TensorFlow 2.19.1's own converter: tflite_peer.py MODEL DATA.npz OUT.tflite

DATA.npz: x, the calibration samples. In a process of its own, as the converter may take its process down with it.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2  # noqa: E402

from host_tools.readers.keras_reader import load  # noqa: E402


def main(model_path: str, data_path: str, out_path: str) -> None:
    model = load(model_path)
    samples = np.load(data_path)["x"]
    one = tf.TensorSpec((1, *samples.shape[1:]), tf.float32)  # a free batch converts wrongly
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(one)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(function)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(out_path).write_bytes(converter.convert())


if __name__ == "__main__":
    main(*sys.argv[1:])
