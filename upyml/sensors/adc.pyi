from collections.abc import Sequence

from upyml.sensors.base import Base

class Sensor(Base):
    def __init__(
        self,
        rate: float = 100,
        *,
        pins: Sequence[int] = (26,),
        reference: float = 3.3,
        buffer: int = 256,
        timer: int = -1,
    ) -> None: ...
    def close(self) -> None: ...
