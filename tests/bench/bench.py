"""Measures the benchmark models and the boards, and writes build/bench.json.

    python tests/bench/bench.py          all of it
    python tests/bench/bench.py host     only how long a run takes here, by our engine and by TensorFlow Lite Micro;
                                         fails where ours is not at least twice as fast

    {"models": {"kws": {"upm_bytes", "arena_bytes", "bit_exact", "tflite_bytes", "tflm_arena_bytes",
                        "arena_bytes": RAM of activations, input and scratch on a Cortex-M0+,
                        "cortex_m0_cycles": of a run on an emulated Cortex-M0+, memory without wait states,
                        "esp32_instructions", "rv32_instructions", "cortex_m33_instructions": of a run there, emulated,
                        "esp32_instructions_without_mulsh": with 16-bit products in the place of an ESP32's MULSH,
                        "cortex_m0_ms": at 133 MHz, "cortex_m0_flash_ms": with an estimate of what reading weights
                        from the Pico's flash adds,
                        "peers": {name of peers.py: times our cycles},
                        "host_us": of a run by the engine in C on this computer,
                        "tflm_us": of TensorFlow Lite Micro, measured in turns with that, "host_ratio"}, ...},
     "layers": {machine: {layer of layers.py: cycles or instructions a multiply-accumulate}},
     "plans": {model: [{"ram": what --ram was given, "caller_input", "arena_bytes", "cortex_m0_cycles", "extra": part of
                        the time of the fastest plan}, ...]},
     "engine_text_bytes": {board: bytes of the engine's code in its firmware},
     "native_module_bytes": {arch: bytes of _upyml.mpy},
     "pico": what pico_memory.py measures on the emulated Pico, with kws, vww and gesture,
     "skipped": {name: reason}}

bit_exact: all outputs on random inputs and on the extremes equal those of TensorFlow Lite Micro on the same .tflite
file; for gesture, which is made from Keras and has no .tflite, those of the pure Python engine that defines the ops.
"""

import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import baseline
import layers
import numpy as np
import peers
import pico_memory
import sizes

import upyml
import upyml._reference
from host_tools import boards
from host_tools.convert import convert
from host_tools.emulators import counts

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
GESTURE = ROOT / "build" / "gesture" / "gesture.upm"

# Values of --ram to compare, and whether the input lies with the caller; the first is what time is measured by.
PLANS = {
    "kws": [("fastest", False), ("balanced", False), (11_200, False), ("smallest", False)],
    "vww": [("fastest", False), ("balanced", False), ("smallest", False), ("balanced", True), (16_000, True),
            ("smallest", True)],
    "ic": [("fastest", False), (37_696, False), ("balanced", False), (27_000, False), ("smallest", False)],
    "ad": [("fastest", False), ("balanced", False), ("smallest", False), ("smallest", True)],
}
RANDOM_INPUTS = 200
LEAST_HOST_RATIO = 2  # times as fast as TensorFlow Lite Micro
TIMED_RUNS = 50


def inputs(size: int, zero_point: int):
    """Raw int8 inputs to try: random ones, then all -128, all 127 and all zero point."""
    random = np.random.default_rng(1)
    for _ in range(RANDOM_INPUTS):
        yield random.integers(-128, 128, size, np.int8)
    for value in (-128, 127, zero_point):
        yield np.full(size, value, np.int8)


def answer(model, data) -> bytes:
    """The model's raw output."""
    model.input[:] = memoryview(data)
    model.run()
    return bytes(model.output)


def bench_tflite(name: str, tflite: Path) -> dict:
    """Converts a .tflite file and compares it with TensorFlow Lite Micro."""
    from tflite_micro import runtime

    path = BUILD / f"{tflite.stem}.upm"
    path.write_bytes(baseline.converted(name))
    model = upyml.load(str(path))
    oracle = runtime.Interpreter.from_file(str(tflite))
    shape = oracle.get_input_details(0)["shape"]

    def expected(data) -> bytes:
        oracle.set_input(data.reshape(shape), 0)
        oracle.invoke()
        return oracle.get_output(0).tobytes()

    tries = inputs(len(model.input), model.input_details[0].zero_point)
    return {
        "upm_bytes": path.stat().st_size,
        "bit_exact": all(answer(model, data) == expected(data) for data in tries),
        "tflite_bytes": tflite.stat().st_size,
        "tflm_arena_bytes": tflm_arena(oracle),
        **on_cortex_m0(path, name),
        **elsewhere(path),
        **side_by_side(model, oracle),
    }


def bench_upm(path: Path) -> dict:
    """Compares the C engine with the pure Python one."""
    model = upyml.load(str(path))
    reference = upyml.load(str(path), engine=upyml._reference)
    tries = inputs(len(model.input), 0)
    return {
        "upm_bytes": path.stat().st_size,
        "bit_exact": all(answer(model, data) == answer(reference, data) for data in tries),
        **on_cortex_m0(path, "gesture"),
        **elsewhere(path),
        "host_us": round(statistics.median(microseconds(model.run) for _ in range(TIMED_RUNS)), 1),
    }


# What bench.json calls the instructions that a machine counts.
INSTRUCTIONS = {
    "lx6": "esp32_instructions",
    "lx6_without_mulsh": "esp32_instructions_without_mulsh",
    "rv32imc": "rv32_instructions",
    "cortex_m33": "cortex_m33_instructions",
}


def elsewhere(path: Path) -> dict:
    """Instructions of a run on other processors than a Cortex-M0+; nothing of those that no emulator is here for."""
    file = path.read_bytes()
    return {key: counts.count(file, machine=machine).run for machine, key in INSTRUCTIONS.items()
            if not counts.missing(machine)}  # fmt: skip


def on_cortex_m0(path: Path, name: str) -> dict:
    """Cycles of a run, and how many times as many others take. Nothing where there is no emulator."""
    if counts.missing():
        return {}
    counted = counts.count(path.read_bytes())
    return {
        "arena_bytes": counted.arena,
        "cortex_m0_cycles": counted.run,
        "cortex_m0_ms": round(counted.run / peers.MHZ / 1000, 1),
        "cortex_m0_flash_ms": round((counted.run + counted.misses * counts.MISS_CYCLES) / peers.MHZ / 1000, 1),
        "peers": peers.ratios(name, counted.run),
    }


def plans(name: str) -> list[dict]:
    """What RAM buys: the arena and the time of some plans of one model."""
    rows, fastest = [], 0
    for ram, caller_input in PLANS[name]:
        tflite = baseline.SHARED / baseline.TFLITE[name]
        counted = counts.count(convert(tflite, ram=ram, caller_inputs=caller_input, check=False).file)
        fastest = fastest or counted.run
        rows.append({
            "ram": ram, "caller_input": caller_input, "arena_bytes": counted.arena, "cortex_m0_cycles": counted.run,
            "extra": round(counted.run / fastest - 1, 4),
        })  # fmt: skip
    return rows


def side_by_side(model, oracle) -> dict:
    """Medians of runs in turns, so that whatever else the computer does to caches and clock slows both."""
    pairs = [(microseconds(model.run), microseconds(oracle.invoke)) for _ in range(TIMED_RUNS)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs))
    return {"host_us": round(ours, 1), "tflm_us": round(theirs, 1), "host_ratio": round(theirs / ours, 2)}


def host() -> None:
    """Prints how long a run takes here."""
    from tflite_micro import runtime

    slow = []
    for name, file_name in baseline.TFLITE.items():
        model = upyml.load(baseline.converted(name))
        row = side_by_side(model, runtime.Interpreter.from_file(str(baseline.SHARED / file_name)))
        print(f"{name:8} {row['tflm_us']:10,.1f} us TensorFlow Lite Micro, {row['host_us']:10,.1f} us upyml: "
              f"{row['host_ratio']:.2f} times as fast", flush=True)  # fmt: skip
        slow += [name] if row["host_ratio"] < LEAST_HOST_RATIO else []
    if slow:
        raise SystemExit(f"less than {LEAST_HOST_RATIO} times as fast: {', '.join(slow)}")


def microseconds(run) -> float:
    """Of the processor's time: a computer busy with other work makes the longer of two runs wait more often."""
    start = time.process_time_ns()
    run()
    return (time.process_time_ns() - start) / 1000


def pico_models() -> dict[str, bytes]:
    """The files to load on the Pico."""
    names = {"kws": BUILD / "kws_ref_model.upm", "vww": BUILD / "vww_96_int8.upm", "gesture": GESTURE}
    return {name: path.read_bytes() for name, path in names.items()}


def tflm_arena(oracle) -> int:
    """Bytes of arena that TensorFlow Lite Micro uses; it tells them on the process's stderr only."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            oracle.print_allocations()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        file.seek(0)
        return int(re.search(rb"Arena allocation total (\d+)", file.read())[1])


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    result = {"models": {}, "skipped": {}}
    for name, file_name in baseline.TFLITE.items():
        if (baseline.SHARED / file_name).exists():
            result["models"][name] = bench_tflite(name, baseline.SHARED / file_name)
        else:
            result["skipped"][name] = f"no {file_name} in ../shared/models/mlperf_tiny (UPYML_SHARED names its root)"
    if GESTURE.exists():
        result["models"]["gesture"] = bench_upm(GESTURE)
    else:
        result["skipped"]["gesture"] = f"no {GESTURE.relative_to(ROOT)}: make bench makes it"
    if counts.missing():
        result["skipped"]["cortex_m0_cycles"] = counts.missing()
    else:
        result["plans"] = {name: plans(name) for name in PLANS if name in result["models"]}
    result["layers"] = {
        machine: {name: round(counts.count(file, machine=machine).run / layers.macs(file), 2)
                  for name, file in layers.layers().items()}
        for machine in ("cortex_m0", *INSTRUCTIONS) if not counts.missing(machine)
    }  # fmt: skip
    result["engine_text_bytes"] = sizes.engine_text()
    result["native_module_bytes"] = sizes.native_modules()
    if all(boards.get(name).image.exists() for name in ("pico", "pico-stock")) and not result["skipped"]:
        result["pico"] = pico_memory.measure(pico_models())
    else:
        result["skipped"]["pico"] = "no firmware, or a model is missing: make boards"
    (ROOT / "build" / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    for name, row in result["models"].items():
        print(f"{name:8}", "  ".join(f"{key} {value}" for key, value in row.items()))
    for name, reason in result["skipped"].items():
        print(f"{name:8} skipped: {reason}")


if __name__ == "__main__":
    host() if sys.argv[1:] == ["host"] else main()
