"""The engine in Python: the definition of every op, and the fallback where the C engine cannot run.

It has the same names as `_upyml` and gives the same bytes. It uses NumPy where that is there, ulab for the dot
products where that is there, and plain loops elsewhere.
"""

from upyml import __version__ as VERSION  # noqa: F401
from upyml._reference.casting import allocate, cast  # noqa: F401
from upyml._reference.engine import Engine  # noqa: F401


def check(model):
    """Bytes of arena the model needs, or a negative error code (see upyml.format.explain)."""
    from upyml.format import check as questions

    return questions.check(model)
