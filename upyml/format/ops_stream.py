"""Ops with memory from run to run: op codes from 96 on, see layout.py."""

SHIFT, START = 96, 97

OPS = {
    SHIFT: ("SHIFT", ()),  # a window that moves on: the input comes in at the state's end
    START: ("START", ()),  # what a state begins with, where that is not its zero point
}  # op code: (name, fields)
