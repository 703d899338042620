"""A headless Chromium for a test, spoken to in the DevTools protocol through two pipes: no port, no network.

    with chromium.browser() as page:
        seen = page.open(path, width=390)     # what it asked for, and complained about
        page.value("document.title")
        page.screenshot(target)
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SECONDS = 60  # for one answer: the machine may be busy


def program() -> str | None:
    """Where Chromium is, as Debian and others call it; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@dataclass
class Seen:
    """What happened while a page was opened: URLs asked for, and complaints of the console, exceptions, failed loads."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Page:
    """The one page of a browser."""

    def __init__(self, commands: int, answers: int):
        self.commands, self.answers, self.buffer, self.last = commands, answers, b"", 0
        self.events: list[dict] = []
        self.session = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, path: Path, width: int, height: int = 900, dark: bool = False, media: str = "screen") -> Seen:
        """Opens a file and waits until it is loaded. media: "print" shows it as on paper."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self._call("Emulation.setEmulatedMedia", media=media, features=scheme)
        self.events.clear()
        self._call("Page.navigate", url=path.resolve().as_uri())
        self._wait("Page.loadEventFired")
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is drawn
        return self._seen()

    def value(self, expression: str) -> Any:
        """What JavaScript makes of an expression; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def screenshot(self, target: Path) -> None:
        """The whole page as a PNG."""
        data = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        target.write_bytes(base64.b64decode(data))

    def _seen(self) -> Seen:
        seen = Seen()
        for event in self.events:
            what, told = event["method"], event.get("params", {})
            if what == "Network.requestWillBeSent":
                seen.requests.append(told["request"]["url"])
            elif what == "Network.loadingFailed":
                seen.complaints.append(told["errorText"])
            elif what == "Runtime.exceptionThrown":
                seen.complaints.append(told["exceptionDetails"]["text"])
            elif what == "Runtime.consoleAPICalled":
                seen.complaints.append(json.dumps(told["args"]))
            elif what == "Log.entryAdded":
                seen.complaints.append(told["entry"]["text"])
        return seen

    def _call(self, method: str, **params) -> dict:
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _wait(self, method: str) -> None:
        while all(event["method"] != method for event in self.events):
            self._next()

    def _next(self) -> dict:
        """The next message; events are kept."""
        until = time.monotonic() + _SECONDS
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            some = os.read(self.answers, 1 << 16)
            if not some:
                raise RuntimeError("Chromium ended")
            self.buffer += some
        line, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    """A browser with a profile of its own, gone afterwards."""
    commands_out, commands = os.pipe()
    answers, answers_in = os.pipe()
    with tempfile.TemporaryDirectory(prefix="upyml-chromium-", ignore_cleanup_errors=True) as folder:
        # It reads commands from file 3 and answers to file 4; the numbers that the pipes have may be these.
        launch = f'exec "$@" 3<&{commands_out} 4>&{answers_in}'
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
        options += ["--no-first-run", "--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={folder}"]
        process = subprocess.Popen(
            ["bash", "-c", launch, "bash", program(), *options],
            pass_fds=(commands_out, answers_in), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands_out)
        os.close(answers_in)
        try:
            yield Page(commands, answers)
        finally:
            os.close(commands)  # it ends with its pipe
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(answers)
