"""The float model that a .upm file was made from: it runs, and shows what each of its layers makes."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from host_tools.errors import ConversionError
from host_tools.readers import formats

Observe = Callable[[int, np.ndarray], None]  # a number among `names`, and what that layer made: (n, *shape)


def load(path: Path) -> KerasModel | TfliteModel:
    """Of a .keras, .h5 or .tflite file. Raises ConversionError, and FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    return TfliteModel(path) if formats.reader_of(path) == formats.TFLITE else KerasModel(path)


class KerasModel:
    """Runs in NumPy. names: of what each op makes, by number."""

    def __init__(self, path: Path):
        from host_tools.readers import keras_file, keras_reader

        self.graph = keras_reader.read(keras_file.load(path))
        made = [(op, tensor) for op in self.graph.ops for tensor in op.outputs]
        self.names = {number: op.name or tensor.name for number, (op, tensor) in enumerate(made)}
        self.numbers = {tensor: number for number, (_, tensor) in enumerate(made)}

    def run(self, x: Sequence[np.ndarray], observe: Observe | None = None) -> np.ndarray:
        """The first output, (n, *shape)."""
        from host_tools import float_runtime

        def seen(tensor, values) -> None:
            if tensor in self.numbers:  # no input
                observe(self.numbers[tensor], values)

        return float_runtime.run(self.graph, x, seen if observe else None, len(x[0]))[0]


class TfliteModel:
    """Runs in TensorFlow Lite. A quantized file does, too: with the real values of its integers. names: as above."""

    def __init__(self, path: Path):
        from host_tools.readers.keras_file import quiet

        try:
            with quiet():
                import tensorflow as tf
        except ImportError:
            raise ConversionError("a .tflite file to compare with needs TensorFlow: pip install 'upyml[keras]'") from None
        lite = tf.lite
        plain = lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # these would swallow layers
        try:
            with quiet(), warnings.catch_warnings(action="ignore"):  # it advertises its successor
                self.interpreter = lite.Interpreter(
                    str(path), experimental_op_resolver_type=plain, experimental_preserve_all_tensors=True
                )
                self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ConversionError(f"{path}: TensorFlow Lite does not run it: {error}") from None
        self.made = [number for op in self.interpreter._get_ops_details() for number in op["outputs"]]
        self.details = {one["index"]: one for one in self.interpreter.get_tensor_details()}
        self.names = {number: _short(self.details[number]["name"]) for number in self.made}

    def run(self, x: Sequence[np.ndarray], observe: Observe | None = None) -> np.ndarray:
        """The first output, (n, *shape)."""
        inputs = self.interpreter.get_input_details()
        if len(inputs) != len(x):
            raise ConversionError(f"the float model has {len(inputs)} inputs, and the data {len(x)}")
        outputs, seen = [], {number: [] for number in self.made if observe}
        for sample in zip(*x):
            for details, values in zip(inputs, sample):
                if values.size != np.prod(details["shape"]):
                    raise ConversionError(
                        f"the float model takes samples of shape {tuple(details['shape'][1:])}, and the data has {values.shape}"
                    )
                self.interpreter.set_tensor(details["index"], _quantized(values.reshape(details["shape"]), details))
            self.interpreter.invoke()
            for number, found in seen.items():
                found.append(self._real(number))
            outputs.append(self._real(self.interpreter.get_output_details()[0]["index"]))
        for number, found in seen.items():
            if found[0].dtype.kind == "f":
                observe(number, np.concatenate(found))
        return np.concatenate(outputs)

    def _real(self, number: int) -> np.ndarray:
        """A tensor with the batch's axis, of length 1, in front."""
        details, raw = self.details[number], self.interpreter.get_tensor(number)
        scale, zero_point = details["quantization"]
        real = (raw.astype(np.float32) - zero_point) * np.float32(scale) if scale else raw
        return real if real.ndim and len(real) == 1 else real[None]


def _quantized(values: np.ndarray, details: dict) -> np.ndarray:
    scale, zero_point = details["quantization"]
    if not scale:
        return values.astype(details["dtype"])
    limits = np.iinfo(details["dtype"])
    return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(details["dtype"])


def _short(name: str) -> str:
    """TensorFlow's names say a whole way: the end of the first of a list of ways."""
    return "/".join(name.split(";")[0].split("/")[-2:]) or name
