"""What `upyml record` runs on the board: a sensor's frames to the standard output, in packets that show what got lost.

A packet: 18 bytes of header, little-endian: the number MAGIC (2 bytes), its kind (1), 0 (1), its number from 0 (4), when
it was filled in us (4; counts up to 2**30, then from 0), the sensor's overruns so far (4), how many bytes follow (2).
Then those: int16 counts (DATA) or text (END: why it ended, nothing if all is well). Then the CRC-32 of all but MAGIC (4).
As text, a packet is a line of base64 behind "!".

The hardware's own buffer, a FIFO, DMA or a timer's ring, takes the frames that come while a packet is sent.
"""

import sys
from array import array
from binascii import b2a_base64, crc32
from struct import pack_into

from upyml.sensors.base import ticks_us

MAGIC = 0x55A9
DATA, END = 0, 1
HEADER = 18
LONGEST = 200  # characters of a reason


class Packets:
    """Numbers packets and writes them."""

    def __init__(self, sensor, text):
        self._sensor = sensor
        self._number = 0
        if text or not hasattr(sys.stdout, "buffer"):
            self._write = lambda packet: sys.stdout.write("!%s" % b2a_base64(packet).decode())
        else:
            self._write = sys.stdout.buffer.write

    def send(self, packet, body, kind, length):
        """packet: room for all of it; body: a memoryview of it from the kind to the last of the `length` bytes."""
        pack_into(
            "<HBBIIIH", packet, 0, MAGIC, kind, 0, self._number, ticks_us() & 0x3FFFFFFF, self._sensor.overruns, length
        )
        pack_into("<I", packet, HEADER + length, crc32(body) & 0xFFFFFFFF)
        self._number += 1
        self._write(packet)


def record(sensor, frames, block, text=False):
    """Sends so many frames, in packets of `block` frames; fewer where the sensor has no more, or at Ctrl-C."""
    packets = Packets(sensor, text)
    reason = ""
    try:
        _send(sensor, packets, frames, block)
    except KeyboardInterrupt:
        pass
    except Exception as error:  # whatever it is, the computer has to know that no more comes
        reason = "%s: %s" % (type(error).__name__, error)
    reason = reason.encode()[:LONGEST]
    packet = bytearray(HEADER + len(reason) + 4)
    packet[HEADER : HEADER + len(reason)] = reason
    packets.send(packet, memoryview(packet)[2 : HEADER + len(reason)], END, len(reason))


def _send(sensor, packets, frames, block):
    width = len(sensor.channels)
    size = min(block, frames)
    while frames > 0 and size:
        words = size * width
        packet = array("h", bytes(HEADER + 2 * words + 4))
        counts = memoryview(packet)[HEADER // 2 : HEADER // 2 + words]
        body = memoryview(packet)[1 : HEADER // 2 + words]
        while frames >= size:
            got = sensor.readinto(counts)
            if got < size:  # no more: what there is goes in a packet of its own
                if got:
                    rest = bytearray(HEADER + 2 * got * width + 4)
                    rest[HEADER:-4] = bytes(counts[: got * width])
                    packets.send(rest, memoryview(rest)[2:-4], DATA, 2 * got * width)
                return
            packets.send(packet, body, DATA, 2 * words)
            frames -= size
        size = frames
