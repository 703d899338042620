"""TensorFlow Lite Micro's Python interpreter, pinned in setup.cfg, as the one whose outputs are right.

right = Tflm(content)
right(raw_inputs) -> list of raw outputs
"""

import numpy as np


class Tflm:
    """A .tflite file's content in the interpreter."""

    def __init__(self, content: bytes):
        from tflite_micro import runtime

        self.interpreter = runtime.Interpreter.from_bytes(content, arena_size=1 << 22)

    def __call__(self, inputs, outputs: int) -> list[np.ndarray]:
        """Flat raw outputs for flat raw inputs."""
        for number, values in enumerate(inputs):
            shape = self.interpreter.get_input_details(number)["shape"]
            self.interpreter.set_input(np.reshape(values, shape), number)
        self.interpreter.invoke()
        return [np.ravel(self.interpreter.get_output(i)) for i in range(outputs)]


def raw_inputs(model, chance, count: int):
    """`count` random raw inputs of a upyml Model, then all lowest, all highest, all zero point."""
    for _ in range(count):
        yield [_values(details, chance) for details in model.input_details]
    for fill in (np.min, np.max, None):
        yield [_filled(details, fill) for details in model.input_details]


def _values(details, chance):
    if details.dtype == "float32":
        return chance.normal(0, 2, details.size).astype(np.float32)
    limits = np.iinfo(details.dtype)
    return chance.integers(limits.min, limits.max + 1, details.size).astype(details.dtype)


def _filled(details, fill):
    if details.dtype == "float32":
        value = {np.min: -1e5, np.max: 1e5}.get(fill, 0.0)
    else:
        limits = np.iinfo(details.dtype)
        value = details.zero_point if fill is None else fill([limits.min, limits.max])
    return np.full(details.size, value, details.dtype)


def run_raw(model, inputs) -> list[np.ndarray]:
    """A upyml Model's flat raw outputs for flat raw inputs."""
    for view, values in zip(model.inputs, inputs):
        view[:] = memoryview(values)
    model.run()
    return [np.array(view) for view in model.outputs]
