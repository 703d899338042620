"""A PostgreSQL server for a test: in a temporary folder, at a Unix socket there, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps out of the PATH; None where there is no server."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return next((f for f in [*reversed(folders), *([Path(found).parent] if found else [])] if (f / "initdb").exists()), None)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of its database. It runs as another user where this one is root, as PostgreSQL wants it."""
    user = _user()
    with tempfile.TemporaryDirectory(prefix="upyml-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o755)  # the socket in it is for the tests' user, too
        _run(user, folder, "initdb", "-D", folder / "data", "-U", "upyml", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        control = ("pg_ctl", "-D", folder / "data", "-w", "-t", "120")
        _run(user, folder, *control, "-o", options, "-l", folder / "log", "start")
        try:
            yield f"postgresql://upyml@/postgres?host={folder}"
        finally:
            _run(user, folder, *control, "-m", "immediate", "stop")


def _user() -> pwd.struct_passwd | None:
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("there is no user postgres or nobody for the server to run as")


def _run(user, folder: Path, program: str, *args) -> None:
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        [programs() / program, *args], cwd=folder, env={"PATH": os.defpath}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180, **who,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
