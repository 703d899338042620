"""Fetches a source tarball from Debian, with apt but without touching the system's own apt state.

apt runs with a sources list, lists and cache of its own below the project's cache folder, so it needs no root. The
mirror is the one the system is configured with. What was fetched is compared with a SHA-256 that stands in the calling
script: the file is the same whatever the mirror, and a cached file is checked as strictly as a fresh one.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def cache_dir() -> Path:
    """The folder for downloads, kept from build to build: $XDG_CACHE_HOME/upyml, or ~/.cache/upyml."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "upyml"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def source_tarball(package: str, file_name: str, sha256: str) -> Path:
    """The path of `file_name` (an orig tarball of the source package) in the cache, fetched if it is not there yet.

    Raises SystemExit with a sentence if it cannot be had.
    """
    target = cache_dir() / file_name
    if target.exists() and _sha256(target) == sha256:
        return target
    if not shutil.which("apt-get"):
        sys.exit(f"{file_name}: this system has no apt-get to fetch it with")
    for trusted in ("", "[trusted=yes]"):
        # The second round is for a system whose keyring is too old to know the suite's key: the pinned SHA-256 below
        # then stands in for the signature.
        with tempfile.TemporaryDirectory() as folder:
            found = _download(Path(folder), package, file_name, trusted)
            if found and _sha256(found) == sha256:
                part = target.with_name(f"{file_name}.{os.getpid()}")  # two builds at once never see half a file
                shutil.copyfile(found, part)
                part.replace(target)
                return target
    sys.exit(f"{file_name}: not on the mirror of this system, or not with SHA-256 {sha256}")


def _download(folder: Path, package: str, file_name: str, trusted: str) -> Path | None:
    """Lets apt fetch the package's source files into the folder; the tarball's path, or None without it."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    options = trusted or (f"[signed-by={KEYRING}]" if KEYRING.exists() else "")
    (folder / "sources.list").write_text(f"deb-src {options} {_mirror()} {SUITE} main\n")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",  # the folder belongs to the caller; apt's own user could not write there
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    update = subprocess.run([*apt, "update"], cwd=folder, stdout=sys.stderr)
    if update.returncode:
        return None
    # A mirror sometimes lacks the small .debian.tar.xz; then apt reports a failure although the tarball came.
    subprocess.run([*apt, "source", "--download-only", package], cwd=folder, stdout=sys.stderr)
    return folder / file_name if (folder / file_name).exists() else None


def _mirror() -> str:
    """The address of the system's own Debian mirror, as apt would ask it; known before any list was fetched."""
    update = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True)
    found = re.search(r"'(\S+/debian(/[^/]+)?)/dists/", update.stdout)  # a snapshot has a date behind "debian"
    if not found:
        sys.exit("apt on this system is not configured with a Debian mirror")
    return found[1]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
