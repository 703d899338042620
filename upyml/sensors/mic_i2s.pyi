from upyml.sensors.base import Base

class Sensor(Base):
    def __init__(
        self,
        rate: int = 8000,
        *,
        gain: int = 0,
        buffer_ms: int = 500,
        sck: int = 16,
        ws: int = 17,
        sd: int = 18,
        id: int = 0,
    ) -> None: ...
