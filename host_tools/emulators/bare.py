"""A program for a bare processor with a model beside it: what ports/bare/bench.c runs, as one ELF file.

The program, its stack and the arena lie in RAM; the model and the inputs in flash, from where the engine reads weights
in place.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import upyml
from upyml import inspection
from upyml.format import decode, layout

RAM, RAM_SIZE = 0x20000000, 264 * 1024  # the RP2040's
FLASH_DATA = 0x10100000  # the program's segments leave flash free from here on

_ELF = struct.Struct("<4s5B7xHHIIIIIHHHHHH")
_SEGMENT = struct.Struct("<8I")
_LOAD, _ARM, _READ_WRITE_RUN = 1, 40, 7


@dataclass(frozen=True)
class Program:
    """elf: the whole file. room: bytes of RAM there are for the arena. outputs: what a run leaves in the outputs."""

    elf: bytes
    room: int
    outputs: list[bytes]


def program(bench: bytes, model: bytes, runs: int = 1, seed: int = 1, model_at: int = FLASH_DATA) -> Program:
    """The file of `bench` with a model, whose inputs are filled as test vectors are (upyml/format/SPEC.md).

    runs: pairs of a run op by op and one in one piece. seed: of the inputs. model_at: the model's address, a multiple
    of 16. Raises upyml.ModelError where the model is none.
    """
    loaded = upyml.load(model)
    inspection.fill(loaded, seed)
    given = [bytes(memoryview(view).cast("B")) for view in loaded.inputs]
    callers = loaded.caller_inputs
    loaded.run()
    head = decode.header(model)
    entry, segments = _segments(bench)
    end = _up(max(address + size for address, _, size in segments if address >= RAM))
    caller_at = [0] * layout.MAX_CALLERS
    for i, data in enumerate(given):
        if callers[i]:
            caller_at[i] = end
            end = _up(end + len(data))
    room = RAM + RAM_SIZE - end

    def place(number: int) -> int:
        tensor = decode.tensor(model, head, number)
        return end + tensor["offset"] + (head["state_size"] if tensor["kind"] == layout.ARENA else 0)

    outputs = [bytes(memoryview(view).cast("B")) for view in loaded.outputs]
    tables_at = _up(max(FLASH_DATA, model_at + len(model) if model_at < RAM else 0))
    data_at = tables_at + 12 * (len(given) + len(outputs))
    tables, data = b"", b""
    for i, number in enumerate(decode.inputs(model, head)):
        to = caller_at[i] if callers[i] else place(number)
        tables += struct.pack("<3I", to, data_at + len(data), len(given[i]))
        data += given[i]
    outputs_at = tables_at + len(tables)
    for number, output in zip(decode.outputs(model, head), outputs):
        tables += struct.pack("<3I", 0, place(number), len(output))
    planned = head["state_size"] + head["arena_size"]
    task = [model_at, len(model), end, planned, room, runs, tables_at, len(given), outputs_at, len(outputs), *caller_at]
    segments += [(model_at, model, len(model)), (tables_at, tables + data, len(tables + data))]
    segments.append((RAM, struct.pack(f"<{len(task)}I", *task), 4 * len(task)))  # ports/bare/link.ld puts it first
    return Program(_elf(entry, segments), room, outputs)


def _up(address: int) -> int:
    return (address + 15) & ~15


def _segments(elf: bytes) -> tuple[int, list[tuple[int, bytes, int]]]:
    """(entry point, address, bytes and size in memory of each segment to load) of an ELF file."""
    fields = _ELF.unpack_from(elf)
    found = []
    for i in range(fields[15]):
        kind, offset, address, _, in_file, size, *_ = _SEGMENT.unpack_from(elf, fields[10] + i * _SEGMENT.size)
        if kind == _LOAD:
            found.append((address, elf[offset : offset + in_file], size))
    return fields[9], found


def _elf(entry: int, segments: list[tuple[int, bytes, int]]) -> bytes:
    """An ELF file for a 32-bit Arm that loads the segments in their order."""
    table, data = b"", b""
    start = _ELF.size + len(segments) * _SEGMENT.size
    for address, content, size in segments:
        at = start + len(data)
        table += _SEGMENT.pack(_LOAD, at, address, address, len(content), size, _READ_WRITE_RUN, 4)
        data += content
    head = _ELF.pack(
        b"\x7fELF", 1, 1, 1, 0, 0, 2, _ARM, 1, entry, _ELF.size, 0, 0, _ELF.size, _SEGMENT.size, len(segments), 0, 0, 0
    )
    return head + table + data
