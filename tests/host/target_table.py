"""The table at the end of a test run: each runtime by each script of tests/device and examples that ran there.

"equal" is what was printed, byte for byte, compared with what the engine in Python prints on CPython, for run_model.py with
TensorFlow Lite Micro's answers; "passed" stands where a script measures the runtime itself (its heap, its buffers).
"""

from runtimes import RUNTIMES

OWN = ("no_alloc.py", "buffers.py", "memory.py")  # what they print is a property of the runtime
FAILED = "FAILED"


class TargetTable:
    """Collects the outcome of each (runtime, script)."""

    def __init__(self):
        self.cells: dict[tuple[str, str], str] = {}

    def add(self, runtime: str, script: str, passed: bool) -> None:
        """One test that ran the script there; a single failure is what stays."""
        word = "passed" if script in OWN else "equal"
        if self.cells.get((runtime, script)) != FAILED:
            self.cells[runtime, script] = word if passed else FAILED

    def lines(self) -> list[str]:
        """The table as Markdown; nothing where no script ran."""
        if not self.cells:
            return []
        ran = {runtime for runtime, _ in self.cells}
        rows = [runtime.name for runtime in RUNTIMES if runtime.name in ran]
        columns = sorted({script for _, script in self.cells})
        table = [["target", *(script.removesuffix(".py") for script in columns)]]
        table += [[row, *(self.cells.get((row, column), "-") for column in columns)] for row in rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        table.insert(1, ["-" * width for width in widths])
        return [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths))} |" for row in table]
