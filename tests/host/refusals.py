"""What the tests of refusals share: a conversion that must stop with one sentence, and write nothing."""

import re
from pathlib import Path

from click.testing import CliRunner

from host_tools.cli import main


def refusal(path: Path, *options) -> str:
    """The sentence with which `upyml convert` stops at a file; it left everything else as it was."""
    out = path.parent / "out"
    out.mkdir(exist_ok=True)
    before = listing(path.parent)
    result = CliRunner().invoke(main, ["convert", str(path), "-o", str(out / "m.upm"), *map(str, options)])
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 3, result.output
    assert listing(path.parent) == before
    lines = result.output.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("upyml: "), result.output
    assert "Traceback" not in lines[0] and "<" not in lines[0], lines[0]  # no repr of an object
    return lines[0].removeprefix("upyml: ")


def listing(folder: Path) -> list[tuple[str, int]]:
    """Every file below a folder, with its size."""
    return sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*"))


def assert_tells(sentence: str, *words: str) -> None:
    """Every word stands in the sentence, in any order."""
    missing = [word for word in words if not re.search(word, sentence)]
    assert not missing, f"{missing} not in: {sentence}"
