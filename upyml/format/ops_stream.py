"""Ops with memory from run to run: op codes from 96 on, see layout.py."""

OPS = {}  # op code: (name, fields)
