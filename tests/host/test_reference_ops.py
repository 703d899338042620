"""Every engine against single ops that TFLite Micro ran (tests/vectors/ops.txt)."""

import op_vectors
import pytest
from small_models import outputs

from upyml import _reference

CASES = op_vectors.read()
NAMES = [f"{number}-{case['op'].lower()}" for number, case in enumerate(CASES)]


class Plain:
    """The loops in plain Python, which boards run."""

    check = staticmethod(_reference.check)

    @staticmethod
    def Engine(model, arena):
        return _reference.Engine(model, arena, "plain")


def _engine(name):
    if name == "native":
        import _upyml

        return _upyml
    return Plain if name == "plain" else _reference


@pytest.mark.parametrize("engine", ["plain", "numpy", "native"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_an_op_gives_the_bytes_of_tflite_micro(case, engine):
    engine = _engine(engine)
    file, inputs = op_vectors.model(case)
    arena = bytearray(engine.check(file))
    at = 0
    for data in inputs:
        arena[at : at + len(data)] = data
        at += (len(data) + 3) // 4 * 4
    engine.Engine(file, arena).run()
    (answer,) = outputs(file, arena)
    assert answer.hex() == case["output"]["data"]
