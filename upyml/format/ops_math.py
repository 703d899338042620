"""Ops on tensors beyond the base ones: op codes from 32 on, see layout.py."""

from upyml.format import ops_attention

OPS = {}  # op code: (name, fields)
OPS.update(ops_attention.OPS)
