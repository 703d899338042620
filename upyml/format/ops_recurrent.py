"""Recurrent layers: op codes from 64 on, see layout.py."""

OPS = {}  # op code: (name, fields)
