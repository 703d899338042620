"""What a run of a model takes: cycles or instructions of a board's processor, counted in an emulator, or microseconds
measured on this computer."""

from __future__ import annotations

import importlib
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

from host_tools import boards
from host_tools.describe import describe
from host_tools.emulators import EmulatorError, counts
from host_tools.emulators.machines import CYCLES, MACHINES
from upyml.format import layout

HOST = "host"  # the name of this computer among the boards
_RUNS, _SECONDS = (5, 1000), 1.0  # measured here: least and most runs, and how long they may take together
_WIDTHS = {name.lower(): width for name, width, _ in layout.DTYPES}


class NoCounter(ValueError):
    """Nothing counts for that board's processor; the message says for which boards there is something."""


def countable() -> list[str]:
    """Names of the boards whose processor something counts for."""
    return [name for name, board in boards.all().items() if board.count]


def unit_of(board) -> str:
    """What is counted for a board: "cycles" or "instructions"; "" where nothing is."""
    return MACHINES[board.count["machine"]].unit if board.count else ""


def require_counter(board) -> None:
    """Raises NoCounter."""
    if not board.count:
        raise NoCounter(
            f"nothing is counted for {board.name}: there are counts for {', '.join(countable())}; "
            f"--board {HOST} measures this computer"
        )


def count(file: bytes, board, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Cycles, milliseconds and energy of a run on a board, and cycles of each layer; or instructions, by its processor.

    `unit` says which: "cycles" or "instructions", the key of the number itself, here and in each layer; with
    "_per_mac" behind it, of a multiply-accumulate. Of instructions nobody can say how long they take: times and energy
    are None then.
    Memory has no wait states in the count, flash neither; the times beginning with flash_ add an estimate for the reads
    that the flash's cache does not have, and the energy is of those. The layers of a fused group run together: the
    first has what all of them take, the others None. progress: called with (done, total). Raises NoCounter,
    EmulatorError, ValueError where the file is no model or does not fit.
    """
    require_counter(board)
    counted_in = unit_of(board)
    layers = moved(file)
    if len(file) > board.flash_kb * 1024:
        raise counts.DoesNotFit(f"the file has {len(file):,} bytes, {board.title} has {board.flash_kb:,} KB of flash")
    _check_ram(describe(file)["arena_size"], board)
    try:
        counted = counts.count(file, progress, machine=board.count["machine"])
    except counts.DoesNotFit as error:
        raise counts.DoesNotFit(f"{error}; {board.title} has {board.ram_kb * 1024:,} bytes of RAM") from None
    _check_ram(counted.arena, board)  # more than in the file where the processor's kernels need more scratch
    in_cycles = counted_in == CYCLES
    for layer, n in zip(layers, counted.ops):
        leads = layer["number"] == layer["group"]
        together = sum(one["macs"] for one in layers if one["group"] == layer["group"])
        layer[counted_in] = n if leads else None
        layer[f"{counted_in}_per_mac"] = _per_mac(n, together) if leads else None
        layer["ms"] = n / board.clock_mhz / 1000 if leads and in_cycles else None
    macs = sum(layer["macs"] for layer in layers)
    return {
        "board": board.name,
        "title": board.title,
        "cpu": board.cpu,
        "counted_cpu": MACHINES[board.count["machine"]].cpu,
        "unit": counted_in,
        counted_in: counted.run,
        f"{counted_in}_per_mac": _per_mac(counted.run, macs),
        f"load_{counted_in}": counted.check,
        **_times(counted if in_cycles else None, board),
        "arena_bytes": counted.arena,
        **_totals(file, layers),
        "layers": layers,
    }


def _check_ram(needed: int, board) -> None:
    """Raises counts.DoesNotFit where the whole board has less."""
    if needed > board.ram_kb * 1024:
        has = f"{board.title} has {board.ram_kb * 1024:,}"
        raise counts.DoesNotFit(f"the model needs {needed:,} bytes of RAM, and {has}, before what MicroPython takes")


def _times(counted, board) -> dict[str, Any]:
    """How long that many cycles take, and what energy; all None where they are not known."""
    keys = ("ms", "rated_mhz", "rated_ms", "flash_misses", "flash_miss_cycles", "flash_ms", "rated_flash_ms", "mj",
            "power_mw", "power_source")  # fmt: skip
    if counted is None:
        return {"clock_mhz": board.clock_mhz, **dict.fromkeys(keys)}
    with_flash = counted.run + counted.misses * counts.MISS_CYCLES
    flash_ms = with_flash / board.clock_mhz / 1000
    return {
        "clock_mhz": board.clock_mhz,
        "ms": counted.run / board.clock_mhz / 1000,
        "rated_mhz": board.rated_mhz or None,
        "rated_ms": counted.run / board.rated_mhz / 1000 if board.rated_mhz else None,
        "flash_misses": counted.misses,
        "flash_miss_cycles": counts.MISS_CYCLES,
        "flash_ms": flash_ms,
        "rated_flash_ms": with_flash / board.rated_mhz / 1000 if board.rated_mhz else None,
        "mj": board.power["milliwatts"] * flash_ms / 1000 if board.power else None,
        "power_mw": board.power.get("milliwatts"),
        "power_source": board.power.get("source"),
    }


def measure(file: bytes, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Microseconds of a run by the C engine on this computer, and of each layer: the median of many runs.

    Raises ValueError where the file is no model, or the C engine is not built.
    """
    import upyml

    layers = moved(file)
    try:
        engine = importlib.import_module("_upyml")
    except ImportError:
        raise ValueError("the C engine is not built for this Python: run `make native`") from None
    model = upyml.load(file, engine)
    for i, data in enumerate(model.inputs):
        if data is None:
            model.bind(bytearray(model.input_details[i].size * _WIDTHS[model.input_details[i].dtype]), i)
    model.run()  # the first one finds cold caches
    totals, spans, began = [], [[] for _ in layers], time.perf_counter()
    while len(totals) < _RUNS[0] or (len(totals) < _RUNS[1] and time.perf_counter() - began < _SECONDS):
        totals.append(_run(model))
        for span, nanoseconds in zip(spans, _run_ops(model, len(layers))):
            span.append(nanoseconds)
        if progress:
            progress(min(int(time.perf_counter() - began), int(_SECONDS)), int(_SECONDS))
    for layer, span in zip(layers, spans):
        layer["us"] = statistics.median(span) / 1000
    return {
        "board": HOST,
        "us": statistics.median(totals) / 1000,
        "runs": len(totals),
        "arena_bytes": model.arena_size,
        **_totals(file, layers),
        "layers": layers,
    }


def _run(model) -> int:
    start = time.perf_counter_ns()
    model.run()
    return time.perf_counter_ns() - start


def _run_ops(model, count: int) -> list[int]:
    """Nanoseconds from each op's end to the next one's."""
    ends = [0] * count

    def hook(op: int) -> None:
        ends[op] = time.perf_counter_ns()

    start = time.perf_counter_ns()
    model.run(hook)
    return [end - begin for begin, end in zip([start, *ends], ends)]


def moved(file: bytes) -> list[dict[str, Any]]:
    """Each op with its multiply-accumulates, and the bytes of weights, inputs and outputs that a run moves.

    group: the first op of the fused group that the op runs in, or the op itself. Raises ValueError where the file is no
    .upm file this version reads.
    """
    model = describe(file)
    tensors, layers = model["tensors"], []
    first, end = 0, 0
    for op in model["ops"]:
        if op["number"] >= end:
            first, end = op["number"], op["number"] + max(op["fused"], 1)
        taken = [tensors[i] for i in op["inputs"] if tensors[i]["kind"] != "constant"]
        layer = {
            "number": op["number"],
            "op": op["op"],
            "output": tensors[op["outputs"][0]]["shape"],
            "group": first,
            "macs": op["macs"],
            "weight_bytes": op["constant_bytes"],
            "input_bytes": sum(map(_bytes, taken)),
            "output_bytes": sum(_bytes(tensors[i]) for i in op["outputs"]),
        }
        layer["bytes_moved"] = layer["weight_bytes"] + layer["input_bytes"] + layer["output_bytes"]
        layers.append(layer)
    return layers


def _bytes(tensor: dict[str, Any]) -> int:
    """Of all of a tensor, also where a ring has some of its rows at a time."""
    return math.prod(tensor["shape"]) * _WIDTHS[tensor["dtype"]]


def _totals(file: bytes, layers: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("macs", "weight_bytes", "input_bytes", "output_bytes", "bytes_moved")
    name = describe(file)["metadata"].get("name", "")
    return {"name": name, "file_bytes": len(file), **{key: sum(layer[key] for layer in layers) for key in keys}}


def _per_mac(n: int, macs: int) -> float | None:
    return n / macs if macs else None


def sentences(numbers: dict[str, Any]) -> list[str]:
    """What count() or measure() found of a whole run, in lines to print."""
    n, name = numbers, numbers["name"] or "model"
    if "us" in n:
        return [f"{name}: {n['us']:,.1f} us a run on this computer, the median of {n['runs']} by its clock"]
    unit = n["unit"]
    a_mac = f", {n[f'{unit}_per_mac']:.2f} a MAC" if n[f"{unit}_per_mac"] else ""
    emulated = "an emulator" if n["cpu"] == n["counted_cpu"] else f"an emulator of {n['counted_cpu']}"
    lines = [f"{name}: {n[unit]:,} {unit} a run on {n['title']} ({n['cpu']}){a_mac}, counted in {emulated}"]
    if unit != CYCLES:
        return [*lines, "an instruction takes one cycle or more: how many, the emulator does not know"]
    rated = f", {n['rated_ms']:,.1f} ms at {n['rated_mhz']} MHz, the chip's rated clock" if n["rated_ms"] else ""
    rated_flash = f", {n['rated_flash_ms']:,.1f} ms" if n["rated_ms"] else ""
    lines += [
        f"{n['ms']:,.1f} ms at {n['clock_mhz']} MHz, as MicroPython starts{rated}: memory without wait states",
        f"{n['flash_ms']:,.1f} ms{rated_flash} with the model in flash, estimated: its cache misses "
        f"{n['flash_misses']:,} times, {n['flash_miss_cycles']} cycles each",
    ]
    if n["mj"] is not None:
        lines.append(f"{n['mj']:.3g} mJ a run, estimated: {n['power_mw']} mW ({n['power_source']})")
    return lines


def on_board(
    file: bytes, board, progress: Callable[[int, int], None] | None = None, counting: bool = True
) -> dict[str, Any]:
    """Whether the model fits a board, and what a run takes there; counting: False leaves that out.

    fits: the file in the flash, the arena in the RAM, of both of which MicroPython takes some. count: that of count();
    None where there is none, and why_not is the reason. Raises ValueError where the file is no model.
    """
    needs = describe(file)["arena_size"]
    answer = {
        "name": board.name,
        "title": board.title,
        "flash_bytes": board.flash_kb * 1024,
        "ram_bytes": board.ram_kb * 1024,
        "fits": len(file) <= board.flash_kb * 1024 and needs <= board.ram_kb * 1024,
        "count": None,
        "why_not": "" if counting else "it was not counted",
    }
    if not counting:
        return answer
    try:
        answer["count"] = count(file, board, progress)
    except (NoCounter, counts.DoesNotFit, EmulatorError) as error:
        answer["why_not"] = str(error)
    return answer
