"""Machine learning on a microcontroller: load a .upm model and run it.

    model = upyml.load("gesture.upm")
    label, score = model.classify(samples)
"""

from upyml.errors import ModelError  # noqa: F401

__version__ = "0.1.0"


def load(source, engine=None):
    """The Model in a .upm file: a path, or a buffer with the file's bytes.

    A buffer must not change while the model is used: MicroPython takes the bytes where they are (CPython copies a
    buffer that can be written). engine: the module that runs it; by default `_upyml` where it is there,
    else upyml._reference. Raises OSError where the file cannot be read, ModelError where it cannot be used, MemoryError
    where it does not fit.
    """
    from upyml.model import Model

    return Model(source, engine)
