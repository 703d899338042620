"""New projects: each kind is one of the examples, and its files are the template as they stand.

    create(Path("doorbell"), "sound")

An example is a folder that works by itself: train.py, main.py, data, a recording, and the model that was trained. So there is no
second copy of it to keep alike, and what `make test` runs is what a user gets.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from host_tools import package_files

KINDS = {
    "gesture": "what an accelerometer and gyroscope feel, to one of some labels",
    "sound": "what a microphone hears, to one of some labels",
    "image": "what a camera sees, to one of some labels",
    "anomaly": "vibration to how odd it is: learns only what is normal",
    "tabular": "some numbers to a number",
}
# What a project gets of an example, where that has it.
FILES = ("README.md", "train.py", "main.py", "model.upm", "recording.bin", "recording.json", "data")
IGNORED = "model.keras\nsamples.npz\nresult.json\n__pycache__/\n"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def create(folder: Path, kind: str) -> list[str]:
    """Makes the folder, and answers the names of what is in it.

    Raises ValueError where the name, the last part of the folder, is none, or there is no such kind; OSError, as where the folder
    exists. Nothing is written then.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}: there are {', '.join(KINDS)}")
    if not _NAME.fullmatch(folder.name):
        rule = "it begins with a letter, and has letters, digits, - and _ only"
        raise ValueError(f"{folder.name!r} is no name for a project: {rule}")
    if folder.exists() or folder.is_symlink():
        raise FileExistsError(17, "the folder exists already, nothing was written", str(folder))
    if not folder.parent.is_dir():
        raise FileNotFoundError(2, "there is no such folder", str(folder.parent))
    template = package_files.examples() / kind
    begun = folder.with_name(f".{folder.name}.begun")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir()
    try:
        for path in (template / name for name in FILES):
            if path.is_dir():
                shutil.copytree(path, begun / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif path.exists():
                shutil.copyfile(path, begun / path.name)
        readme = begun / "README.md"
        title, rest = readme.read_text(encoding="utf-8").split("\n", 1)
        readme.write_text(f"# {folder.name}\n\n{title.lstrip('# ')}.\n{rest}", encoding="utf-8")
        (begun / ".gitignore").write_text(IGNORED)
        begun.rename(folder)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return sorted(path.name for path in folder.iterdir())
