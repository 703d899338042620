from array import array
from collections.abc import Callable, Iterable
from os import PathLike
from types import ModuleType
from typing import Any, Literal

from typing_extensions import Buffer, TypeAlias

from upyml.inspection import Failure
from upyml.stream import Stream

Numbers: TypeAlias = Buffer | Iterable[float] | Iterable[Numbers]

class Details:
    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    size: int
    def __init__(self, name: str, record: dict[str, Any]) -> None: ...

class Model:
    arena_size: int
    input: memoryview | None
    output: memoryview
    inputs: tuple[memoryview | None, ...]
    caller_inputs: tuple[bool, ...]
    outputs: tuple[memoryview, ...]
    input_details: tuple[Details, ...]
    output_details: tuple[Details, ...]
    run: Callable[..., None]
    def __init__(self, source: str | PathLike[str] | Buffer, engine: ModuleType | None = None) -> None: ...
    def bind(self, buffer: Buffer, i: int = 0) -> None: ...
    @property
    def metadata(self) -> dict[str, str]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    def predict(self, x: Numbers | tuple[Numbers, ...]) -> array[float] | tuple[array[float], ...]: ...
    def classify(self, x: Numbers | tuple[Numbers, ...]) -> tuple[str | int, float]: ...
    def reset(self) -> None: ...
    def stream(self, hop: int | None = None, window: int | None = None) -> Stream: ...
    def profile(self, x: Numbers | None = None) -> list[tuple[int, str, int, int]]: ...
    def selftest(self) -> Literal[True] | Failure: ...
