"""LSTM, GRU and SIMPLE_RNN in plain loops: two matrices of int8 weights, sums of int16, and a cell, step by step.

Input, hidden state and output are int8, or all of them int16 ("wide").
"""

import struct

from upyml._reference.convolution import block, channels
from upyml._reference.fixed_point import mbqm, wrap
from upyml._reference.sigmoid import bounded, saturated
from upyml._reference.wide import Channels, numbers, write
from upyml.format.ops_recurrent import RELU, TABLE_BYTES


class Matrix:
    """Weights and channels in the file's order; they make `count` int16 sums of `inputs` values."""

    def __init__(self, model, weights, offset, inputs, count, wide):
        self.model, self.at, self.inputs = model, weights, inputs
        params = {"channels": offset, "accumulator": 0, "clamp_min": -32768, "clamp_max": 32767}
        if wide:
            self.finish = Channels(model, params, count).finish
        else:
            self.bias, self.multipliers, self.shifts = channels(model, params, count)

    def finish(self, channel, acc):
        """The int16 sum of a channel's products."""
        return saturated(mbqm(wrap(acc + self.bias[channel]), self.multipliers[channel], self.shifts[channel]))

    def multiply(self, x, first, end, out):
        """out[first..end) from values x; first: a multiple of four."""
        k = self.inputs + 3 & ~3
        x = list(x) + [0] * (k - self.inputs)
        sums = [0, 0, 0, 0]
        at = self.at + first * k
        for channel in range(first, end):
            if channel & 3 == 0:
                block(x, self.model, at, k, sums)
                at += 4 * k
            out[channel] = self.finish(channel, sums[channel & 3])


def drop_15(x):
    """x / 2^15 to the nearest, halves upwards."""
    return (x + (1 << 14)) >> 15


class Cell:
    """An op's fields, matrices and what it remembers."""

    def __init__(self, model, step, gates, hidden, cell):
        p = self.p = step.params
        self.units = units = step.y.shape[-1]
        self.zero_point = step.y.zero_point
        self.wide = step.x[0].width == 2
        self.limit = 32767 if self.wide else 127
        inputs, count = step.x[0].shape[1], gates * units
        self.input = Matrix(model, p["weights"], p["channels"], inputs, count, self.wide)
        self.recurrent = Matrix(model, p["recurrent_weights"], p["recurrent_channels"], units, count, self.wide)
        self.table = struct.unpack_from("<%dH" % (TABLE_BYTES // 2), model, p["table"])
        self.brought = [0] * (gates * units)
        self.kept = [0] * (gates * units)
        self.cell = cell or [0] * units
        self.hidden = hidden or [self.to_hidden(value) for value in (self.cell if gates == 3 else [0] * units)]

    def to_hidden(self, x):
        """A product, or a value with the pre-activation's scale, as the hidden state."""
        y = wrap(mbqm(x, self.p["hidden_multiplier"], self.p["hidden_shift"]) + self.zero_point)
        return max(-1 - self.limit, min(self.limit, y))

    def activate(self, activation, x, shift=0):
        """x * 2^shift by a function of ACTIVATIONS; RELU and LINEAR leave x the scale it has."""
        if activation >= RELU:
            return 0 if activation == RELU and x < 0 else x
        three = 3 * x << shift if shift >= 0 else (3 * x + (1 << (-1 - shift))) >> -shift
        return bounded(self.table, activation, three)

    def gate(self, activation, at):
        """The function of a channel's two sums."""
        return self.activate(activation, saturated(self.brought[at] + self.kept[at]), self.p["gate_shift"])

    def run(self, step, out, update):
        """All steps; update(cell) makes the next hidden state."""
        p, units = self.p, self.units
        steps, inputs = step.x[0].shape
        x = numbers(step.x[0].data) if self.wide else step.x[0].data
        sequence = step.y.size != units
        made = [0] * step.y.size
        known = 2 * units if p.get("reset_after") == 0 else len(self.kept)
        for t in range(steps):
            first = (steps - 1 - t if p["backwards"] else t) * inputs
            self.input.multiply(x[first : first + inputs], 0, len(self.brought), self.brought)
            self.recurrent.multiply(self.hidden, 0, known, self.kept)
            update(self)
            if sequence or t == steps - 1:
                to = (steps - 1 - t if p["mirrored"] else t) * units if sequence else 0
                made[to : to + units] = self.hidden
        if self.wide:
            write(out, made)
        else:
            for i in range(len(made)):
                out[i] = made[i]


def _read(tensor):
    """The numbers of a state."""
    return list(tensor.data) if tensor.width == 1 else numbers(tensor.data)


def _keep(tensor, values):
    """Write a state's numbers over its bytes."""
    if tensor.width == 1:
        for i in range(len(values)):
            tensor.data[i] = values[i]
    else:
        write(tensor.data, values)


def _lstm(cell):
    """Gates: input, forget, candidate, output."""
    p, units = cell.p, cell.units
    clip = p["clip"]
    for i in range(units):
        brought = cell.gate(p["gate"], i) * cell.gate(p["activation"], 2 * units + i)
        kept = cell.gate(p["gate"], units + i) * cell.cell[i]
        new = saturated(
            saturated(mbqm(kept, 1 << 30, -14)) + saturated(mbqm(brought, p["update_multiplier"], p["update_shift"]))
        )
        if clip:
            new = max(-clip, min(clip, new))
        cell.cell[i] = new
        seen = cell.activate(p["activation"], new, p["cell_shift"])
        cell.hidden[i] = cell.to_hidden(seen * cell.gate(p["gate"], 3 * units + i))


def _gru(cell):
    """Gates: update, reset, candidate. The state is int16; the matrix takes it as the output has it."""
    p, units = cell.p, cell.units
    update = [cell.gate(p["gate"], i) for i in range(units)]
    if not p["reset_after"]:  # the candidate's sums are of the state after its reset
        reset = [cell.to_hidden(drop_15(cell.gate(p["gate"], units + i) * cell.cell[i])) for i in range(units)]
        cell.recurrent.multiply(reset, 2 * units & ~3, 3 * units, cell.kept)
    for i in range(units):
        kept = cell.kept[2 * units + i]
        if p["reset_after"]:
            kept = saturated(drop_15(cell.gate(p["gate"], units + i) * kept))
        made = cell.activate(p["activation"], saturated(cell.brought[2 * units + i] + kept), p["gate_shift"])
        old = update[i]
        cell.cell[i] = saturated(wrap(wrap(old * cell.cell[i] + wrap((32768 - old) * made)) + (1 << 14)) >> 15)
    for i in range(units):
        cell.hidden[i] = cell.to_hidden(cell.cell[i])


def _simple_rnn(cell):
    for i in range(cell.units):
        cell.hidden[i] = cell.to_hidden(cell.gate(cell.p["activation"], i))


def lstm(model, step, out):
    """(steps, inputs) to (steps, units), or the last step's (units); hidden state and cell may be among the inputs."""
    states = step.x[1:]
    cell = Cell(model, step, 4, *[_read(tensor) for tensor in states] or (None, None))
    cell.run(step, out, _lstm)
    if states:
        _keep(states[0], cell.hidden)
        _keep(states[1], cell.cell)


def gru(model, step, out):
    """The same; the hidden state may be an input."""
    state = step.x[1] if len(step.x) > 1 else None
    cell = Cell(model, step, 3, None, None if state is None else _read(state))
    cell.run(step, out, _gru)
    if state is not None:
        _keep(state, cell.cell)


def simple_rnn(model, step, out):
    """The same."""
    state = step.x[1] if len(step.x) > 1 else None
    cell = Cell(model, step, 1, None if state is None else _read(state), None)
    cell.run(step, out, _simple_rnn)
    if state is not None:
        _keep(state, cell.hidden)
