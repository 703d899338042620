"""The file's own test vectors: selftest.py MODEL WRONG. WRONG is the same model with one expected CRC-32 changed."""

import sys

from _engine import ENGINE

import upyml

for path in sys.argv[1:]:
    answer = upyml.load(path, ENGINE).selftest()
    print(answer)
    print(bool(answer), answer == str(answer) or answer is True, answer == "another")
