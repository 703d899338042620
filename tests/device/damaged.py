"""Cut and changed files: damaged.py MODEL. Prints the errors that the check answers, which must be the same everywhere.

Each cut is refused; each changed byte is refused by the CRC-32; with the CRC-32 repaired the check answers an arena, whose
size is this engine's own, or an error, and never reads outside the file.
"""

import binascii
import struct
import sys

from _engine import ENGINE

if ENGINE is None:
    try:
        import _upyml as ENGINE
    except ImportError:
        import upyml._reference as ENGINE

with open(sys.argv[1], "rb") as file:
    data = bytearray(file.read())
step = int(sys.argv[2]) if len(sys.argv) > 2 else 1

passed = 0
crc = 0
for size in range(0, len(data), step):
    code = ENGINE.check(memoryview(data)[:size])
    passed += code >= 0
    crc = binascii.crc32(struct.pack("<i", min(code, 0)), crc)
print("cut", passed, crc)

passed = 0
for at in range(0, len(data), step):
    data[at] ^= 1 + at % 255
    passed += ENGINE.check(data) >= 0
    data[at] ^= 1 + at % 255
print("changed", passed)

passed = 0
crc = 0
for at in range(16, len(data), step):
    data[at] ^= 1 + at % 255
    view = memoryview(data)
    struct.pack_into("<I", data, 12, binascii.crc32(view[16:], binascii.crc32(view[:12])) & 0xFFFFFFFF)
    code = ENGINE.check(data)
    passed += code >= 0
    crc = binascii.crc32(struct.pack("<i", min(code, 0)), crc)
    data[at] ^= 1 + at % 255
print("repaired", passed, crc)
