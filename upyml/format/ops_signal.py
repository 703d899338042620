"""Signal processing: from samples to features: op codes from 128 on, see layout.py."""

OPS = {}  # op code: (name, fields)
