"""What one may ask a Model: profile, selftest, summary. Imported when used."""

import binascii
import time

from upyml import conversion
from upyml.format import decode, layout


def _clock():
    """(now, difference): microseconds by whatever clock the runtime has."""
    if hasattr(time, "ticks_us"):
        return time.ticks_us, time.ticks_diff
    nanoseconds = time.perf_counter_ns if hasattr(time, "perf_counter_ns") else time.monotonic_ns
    return nanoseconds, lambda end, start: (end - start) // 1000


def profile(model):
    """Run once; a list of (op number, op name, microseconds, bytes of arena in use during the op)."""
    now, difference = _clock()
    data, head = model._data, model._head
    ops = [decode.op(data, head, number) for number in range(head["op_count"])]
    times = [0] * (len(ops) + 1)

    def hook(number):
        times[number + 1] = now()

    conversion.own_inputs(model)
    times[0] = now()
    model.run(hook)
    return [
        (
            number,
            layout.OPS[op["opcode"]][0],
            difference(times[number + 1], times[number]),
            head["state_size"] + op["top"],
        )
        for number, op in enumerate(ops)
    ]


class Failure:
    """What selftest() answers where it does not pass: false; printed, and compared with text, it is the sentence."""

    def __init__(self, text):
        self.text = text

    def __bool__(self):
        return False

    def __repr__(self):
        return self.text

    def __eq__(self, other):
        return self.text == (other.text if isinstance(other, Failure) else other)

    def __hash__(self):
        return hash(self.text)


def selftest(model):
    """True, or a Failure with the first difference. Clears the model's state."""
    head = model._head
    answer = True if head["vector_count"] else Failure("the model has no test vectors")
    model.reset()
    for number in range(head["vector_count"]):
        answer = _vector(model, number)
        if not answer:
            break
    model.reset()
    return answer


def fill(model, seed):
    """Fill the inputs as test vectors do: byte after byte the high one of s = s * 1664525 + 1013904223 mod 2^32."""
    conversion.own_inputs(model)
    for view, details in zip(model.inputs, model.input_details):
        dtype = details.dtype
        for i in range(len(view)):
            seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
            byte = seed >> 24
            if dtype == "uint8":
                view[i] = byte
                continue
            if byte > 127:
                byte -= 256
            view[i] = byte / 64 if dtype == "float32" else byte
    return seed


def crc(model, number):
    """CRC-32 of what op `number` has just written."""
    data, head = model._data, model._head
    op = decode.op(data, head, number)
    tensor = decode.tensor(data, head, op["outputs"][0])
    first = tensor["offset"] + (head["state_size"] if tensor["kind"] == layout.ARENA else 0)
    size = decode.nbytes(tensor)
    if op["strip"]:
        from upyml.format import groups

        size = groups.written(data, head, number)
    return binascii.crc32(model._arena[first : first + size]) & 0xFFFFFFFF


def _vector(model, number):
    data, head = model._data, model._head
    seed, expected = decode.vector(data, head, number)
    found = []

    def hook(op):
        value = crc(model, op)
        if value != expected[op] and not found:
            found.append((op, value))

    fill(model, seed)
    model.run(hook)
    if not found:
        return True
    op, value = found[0]
    name = layout.OPS[decode.op(data, head, op)["opcode"]][0]
    text = "test vector %d: op %d (%s) gives %08x, expected %08x" % (number, op, name, value, expected[op])
    return Failure(text)


def summary(model):
    """One screen: inputs, outputs, layers, RAM, flash, labels."""
    data, head = model._data, model._head
    lines = [" ".join([word for word in (model._text("name", "model"), model._text("version", "")) if word])]
    for word, details in (("in ", model.input_details), ("out", model.output_details)):
        for one in details:
            lines.append("  %s %s" % (word, one))
    lines.append("  %d layers:" % head["op_count"])
    shown = head["op_count"] if head["op_count"] <= 40 else 39
    for number in range(shown):
        op = decode.op(data, head, number)
        y = decode.tensor(data, head, op["outputs"][0])
        name = layout.OPS[op["opcode"]][0].lower()
        lines.append("    %2d %-18s %s" % (number, name, "x".join([str(n) for n in y["shape"]])))
    if shown < head["op_count"]:
        lines.append("       and %d more" % (head["op_count"] - shown))
    lines.append("  RAM %d bytes (arena), flash %d bytes (file)" % (model.arena_size, len(data)))
    if model.labels:
        lines.append("  labels: " + ", ".join(model.labels))
    return "\n".join(lines)
