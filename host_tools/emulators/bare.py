"""A program for a bare processor with a model beside it: what ports/bare/bench.c runs, as one ELF file.

The program's stack and the arena lie in RAM; the model and the inputs in flash, or in what stands for it, from where the
engine reads weights in place.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import upyml
from upyml import inspection
from upyml.format import decode, layout

_ELF = struct.Struct("<4s5B7xHHIIIIIHHHHHH")
_SEGMENT = struct.Struct("<8I")
_LOAD, _READ_WRITE_RUN = 1, 7


@dataclass(frozen=True)
class Memory:
    """Where things lie. ram, ram_size: memory for the program's parameters, at its start, and the arena (ports/bare); its
    size in bytes. flash: an address from which on there is memory for the model."""

    ram: int
    ram_size: int
    flash: int


@dataclass(frozen=True)
class Program:
    """elf: the whole file. room: bytes of RAM there are for the arena, some KB fewer than the machine has. outputs: what a
    run leaves in the outputs."""

    elf: bytes
    room: int
    outputs: list[bytes]


def program(
    bench: bytes, memory: Memory, model: bytes, runs: int = 1, seed: int = 1, model_at: int | None = None
) -> Program:
    """The file of `bench` with a model, whose inputs are filled as test vectors are (upyml/format/SPEC.md).

    runs: pairs of a run op by op and one in one piece, each from the state of a model that was just loaded. seed: of the
    inputs. model_at: the model's address, a multiple of 16, by default the flash's. Raises upyml.ModelError where the model
    is none.
    """
    loaded = upyml.load(model)
    inspection.fill(loaded, seed)
    given = [bytes(memoryview(view).cast("B")) for view in loaded.inputs]
    callers = loaded.caller_inputs
    head = decode.header(model)
    state = bytes(memoryview(loaded._arena).cast("B")[: head["state_size"]])
    loaded.run()
    processor, entry, segments = _segments(bench)
    ram_end = memory.ram + memory.ram_size
    end = _up(max(address + size for address, _, size in segments if memory.ram <= address < ram_end))
    caller_at = [0] * layout.MAX_CALLERS
    for i, data in enumerate(given):
        if callers[i]:
            caller_at[i] = end
            end = _up(end + len(data))
    room = max(0, ram_end - end)

    def place(number: int) -> int:
        tensor = decode.tensor(model, head, number)
        return end + tensor["offset"] + (head["state_size"] if tensor["kind"] == layout.ARENA else 0)

    outputs = [bytes(memoryview(view).cast("B")) for view in loaded.outputs]
    tables_at = _up(memory.flash + len(model)) if model_at is None else memory.flash
    model_at = memory.flash if model_at is None else model_at
    copied = [(end, state)] if state else []  # where it belongs, what: before each run
    for i, number in enumerate(decode.inputs(model, head)):
        copied.append((caller_at[i] if callers[i] else place(number), given[i]))
    data_at = tables_at + 12 * (len(copied) + len(outputs))
    tables, data = b"", b""
    for to, piece in copied:
        tables += struct.pack("<3I", to, data_at + len(data), len(piece))
        data += piece
    outputs_at = tables_at + len(tables)
    for number, output in zip(decode.outputs(model, head), outputs):
        tables += struct.pack("<3I", 0, place(number), len(output))
    planned = head["state_size"] + head["arena_size"]
    task = [model_at, len(model), end, planned, room, runs, tables_at, len(copied), outputs_at, len(outputs), *caller_at]
    segments = _patched(segments, memory.ram, struct.pack(f"<{len(task)}I", *task))
    segments += [(model_at, model, len(model)), (tables_at, tables + data, len(tables + data))]
    return Program(_elf(processor, entry, segments), room, outputs)


def _up(address: int) -> int:
    return (address + 15) & ~15


def _segments(elf: bytes) -> tuple[int, int, list[tuple[int, bytes, int]]]:
    """(processor's number, entry point, address, bytes and size in memory of each segment to load) of an ELF file."""
    fields = _ELF.unpack_from(elf)
    found = []
    for i in range(fields[15]):
        kind, offset, address, _, in_file, size, *_ = _SEGMENT.unpack_from(elf, fields[10] + i * _SEGMENT.size)
        if kind == _LOAD:
            found.append((address, elf[offset : offset + in_file], size))
    return fields[7], fields[9], found


def _patched(segments, at: int, content: bytes):
    """The segments with other bytes at an address that one of them has."""
    for i, (address, old, size) in enumerate(segments):
        if address <= at < address + len(old):
            new = old[: at - address] + content + old[at - address + len(content) :]
            return [*segments[:i], (address, new, size), *segments[i + 1 :]]
    raise ValueError(f"the program has nothing at 0x{at:x}")


def _elf(processor: int, entry: int, segments: list[tuple[int, bytes, int]]) -> bytes:
    """An ELF file for a 32-bit processor that loads the segments in their order."""
    table, data = b"", b""
    start = _ELF.size + len(segments) * _SEGMENT.size
    for address, content, size in segments:
        at = start + len(data)
        table += _SEGMENT.pack(_LOAD, at, address, address, len(content), size, _READ_WRITE_RUN, 4)
        data += content
    head = _ELF.pack(
        b"\x7fELF", 1, 1, 1, 0, 0, 2, processor, 1, entry, _ELF.size, 0, 0, _ELF.size, _SEGMENT.size, len(segments), 0, 0, 0
    )
    return head + table + data
