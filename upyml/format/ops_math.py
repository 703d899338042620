"""Ops on tensors beyond the base ones: op codes from 32 on, see layout.py."""

OPS = {}  # op code: (name, fields)
