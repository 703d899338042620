"""A model's size against the flash and RAM of every board."""

from __future__ import annotations

from typing import Any

from host_tools import boards


def table(file_bytes: int, arena_bytes: int) -> list[dict[str, Any]]:
    """For each board its name, title, cpu, flash_bytes, ram_bytes, and whether the file and the arena are smaller.

    MicroPython takes some of both, how much depends on the firmware.
    """
    rows = []
    for board in boards.all().values():
        flash, ram = board.flash_kb * 1024, board.ram_kb * 1024
        fits = file_bytes <= flash and arena_bytes <= ram
        rows.append(
            {"name": board.name, "title": board.title, "cpu": board.cpu, "flash_bytes": flash, "ram_bytes": ram, "fits": fits}
        )
    return rows


def sentence(rows: list[dict[str, Any]]) -> str:
    """On how many boards it fits, and those that are too small."""
    small = [row["name"] for row in rows if not row["fits"]]
    if not small:
        return f"Flash and RAM of all {len(rows)} boards that upyml knows are large enough."
    return f"Flash and RAM of {len(rows) - len(small)} of {len(rows)} boards are large enough; too small: {', '.join(small)}."
