"""Run a model on raw inputs: run_model.py MODEL INPUTS [OUTPUTS].

INPUTS holds the raw bytes of all inputs, run after run. Prints the CRC-32 of each run's outputs; with OUTPUTS their raw
bytes are written there too.
"""

import binascii
import sys

from _engine import ENGINE

import upyml


def raw(view):
    """A view's bytes; the Python engine's own view has them in a field."""
    return view.raw if hasattr(view, "raw") else view


def main(path, inputs, outputs=None):
    model = upyml.load(path, ENGINE)
    file = open(inputs, "rb")
    written = open(outputs, "wb") if outputs else None
    while all([file.readinto(raw(view)) for view in model.inputs]):
        model.run()
        crc = 0
        for view in model.outputs:
            crc = binascii.crc32(raw(view), crc)
            if written:
                written.write(raw(view))
        print(crc & 0xFFFFFFFF)
    file.close()
    if written:
        written.close()


main(*sys.argv[1:])
