from upyml.sensors.base import Base

MAGIC: int
DATA: int
END: int
HEADER: int

def record(sensor: Base, frames: int, block: int, text: bool = False) -> None: ...
