"""The packets of upyml/sensors/recorder.py, found in the bytes that come from a board, and what got lost between them."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass, field
from zlib import crc32

from upyml.sensors.recorder import DATA, END, HEADER, MAGIC

_FIELDS = struct.Struct("<HBBIIIH")
_MAGIC = struct.pack("<H", MAGIC)
LONGEST = 8192  # bytes of content: no packet has more, so a length beyond it is damage
TICKS = 1 << 30  # where the board's microseconds begin anew


@dataclass(frozen=True)
class Packet:
    """number: from 0, one more each. time: us of the board's clock. overruns: frames that its sensor lost so far."""

    kind: int
    number: int
    time: int
    overruns: int
    content: bytes


@dataclass
class Loss:
    """What did not arrive. packets: numbers that are missing; damaged: places in the stream that were no whole packet;
    overruns: frames that the sensor lost before they were sent."""

    packets: int = 0
    damaged: int = 0
    overruns: int = 0

    def __bool__(self) -> bool:
        return bool(self.packets or self.damaged or self.overruns)

    def __str__(self) -> str:
        parts = [
            f"{count:,} {one if count == 1 else more}"
            for count, one, more in (
                (self.packets, "packet missing", "packets missing"),
                (self.damaged, "piece damaged on the way", "pieces damaged on the way"),
                (self.overruns, "frame lost by the sensor", "frames lost by the sensor"),
            )
            if count
        ]
        return ", ".join(parts) or "nothing lost"


@dataclass
class Parser:
    """Takes bytes as they come, gives the packets that are whole; bytes between them are damage, and skipped.

    A packet within which the sensor lost frames is skipped, too. ended: the end packet has come; reason: why the recorder
    stopped, where not because all was sent. stopping: it was interrupted, which may cut the packet that it was sending.
    """

    text: bool = False
    loss: Loss = field(default_factory=Loss)
    ended: bool = False
    reason: str = ""
    stopping: bool = False
    _rest: bytes = b""
    _next: int = 0
    _in_damage: bool = False
    _gap: bool = False

    def feed(self, data: bytes) -> list[tuple[Packet, bool]]:
        """The data packets that are whole now, each with whether something is missing before it."""
        self._rest += data
        return self._packets()

    def finish(self) -> list[tuple[Packet, bool]]:
        """The same where no more bytes will come: what seemed to be the begin of a packet may have hidden others."""
        found = self._packets()
        while self._rest and not self.ended:
            self._damage()
            self._rest = self._rest[1:]
            found += self._packets()
        return found

    def _packets(self) -> list[tuple[Packet, bool]]:
        found = []
        while not self.ended:
            packet = self._line() if self.text else self._raw()
            if packet is None:
                break
            missing, self._next = packet.number - self._next, packet.number + 1
            whole = packet.overruns == self.loss.overruns
            self.loss.overruns = packet.overruns
            self.loss.packets += max(missing, 0) * (not self.stopping)
            self._gap |= missing > 0 or not whole
            if packet.kind == END:
                self.ended, self.reason = True, packet.content.decode(errors="replace")
            elif whole:
                found.append((packet, self._gap))
                self._gap = False
        return found

    def _raw(self) -> Packet | None:
        """The next whole packet, None where more bytes are needed."""
        while True:
            at = self._rest.find(_MAGIC)
            if at != 0:
                keep = len(self._rest) - (self._rest[-1:] == _MAGIC[:1]) if at < 0 else at
                if keep:
                    self._damage()
                self._rest = self._rest[keep:]
                if at < 0:
                    return None
            if len(self._rest) < HEADER:
                return None
            length = _FIELDS.unpack_from(self._rest)[-1]
            whole = HEADER + length + 4
            if length <= LONGEST and len(self._rest) < whole:
                return None
            packet = _packet(self._rest[:whole]) if length <= LONGEST else None
            if packet:
                self._rest, self._in_damage = self._rest[whole:], False
                return packet
            self._damage()
            self._rest = self._rest[1:]  # a packet may begin within the one that is damaged

    def _line(self) -> Packet | None:
        while b"\n" in self._rest:
            line, self._rest = self._rest.split(b"\n", 1)
            line = line.rstrip(b"\r")
            try:
                packet = _packet(base64.b64decode(line[1:], validate=True)) if line[:1] == b"!" else None
            except binascii.Error:
                packet = None
            if packet:
                self._in_damage = False
                return packet
            if line:
                self._damage()
        return None

    def _damage(self) -> None:
        """Counts a run of bytes that are no packet once."""
        if not self._in_damage and not self.stopping:
            self.loss.damaged += 1
        self._in_damage = True


def _packet(raw: bytes) -> Packet | None:
    """A packet from exactly its bytes, None where it is damaged."""
    if len(raw) < HEADER + 4:
        return None
    magic, kind, zero, number, time, overruns, length = _FIELDS.unpack_from(raw)
    (crc,) = struct.unpack_from("<I", raw, len(raw) - 4)
    if magic != MAGIC or kind not in (DATA, END) or zero or len(raw) != HEADER + length + 4 or crc != crc32(raw[2:-4]):
        return None
    return Packet(kind, number, time, overruns, raw[HEADER:-4])
