"""RAM that upyml takes on an emulated Pico, and the flash its parts take: what `make bench` writes for the Pico.

    measure({"kws": bytes, "vww": bytes}) -> {
        "free_bytes": heap that is free before anything is imported,
        "import_frozen_bytes": heap that `import upyml` takes, frozen into our firmware,
        "import_mpy_bytes": the same from .mpy files on stock firmware,
        "native_module_bytes": heap that `import _upyml` takes there, the native module that `upyml deploy` takes for the
                   smallest of the models, the lightest that runs it,
        "whole_module_bytes": the same for the module with all ops,
        "ready_frozen_bytes", "ready_mpy_bytes": heap of all of upyml's modules that load() and run() need, with
                   import and native module above,
        "mpy_bytes": {file: size} of upyml's .mpy files for a board,
        "models": {name: {"romfs_bytes": heap for the loaded model in place in ROMFS, "in_use_bytes": all heap in use
                   after a run there, "file_bytes": heap for the model loaded from the file system, or null where it
                   does not fit, "refusal": what load() then says}}}

All heap numbers are differences of gc.mem_alloc() after gc.collect(), in bytes.
"""

import json
import re
import sys
from pathlib import Path

from host_tools import boards, emulators, package_files
from host_tools.deploy import bundle
from upyml.format import decode

HEAP = """
import gc
def heap():
    gc.collect()
    return gc.mem_alloc()
heap(); heap()
start = heap()
"""

IMPORTS = """
gc.collect()
free = gc.mem_free()
import upyml
with_upyml = heap()
import _upyml
native = heap() - with_upyml
model = upyml.load({path!r})
model.run()
del model
print(free, with_upyml - start, native, heap() - start)
"""

# The second load is the one that counts: the first one imports what loading needs.
MODEL = """
import upyml
model = upyml.load({small!r})
model.run()
del model
start = heap()
try:
    model = upyml.load({path!r})
    loaded = heap() - start
    model.run()
    print(loaded, heap())
except MemoryError as error:
    print(error)
"""


def measure(models: dict[str, bytes]) -> dict:
    """The numbers above. models: contents of .upm files by name. Raises EmulatorError."""
    pico, stock = boards.get("pico"), boards.get("pico-stock")
    smallest = min(models, key=lambda name: len(models[name]))
    script, file = IMPORTS.format(path=f"{smallest}.upm"), {f"{smallest}.upm": models[smallest]}
    version = decode.header(models[smallest])["engine_version"]
    whole, light = bundle.files(pico.arch), bundle.files(package_files.lightest(pico.arch, version))
    free, frozen, _, ready_frozen = _numbers(pico, script, file)
    _, _, whole_native, _ = _numbers(stock, script, file | {f"lib/{path}": data for path, data in whole.items()})
    _, from_files, native, ready_mpy = _numbers(stock, script, file | {f"lib/{path}": data for path, data in light.items()})
    return {
        "free_bytes": free,
        "import_frozen_bytes": frozen,
        "import_mpy_bytes": from_files,
        "native_module_bytes": native,
        "whole_module_bytes": whole_native,
        "ready_frozen_bytes": ready_frozen,
        "ready_mpy_bytes": ready_mpy,
        "mpy_bytes": {path: len(data) for path, data in sorted(light.items())},
        "models": {name: measure_model(pico, models, name) for name in models},
    }


def measure_model(board, models: dict[str, bytes], name: str) -> dict:
    """One model's row: loaded in place from ROMFS, and from the file system into RAM."""
    small = min(models, key=lambda other: len(models[other])) + ".upm"
    files = {small: models[small.removesuffix(".upm")], f"{name}.upm": models[name], f"/{name}.upm": models[name]}
    in_place = emulators.run(board, HEAP + MODEL.format(small=small, path=f"{name}.upm"), files=files, timeout=300)
    copied = emulators.run(board, HEAP + MODEL.format(small=small, path=f"/{name}.upm"), files=files, timeout=300)
    loaded, in_use = map(int, in_place.split())
    fits = re.fullmatch(r"(\d+) \d+\n", copied)
    return {
        "romfs_bytes": loaded,
        "in_use_bytes": in_use,
        "file_bytes": int(fits[1]) if fits else None,
        "refusal": None if fits else copied.strip(),
    }


def _numbers(board, script: str, files: dict[str, bytes]) -> list[int]:
    return [int(text) for text in emulators.run(board, HEAP + script, files=files, timeout=300).split()]


def main() -> None:
    """python tests/bench/pico_memory.py NAME.upm...: prints the numbers as JSON."""
    models = {Path(path).stem: Path(path).read_bytes() for path in sys.argv[1:]}
    print(json.dumps(measure(models), indent=2))


if __name__ == "__main__":
    main()
