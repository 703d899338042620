"""Ops with memory from run to run: op codes from 96 on, see layout.py."""

SHIFT, START, SVDF = 96, 97, 98

_SCALING = (("multiplier1", "i"), ("multiplier2", "i"), ("shift1", "b"), ("shift2", "b"))

OPS = {
    SHIFT: ("SHIFT", ()),  # a window that moves on: the input comes in at the state's end
    START: ("START", ()),  # what a state begins with, where that is not its zero point
    SVDF: ("SVDF", _SCALING + (("rank", "H"),)),  # filters over what came in, each with a memory, in groups of `rank`
}  # op code: (name, fields)
