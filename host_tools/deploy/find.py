"""Which serial ports may have a board behind them, and which one is meant."""

from __future__ import annotations

import os
from dataclasses import dataclass

from host_tools.deploy import errors

MORE = "UPYML_PORTS"  # environment: more ports to look at, with commas between


@dataclass(frozen=True)
class Port:
    """A port to open, and what its USB device calls itself."""

    device: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.device} ({self.title})" if self.title else self.device


def ports() -> list[Port]:
    """The serial ports of USB devices, and those the environment names: emulated boards, sockets."""
    from serial.tools import list_ports

    found = [
        Port(port.device, " ".join(text for text in (port.manufacturer, port.product) if text))
        for port in sorted(list_ports.comports())
        if port.vid is not None  # a computer's own serial ports are none
    ]
    named = (device.strip() for device in os.environ.get(MORE, "").split(","))
    return found + [Port(device) for device in named if device and device not in {port.device for port in found}]


def choose(given: str | None) -> str:
    """The given port, else the only one there is. Raises errors.NoBoard, SeveralBoards."""
    if given:
        return given
    found = ports()
    if not found:
        raise errors.NoBoard(
            "no board found: connect one by a USB cable that carries data, or name its port with --port "
            "(a board without firmware shows no port: `upyml flash`)"
        )
    if len(found) > 1:
        raise errors.SeveralBoards(f"several boards found, choose one with --port: {', '.join(map(str, found))}")
    return found[0].device
