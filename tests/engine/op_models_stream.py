"""Small random models of the ops of the family STREAM. A state is none of a model's outputs, so a RESHAPE copies it into one."""

import numpy as np

from upyml.format import layout
from upyml.format.encode import encode
from upyml.format.ops_stream import SHIFT, START


def _int(rng, low, high):
    return int(rng.integers(low, high + 1))


class StateOp:
    """The op, then the copy of the state. `place` of the state's tensor is that of the model's output, the copy's."""

    def __init__(self, opcode, inputs, output, dtype):
        self.opcode, self.inputs, self.output, self.params = opcode, inputs, output, {}
        self.dtypes = [dtype] * (len(inputs) + 1)
        self.constant = None

    def size(self, place):
        shape = (list(self.inputs) + [self.output])[place]
        return int(np.prod(shape)) * layout.DTYPES[self.dtypes[place]][1]

    def encode(self, rng, order=layout.DISJOINT, offsets=None):
        """The file. offsets: where input and output lie in the activation area; one after another if not given."""
        dtype = self.dtypes[0]
        low, high = ((-128, 127), (0, 255), (-300, 300), (0, 0), (0, 0))[dtype]
        like = {"dtype": dtype, "scale": 0.03125, "zero_point": _int(rng, low, high)}
        at = offsets or [0, self.size(0) + -self.size(0) % 4]
        tensors = [
            {"kind": layout.ARENA, "shape": self.inputs[0], "offset": at[0], **like},
            {"kind": layout.ARENA, "shape": self.output, "offset": at[1], **like},
            {"kind": layout.STATE, "shape": self.output, "offset": 16, **like},
            {"kind": layout.STATE, "dtype": layout.INT8, "shape": (1,), "scale": 1.0, "zero_point": 0, "offset": 0},
        ]
        top = max(at[0] + self.size(0), at[1] + self.size(-1))
        inputs = [0] if self.opcode == SHIFT else [3, 0]
        ops = [{"opcode": self.opcode, "inputs": inputs, "outputs": [2]}, {"opcode": layout.RESHAPE, "inputs": [2], "outputs": [1]}]
        ops = [{"order": layout.DISJOINT, "top": top, "params": {}, **op} for op in ops]
        state = 16 + self.size(-1)
        return encode(tensors, ops, [0], [1], {"name": layout.OPS[self.opcode][0]}, state_size=state + -state % 16)


def _state_op(rng, opcode):
    row, rows = _int(rng, 1, 9), _int(rng, 1, 12)
    new = rows if opcode == START else _int(rng, 1, rows)
    dtypes = (layout.INT8, layout.UINT8, layout.INT16, layout.FLOAT32)
    return StateOp(opcode, [(new, row)], (rows, row), int(rng.choice(dtypes)))


MAKERS = (((SHIFT, START), _state_op),)
