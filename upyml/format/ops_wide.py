"""Ops on INT16 activations with INT8 weights: op codes from 160 on, see layout.py."""

OPS = {}  # op code: (name, fields)
