"""Small random models of the ops of the family STREAM. A state is none of a model's outputs, so a RESHAPE copies it into one."""

import numpy as np

from upyml.format import layout
from upyml.format.encode import encode
from upyml.format.ops_stream import SHIFT, START, SVDF


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


class Svdf(StateOp):
    """Filters with a memory of INT8 or INT16."""

    def __init__(self, inputs, units, rank, memory, wide):
        super().__init__(SVDF, [(inputs,)], (units,), layout.INT8)
        self.filters, self.memory, self.rank, self.wide = units * rank, memory, rank, wide

    def encode(self, rng, order=layout.DISJOINT, offsets=None):
        at = offsets or [0, self.size(0) + -self.size(0) % 4]
        wide, (inputs,), (units,) = self.wide, self.inputs[0], self.output
        memories = {"dtype": layout.INT16 if wide else layout.INT8, "shape": (self.filters, self.memory), "scale": 0.01,
                    "zero_point": 0 if wide else _int(rng, -5, 5)}
        time = rng.integers(-32000 if wide else -127, 32000 if wide else 128, self.filters * self.memory)
        feature = rng.integers(-127, 128, self.filters * inputs).astype(np.int8)
        like = {"dtype": layout.INT8, "scale": 0.03125}
        tensors = [
            {"kind": layout.ARENA, "shape": self.inputs[0], "offset": at[0], "zero_point": _int(rng, -128, 127), **like},
            {"kind": layout.STATE, "offset": 16, **memories},
            {"kind": layout.CONSTANT, "shape": (self.filters, inputs), "data": feature.tobytes(), "zero_point": 0, **like},
            {"kind": layout.CONSTANT, **memories, "data": time.astype("<i2" if wide else "i1").tobytes()},
            {"kind": layout.CONSTANT, "dtype": layout.INT32, "shape": (units,), "scale": 1.0, "zero_point": 0,
             "data": rng.integers(-(1 << 20), 1 << 20, units).astype("<i4").tobytes()},
            {"kind": layout.ARENA, "shape": self.output, "offset": at[1], "zero_point": _int(rng, -128, 127), **like},
        ]
        params = {"rank": self.rank, "multiplier1": _int(rng, 1 << 30, (1 << 31) - 1), "shift1": _int(rng, -8, 1 if wide else -5),
                  "multiplier2": _int(rng, 1 << 30, (1 << 31) - 1), "shift2": _int(rng, -22, -16) if wide else _int(rng, -9, -5)}
        op = {"opcode": SVDF, "order": order, "inputs": [0, 1, 2, 3, 4], "outputs": [5], "params": params,
              "top": max(at[0] + self.size(0), at[1] + self.size(-1))}
        state = 16 + self.filters * self.memory * (2 if wide else 1)
        return encode(tensors, [op], [0], [5], {"name": "SVDF"}, state_size=state + -state % 16)


def _svdf(rng, opcode):
    return Svdf(_int(rng, 1, 12), _int(rng, 1, 5), _int(rng, 1, 3), _int(rng, 1, 8), rng.random() < 0.5)


MAKERS = (((SHIFT, START), _state_op), ((SVDF,), _svdf))
