"""Does it fit? Flash and RAM of a board are counted before anything is written to it."""

from __future__ import annotations

from host_tools.deploy import errors
from host_tools.deploy.facts import Room
from host_tools.deploy.plan import Plan
from host_tools.deploy.transfer import Look

# Bytes of heap that upyml takes beside a model's file and arena, on a 32-bit board: what is imported to load and test
# one, and the objects of the model. Measured on the emulated Pico, rounded up.
FROZEN, COMPILED, REFERENCE = 6_000, 16_000, 52_000


def check_flash(has: Room, files: dict[str, bytes], found: Look) -> None:
    """The changed files fit beside the present ones. Raises errors.NoRoom."""
    if not found.changed:
        return
    if has.free is None or not has.block:
        raise errors.NoRoom(
            "the board has no file system that files could be copied to: put the model into ROMFS (--romfs) or into "
            "the firmware. Nothing was written"
        )
    blocks = sum(-(-len(files[path]) // has.block) for path in found.changed) + 2 * len(found.folders) + 1
    needed = blocks * has.block
    if needed > has.free:
        total = sum(len(files[path]) for path in found.changed)
        raise errors.NoRoom(
            f"{total:,} bytes are to be copied and take {needed:,} bytes of flash (blocks of {has.block:,}), the board "
            f"has {has.free:,} free: remove files there, or use a smaller model. Nothing was written"
        )


def check_ram(has: Room, needs: Plan, arena: int, file: int) -> None:
    """The model can be loaded. arena, file: bytes of RAM, file 0 where it stays in flash. Raises errors.NoRoom."""
    code = REFERENCE if needs.reference else COMPILED if needs.python else FROZEN
    total = arena + file + needs.native + code
    if total > has.heap_free:
        parts = [(arena, "arena"), (file, "model"), (needs.native, "native module"), (code, "upyml's Python")]
        text = ", ".join(f"{size:,} {name}" for size, name in parts if size)
        hint = "use --romfs, which leaves the model in flash (where the firmware has a ROMFS), or " if file else ""
        raise errors.NoRoom(
            f"the model needs about {total:,} bytes of RAM ({text}), the board has {has.heap_free:,} free: {hint}use "
            "a smaller model. Nothing was written"
        )
