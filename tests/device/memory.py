"""A model too large for the heap: memory.py BIG. Prints the sentence; then a small list still fits.

On a heap that holds the model (6 MB) but not its input as numbers (12 MB) the sentence is predict()'s.
"""

import sys

from _engine import ENGINE

import upyml

try:
    model = upyml.load(sys.argv[1], ENGINE)
    model.predict(range(model.input_details[0].size))
except MemoryError as error:
    print("MemoryError:", error)
print(len([0] * 100))
