"""Random models with a fused group, and what a plan has to know of it: when which rows are made and read."""

from dataclasses import dataclass, field

import numpy as np
from op_models import FLOAT_SAFE, binary_params, window_op

from upyml.format import layout
from upyml.format.encode import encode

WINDOWS = (layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.MAX_POOL, layout.AVERAGE_POOL)
SUMS = (layout.ADD, layout.SUB, layout.MUL)


@dataclass
class Op:
    """One op; tensors by number."""

    opcode: int
    inputs: list
    output: int
    params: dict
    strip: int = 0

    def rows_read(self, first, end, height):
        """The input rows [low, high) that output rows [first, end) read."""
        p = self.params
        if self.opcode in SUMS:
            return first, end
        low = first * p["stride_h"] - p["pad_top"]
        high = (end - 1) * p["stride_h"] - p["pad_top"] + (p["kernel_h"] - 1) * p["dilation_h"] + 1
        return max(low, 0), min(max(high, 0), height)


    def is_in_place(self, tensors):
        """Does each output row need the input row at its place, of the same size, and no other?"""
        p, same = self.params, tensors[self.inputs[0]][0] == tensors[self.output][0]
        return self.opcode == layout.CONV2D and same and p["kernel_h"] == p["kernel_w"] == p["stride_h"] == 1


@dataclass
class Step:
    """Op `op` of the group makes rows [first, end) while `made` rows of each of the group's tensors are there."""

    op: int
    first: int
    end: int
    made: dict


@dataclass
class Group:
    """A model: ops before the group, `ops[first:end]` the group, ops behind it."""

    tensors: list = field(default_factory=list)  # (shape, zero point, data of a constant or None)
    ops: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    first: int = 0
    end: int = 0

    def size(self, tensor):
        """Bytes of the whole tensor."""
        return int(np.prod(self.tensors[tensor][0]))

    def row(self, tensor):
        """Bytes of a row."""
        return self.size(tensor) // self.height(tensor)

    def height(self, tensor):
        """Rows of the whole tensor."""
        return self.tensors[tensor][0][0]

    @property
    def grouped(self):
        """The group's ops by number."""
        return {number: self.ops[number] for number in range(self.first, self.end)}

    def steps(self):
        """What the group does, step by step: the demand pull of SPEC.md, "Fused groups"."""
        maker = {op.output: number for number, op in self.grouped.items()}
        made = {tensor: 0 for tensor in maker}
        steps = []

        def advance(number, asked):
            op = self.ops[number]
            end = min(made[op.output] + op.strip, asked)
            for tensor in op.inputs:
                needed = op.rows_read(0, end, self.height(tensor))[1]
                while tensor in maker and made[tensor] < needed:
                    advance(maker[tensor], needed)
            steps.append(Step(number, made[op.output], end, dict(made)))
            made[op.output] = end

        last = self.ops[self.end - 1].output
        while made[last] < self.height(last):
            advance(self.end - 1, self.height(last))
        return steps

    def least_rings(self):
        """Rows that each tensor inside the group needs room for."""
        rings = {}
        for step in self.steps():
            op = self.ops[step.op]
            for tensor in op.inputs:
                if tensor in step.made:
                    low, _ = op.rows_read(step.first, step.end, self.height(tensor))
                    rings[tensor] = max(rings.get(tensor, 1), step.made[tensor] - low)
        return rings

    def last_over(self, tensor):
        """The largest distance from a tensor outside to the last output that keeps rows which are still to be read."""
        last, limit, unread = self.ops[self.end - 1].output, self.size(tensor), self.height(tensor)
        for step in reversed(self.steps()):
            op = self.ops[step.op]
            if tensor in op.inputs:
                unread = min(unread, op.rows_read(step.first, step.end, self.height(tensor))[0])
            if op.output == last and unread < self.height(tensor):
                limit = min(limit, unread * self.row(tensor) - step.end * self.row(last))
        return limit

    def may_lie_under_the_last(self):
        """Tensors outside that the group is the last to read."""
        read = {tensor for op in self.grouped.values() for tensor in op.inputs}
        later = {tensor for op in self.ops[self.end:] for tensor in op.inputs} | set(self.outputs)
        made = {op.output for op in self.grouped.values()}
        return [tensor for tensor in sorted(read - later - made) if self.tensors[tensor][2] is None]

    def may_write_over(self):
        """1x1 convolutions inside the group whose rows may lie in their input's ring: op number to the ring's rows."""
        found = {}
        for number, op in self.grouped.items():
            x = op.inputs[0]
            readers = [other for other in self.ops if x in other.inputs]
            makers = [place for place, other in self.grouped.items() if other.output == x]
            if makers and readers == [op] and number < self.end - 1 and op.is_in_place(self.tensors):
                found[number] = max(
                    step.end - self.unread(op.output, i) for i, step in enumerate(self.steps()) if step.op == makers[0]
                )
        return found

    def unread(self, tensor, number):
        """The first row of a tensor that step `number` or a later one reads."""
        steps = [(self.ops[step.op], step) for step in self.steps()[number:]]
        lows = [op.rows_read(step.first, step.end, self.height(tensor))[0] for op, step in steps if tensor in op.inputs]
        return min([self.height(tensor), *lows])

    def encode(self, fused=True, rings=None, under=None, gap=0, vectors=(), over=None):
        """The file.

        rings: rows for tensors of the group, the others are whole; under: a tensor the last output lies over; gap:
        free bytes in front of each tensor; over: an op of may_write_over(), whose output lies where its input does.
        """
        rings = dict(rings or {})
        if over is not None:
            inside, made = self.ops[over].inputs[0], self.ops[over].output
            rings[inside] = rings[made] = max(self.may_write_over()[over], rings.get(inside, 1), rings.get(made, 1))
        records, at, last = [], 0, self.ops[self.end - 1].output
        for number, (shape, zero_point, data) in enumerate(self.tensors):
            record = {"kind": layout.ARENA, "dtype": layout.INT8, "shape": shape, "scale": FLOAT_SAFE,
                      "zero_point": zero_point, "ring_rows": rings.get(number, 0)}
            records.append(record)
            if data is not None:
                record.update(kind=layout.CONSTANT, data=data)
            elif number != last or under is None:
                record["offset"] = at + gap
                if number == under:
                    record["offset"] += max(0, -self.last_over(under))
                    at = max(record["offset"] + self.last_over(under) + self.size(last), at)
                at = max(at, record["offset"] + rings.get(number, shape[0]) * self.row(number))
        if over is not None:
            records[made]["offset"] = records[inside]["offset"]
        if under is not None:
            records[last]["offset"] = records[under]["offset"] + self.last_over(under)
        ops = [{"opcode": op.opcode, "order": layout.DISJOINT, "inputs": op.inputs, "outputs": [op.output], "top": at,
                "params": op.params} for op in self.ops]
        if fused:
            ops[self.first]["fused"] = self.end - self.first
            for number, op in self.grouped.items():
                ops[number]["strip"] = op.strip
            if over is not None:
                ops[over]["order"] = layout.FORWARD
        return encode(records, ops, self.inputs, self.outputs, {}, vectors)


class _Builder:
    """Adds ops to a Group, each to what the one before it made."""

    def __init__(self, rng, most):
        self.rng, self.group = rng, Group()
        self.at = self.tensor((rng.integers(1, most + 1), rng.integers(1, most + 1), rng.integers(1, 6)))
        self.group.inputs.append(self.at)

    def tensor(self, shape, constant=False):
        data = self.rng.integers(0, 256, int(np.prod(shape)), np.uint8).tobytes() if constant else None
        self.group.tensors.append((tuple(int(n) for n in shape), int(self.rng.integers(-128, 128)), data))
        return len(self.group.tensors) - 1

    def shape(self, tensor):
        return self.group.tensors[tensor][0]

    def add(self, opcode, inputs, shape, params):
        strip = int(self.rng.integers(1, 5))
        self.at = self.tensor(shape)
        self.group.ops.append(Op(opcode, inputs, self.at, params, strip))

    def window(self, same=False, pointwise=False):
        op = window_op(self.rng, int(self.rng.choice(WINDOWS)), self.shape(self.at), same)
        while pointwise and not (op.params["kernel_h"] == op.params["kernel_w"] == 1):
            op = window_op(self.rng, layout.CONV2D, self.shape(self.at), same)
        self.add(op.opcode, [self.at], op.output, op.params)

    def sum(self, other):
        opcode = int(self.rng.choice(SUMS))
        inputs = [self.at, other] if self.rng.random() < 0.5 else [other, self.at]
        self.add(opcode, inputs, self.shape(self.at), binary_params(self.rng, opcode))

    def residual(self, branch):
        shortcut = self.at
        for _ in range(branch):
            self.window(same=True)
        self.sum(shortcut)

    def sum_from_outside(self):
        other = self.tensor(self.shape(self.at), constant=self.rng.random() < 0.3)
        if self.group.tensors[other][2] is None:
            self.group.inputs.append(other)
        self.sum(other)


def random_group(rng, most=9):
    """A group of two to five ops: windows, residual blocks and sums with tensors from outside; maybe ops around it."""
    build = _Builder(rng, most)
    group = build.group
    if rng.random() < 0.5:
        build.window()
    group.first, count = len(group.ops), int(rng.integers(2, 6))
    while count > 0:
        kind = rng.random()
        branch = int(rng.integers(1, 3))
        if kind < 0.3 and count > branch:
            build.residual(branch)
            count -= branch + 1
        elif kind < 0.4:
            build.sum_from_outside()
            count -= 1
        elif kind < 0.5:
            build.window(same=True, pointwise=True)
            count -= 1
        else:
            build.window()
            count -= 1
    group.end = len(group.ops)
    group.outputs.append(build.at)
    if rng.random() < 0.5:
        build.window()
        group.outputs[0] = build.at
    return group
