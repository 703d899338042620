"""Fetches source tarballs and binary packages from Debian, with apt but without touching the system's own apt state.

apt runs with a sources list, lists and cache of its own below the project's cache folder, so it needs no root. The
mirror is the one the system is configured with. What was fetched is compared with a SHA-256 that stands in the calling
script: the file is the same whatever the mirror, and a cached file is checked as strictly as a fresh one. Packages that
get updates, of which a mirror keeps only the newest, may be another version: the one the suite's signed index offers.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

SUITE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def cache_dir() -> Path:
    """The folder for downloads, kept from build to build: $XDG_CACHE_HOME/upyml, or ~/.cache/upyml."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "upyml"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_cached(file_name: str, sha256: str) -> bool:
    """Whether the cache has the file, and as it should be."""
    target = cache_dir() / file_name
    return target.exists() and _sha256(target) == sha256


def keep(found: Path, sha256: str, name: str = "") -> None:
    """Moves a file that was fetched to the cache, by its own or another name, if it is the one that was asked for."""
    if found.exists() and _sha256(found) == sha256:
        part = cache_dir() / f"{found.name}.{os.getpid()}"  # two builds at once never see half a file
        shutil.copyfile(found, part)
        part.replace(cache_dir() / (name or found.name))


@contextmanager
def only_one(target: Path):
    """One process at a time makes the folder `target`; others wait here, and then look again if it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_name(f"{target.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        yield


def source_tarball(package: str, file_name: str, sha256: str, suite: str = SUITE) -> Path:
    """The path of `file_name` (an orig tarball of the source package) in the cache, fetched if it is not there yet.

    suite: another than the usual one where that one updates the package, and so drops the tarball, too often.
    Raises SystemExit with a sentence if it cannot be had.
    """
    return _fetch("source", [(package, file_name, sha256)], suite)[0]


def binary_packages(wanted: list[tuple[str, str, str]], updated: tuple[str, ...] = ()) -> list[Path]:
    """The paths of binary packages in the cache, in the order asked for; what is missing is fetched with one update.

    wanted: package, its file's name and the file's SHA-256. updated: packages of which another version does as well, as
    long as apt could check it by the suite's signature. Raises SystemExit with a sentence if one cannot be had.
    """
    return _fetch("binary", wanted, SUITE, updated)


def unpack_binary(packages: list[Path], target: Path) -> None:
    """Unpacks packages below the folder `target`, as below "/", without installing them."""
    if not shutil.which("dpkg-deb"):
        sys.exit(f"{packages[0].name}: this system has no dpkg-deb to unpack it with")
    part = target.with_name(f"{target.name}.part")  # a target that exists is whole
    shutil.rmtree(part, ignore_errors=True)  # of a call that was stopped
    part.mkdir(parents=True)
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, part], check=True)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _fetch(kind: str, wanted: list[tuple[str, str, str]], suite: str, updated: tuple[str, ...] = ()) -> list[Path]:
    """The cached path of each file; what is not in the cache, or not as it should be, is fetched."""
    missing = [one for one in wanted if not _cached(*one, updated)]
    if missing and not shutil.which("apt-get"):
        sys.exit(f"{missing[0][1]}: this system has no apt-get to fetch it with")
    # The second round is for a system whose keyring is too old to know the suite's key: the pinned SHA-256 then
    # stands in for the signature.
    for trusted in ("", "[trusted=yes]"):
        if not missing:
            break
        with tempfile.TemporaryDirectory() as folder:
            _download(Path(folder), kind, [package for package, _, _ in missing], suite, trusted)
            for package, file_name, sha256 in missing:
                keep(Path(folder) / file_name, sha256)
                if package in updated and not trusted and not is_cached(file_name, sha256):
                    for found in Path(folder).glob(f"{package}_*.deb"):
                        keep(found, _sha256(found), f"{found.name}.{_sha256(found)}")
        missing = [one for one in missing if not _cached(*one, updated)]
    if missing:
        _, file_name, sha256 = missing[0]
        sys.exit(f"{file_name}: not on the mirror of this system, or not with SHA-256 {sha256}")
    return [_cached(*one, updated) for one in wanted]


def _cached(package: str, file_name: str, sha256: str, updated: tuple[str, ...]) -> Path | None:
    """The file in the cache; of a package that gets updates also another version, which has its SHA-256 in its name."""
    if is_cached(file_name, sha256):
        return cache_dir() / file_name
    others = sorted(cache_dir().glob(f"{package}_*.deb.*")) if package in updated else []
    return next((path for path in others if _sha256(path) == path.suffix[1:]), None)


def _download(folder: Path, kind: str, packages: list[str], suite: str, trusted: str) -> None:
    """Lets apt fetch the packages' files into the folder, as far as it can."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    options = trusted or (f"[signed-by={KEYRING}]" if KEYRING.exists() else "")
    line = "deb-src" if kind == "source" else "deb"
    (folder / "sources.list").write_text(f"{line} {options} {_mirror()} {suite} main\n")
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
        return
    # One by one: a package that is missing would keep apt from the others. A mirror sometimes lacks the small
    # .debian.tar.xz; then apt reports a failure although the tarball came.
    command = ["source", "--download-only"] if kind == "source" else ["download"]
    for package in packages:
        subprocess.run([*apt, *command, package], cwd=folder, stdout=sys.stderr)


def _mirror() -> str:
    """The address of the system's own Debian mirror, as apt would ask it; known before any list was fetched."""
    update = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True)
    found = re.search(r"'(\S+/debian(/[^/]+)?)/dists/", update.stdout)  # a snapshot has a date behind "debian"
    if not found:
        sys.exit("apt on this system is not configured with a Debian mirror")
    return found[1]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
