"""Families of the graph's ops beyond the base ones, a module each: what ops.py, shapes.py and float_ops.py say of the others.

KINDS: kind to Kind, as in ops.py. SHAPES: kind to a function of the op that gives its output's shape. FLOAT: kind to a
function of the op and its inputs on real values. SAME, FIXED: how outputs are quantized, see passes/scales.py.
STREAMS, where there is one: kind to how it is done frame by frame, see passes/streaming.py. How they are lowered stands in passes/lower_<family>.py.
"""

from host_tools.families import attention, math, recurrent, signal, stream, wide

FAMILIES = (math, attention, recurrent, stream, signal, wide)


def merged(name: str) -> dict:
    """One table of all families: by its name in their modules."""
    return {kind: entry for family in FAMILIES for kind, entry in getattr(family, name, {}).items()}
