"""Run a model on raw inputs: run_model.py MODEL INPUTS [OUTPUTS].

INPUTS holds the raw bytes of all inputs, run after run. Prints the CRC-32 of each run's outputs; with OUTPUTS their raw
bytes are written there too.
"""

import binascii
import sys
from array import array

from _engine import ENGINE

import upyml

CODES = {"int8": ("b", 1), "uint8": ("B", 1), "int16": ("h", 2), "int32": ("i", 4), "float32": ("f", 4)}


def put(view, dtype, data, at):
    """Fill a view from the bytes at `at`; answers the place after them."""
    code, width = CODES[dtype]
    end = at + width * len(view)
    if hasattr(view, "raw"):  # the Python engine's own view
        view, code = view.raw, "b"
    view[:] = memoryview(array(code, data[at:end]))
    return end


def raw(view):
    """A view's bytes."""
    return bytes(view.raw if hasattr(view, "raw") else view)


def main(path, inputs, outputs=None):
    model = upyml.load(path, ENGINE)
    with open(inputs, "rb") as file:
        data = file.read()
    written = open(outputs, "wb") if outputs else None
    at = 0
    while at < len(data):
        for view, details in zip(model.inputs, model.input_details):
            at = put(view, details.dtype, data, at)
        model.run()
        crc = 0
        for view in model.outputs:
            part = raw(view)
            crc = binascii.crc32(part, crc)
            if written:
                written.write(part)
        print(crc & 0xFFFFFFFF)
    if written:
        written.close()


main(*sys.argv[1:])
