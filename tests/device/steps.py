"""A model that remembers, step by step: steps.py MODEL STEPS. Prints the CRC-32 of the outputs so far every 20 steps.

The inputs are those of test vectors (upyml/format/SPEC.md), one seed after another.
"""

import binascii
import sys

from _engine import ENGINE

import upyml
from upyml import inspection

model = upyml.load(sys.argv[1], ENGINE)
seed, crc = 1, 0
for step in range(1, int(sys.argv[2]) + 1):
    seed = inspection.fill(model, seed)
    model.run()
    for view in model.outputs:
        crc = binascii.crc32(bytes([value & 255 for value in view]), crc)
    if step % 20 == 0:
        print(step, "%08x" % (crc & 0xFFFFFFFF))
print(model.selftest())
