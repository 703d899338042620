"""A bar on standard error while something takes long; nothing where that is no terminal."""

from __future__ import annotations

import sys


class Bar:
    """A context manager whose value is called with (done, total), both in the same unit."""

    def __init__(self, title: str, quiet: bool):
        self.title = title
        self.quiet = quiet
        self.bar = None

    def __enter__(self):
        return self.step

    def step(self, done: int, total: int) -> None:
        if self.quiet or not sys.stderr.isatty():
            return
        if self.bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task(self.title, total=total)
            self.bar.start()
        self.bar.update(self.task, completed=done, total=total)

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.stop()
