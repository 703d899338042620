from array import array
from collections.abc import Sequence

from upyml.model import Model

class Stream:
    window: int
    hop: int
    channels: int
    def __init__(self, model: Model, hop: int | None = None, window: int | None = None) -> None: ...
    def reset(self) -> None: ...
    def push(self, sample: float | Sequence[float]) -> tuple[str | int, float] | array[float] | None: ...
