"""Builds the firmware of boards: python ports/build.py [NAME...]; all that have a [build] table by default.

A board's file ports/boards/NAME.toml says which ports/<with>/build.sh makes it, with which arguments and without which
ops. What is made lies in build/boards/NAME.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from host_tools import boards  # noqa: E402


def build(board) -> bool:
    """Builds one board's firmware; False where that failed (the script has said why)."""
    script = ROOT / "ports" / board.build["with"] / "build.sh"
    board.folder.mkdir(parents=True, exist_ok=True)
    command = [script, board.folder, *board.build.get("arguments", ())]
    environment = {**os.environ, "PYTHON": sys.executable}
    if "without" in board.build:
        environment["UPYML_WITHOUT"] = " ".join(board.build["without"])
    done = subprocess.run(command, env=environment)
    if done.returncode == 0 and board.image.exists():
        return True
    print(f"{board.name}: {script.relative_to(ROOT)} did not make {board.image.name}", file=sys.stderr)
    return False


def main(names) -> int:
    try:
        chosen = [boards.get(name) for name in names] or list(boards.all().values())
    except boards.UnknownBoard as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all([build(board) for board in chosen if board.build]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
