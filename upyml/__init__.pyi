from os import PathLike
from types import ModuleType

from typing_extensions import Buffer

from upyml.errors import ModelError as ModelError
from upyml.model import Model

__version__: str

def load(source: str | PathLike[str] | Buffer, engine: ModuleType | None = None) -> Model: ...
