"""What each op of a .upm file makes, as real values: the engine runs the file with room for everything at once.

The plan of a file lays tensors over each other, and the ops of a fused group never hold more than a few rows. So that
nothing is lost here, the file is written anew with a plan of its own: each op's output has a place that nothing else
uses, no op runs in strips. Weights, fields and numbers stay as they are, and so do the outputs, to the bit.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

import upyml
from upyml.conversion import own_inputs
from upyml.format import decode, encode, layout


class Trace:
    """A model that keeps what each op made until the next run."""

    def __init__(self, file: bytes, engine: Any = None):
        content, self._records = unfolded(file)
        self.model = upyml.load(content, engine)
        own_inputs(self.model)
        self._start = decode.header(content)["state_size"]

    def outputs(self) -> list[np.ndarray | None]:
        """Each op's output of the last run, raw; None where it lies in a state."""
        return [None if record is None else self._raw(record) for record in self._records]

    def real(self, number: int, raw: np.ndarray) -> np.ndarray:
        """Raw values of op `number`, of one run or of several, as the real values that they stand for."""
        record = self._records[number]
        if record["dtype"] == layout.FLOAT32:
            return raw
        if record["dtype"] == layout.INT32:
            return raw.astype(np.float32)
        return (raw.astype(np.float32) - record["zero_point"]) * np.float32(record["scale"])

    def _raw(self, record: dict[str, Any]) -> np.ndarray:
        _, _, code = layout.DTYPES[record["dtype"]]
        first = self._start + record["offset"]
        data = bytes(self.model._arena[first : first + decode.nbytes(record)])
        return np.frombuffer(data, "<" + code if code in "hif" else code).reshape(record["shape"])


def unfolded(file: bytes) -> tuple[bytes, list[dict[str, Any] | None]]:
    """The file with a place of its own for each op's output, and these outputs' records (None: it lies in a state)."""
    head = decode.header(file)
    tensors = [decode.tensor(file, head, number) for number in range(head["tensor_count"])]
    ops = [decode.op(file, head, number) for number in range(head["op_count"])]
    records: list[dict[str, Any]] = []
    places: dict[int, int] = {}  # by offset in the file's plan: where what was made there last lies now
    end = 0

    def made(number: int) -> int:
        """A record for what is made now."""
        nonlocal end
        record = tensors[number]
        if record["kind"] == layout.ARENA:
            places[record["offset"]] = end
            end += decode.nbytes(record | {"ring_rows": 0}) + 15 & ~15
        return read(number)

    def read(number: int) -> int:
        """A record for what lies there now: it may have another shape than the one that it was made with."""
        record = tensors[number]
        if record["kind"] == layout.ARENA:
            record = record | {"offset": places[record["offset"]], "ring_rows": 0}
        records.append(record)
        return len(records) - 1

    links = [made(number) for number in decode.inputs(file, head)]
    changed, found = [], []
    op_links: list[int] = []
    for op in ops:
        first = head["input_count"] + head["output_count"] + len(op_links)
        op_links += [read(number) for number in op["inputs"]]
        op_links += [made(number) for number in op["outputs"]]
        found.append(records[-1] if records[-1]["kind"] == layout.ARENA else None)
        changed.append({"links": first, "fused": 0, "strip": 0})
    links += [read(number) for number in decode.outputs(file, head)] + op_links
    return _written(file, head, records, changed, links, end), found


def _written(file: bytes, head: dict, records: list[dict], changed: list[dict], links: list[int], end: int) -> bytes:
    """The file with new tensors, ops and links behind all that it has, which stays where it is."""
    ops = b""
    for number, fields in enumerate(changed):
        at = head["ops"] + number * decode.OP_SIZE
        old = file[at : at + decode.OP_SIZE]
        ops += _record(layout.OP, decode.record(layout.OP, old, 0) | fields | {"top": end})
    parts = [b"".join(_record(layout.TENSOR, _four(record)) for record in records), ops]
    parts.append(struct.pack(f"<{len(links)}H", *links))
    at, starts = len(file) + -len(file) % 4, []
    for part in parts:
        starts.append(at)
        at += len(part)
    new = dict(zip(("tensors", "ops", "links"), starts)) | {
        "tensor_count": len(records),
        "link_count": len(links),
        "vector_count": 0,  # they are of the other plan
        "arena_size": 0,
        "file_size": at,
    }
    rest = file[decode.HEADER_SIZE :] + bytes(-len(file) % 4)
    return encode.seal(_record(layout.HEADER, head | new) + rest + b"".join(parts))


def _four(record: dict[str, Any]) -> dict[str, Any]:
    shape = tuple(record["shape"])
    return record | {"shape": shape + (1,) * (layout.MAX_RANK - len(shape))}


def _record(fields, values: dict[str, Any]) -> bytes:
    numbers: list = []
    for name, _ in fields:
        numbers += values[name] if isinstance(values[name], tuple) else [values[name]]
    return struct.pack("<" + "".join(code for _, code in fields), *numbers)
