"""A model too large for the heap: memory.py BIG. Prints the sentence; then a small list still fits."""

import sys

from _engine import ENGINE

import upyml

try:
    upyml.load(sys.argv[1], ENGINE)
except MemoryError as error:
    print("MemoryError:", error)
print(len([0] * 100))
