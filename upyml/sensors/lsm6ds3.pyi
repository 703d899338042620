from typing import Any

from upyml.sensors.base import Base

class Sensor(Base):
    def __init__(
        self,
        rate: float = 104,
        *,
        g: int = 8,
        dps: int = 1000,
        bus: Any | None = None,
        scl: int = 5,
        sda: int = 4,
        id: int = 0,
        address: int = 0x6A,
    ) -> None: ...
