"""Downloads from Debian: what is taken for a package that was asked for (ports/fetch/debian.py)."""

import hashlib
import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "ports" / "fetch" / "debian.py"
PINNED, UPDATE = b"the version we know", b"the version after a security update"
ASKED = ("zlib1g", "zlib1g_1.0_amd64.deb", hashlib.sha256(PINNED).hexdigest())


@pytest.fixture
def debian(tmp_path, monkeypatch):
    """The module with an empty cache; `offer` sets the files of a mirror, by whether apt could check its signature."""
    spec = importlib.util.spec_from_file_location("debian", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module.shutil, "which", lambda program: f"/usr/bin/{program}")

    def offer(name, content, signed=True):
        def download(folder, kind, packages, suite, trusted):
            if content and (signed or trusted):
                (folder / name).write_bytes(content)

        monkeypatch.setattr(module, "_download", download)

    module.offer = offer
    return module


def test_a_pinned_package_is_its_file_and_no_other(debian):
    debian.offer("zlib1g_1.0_amd64.deb", PINNED, signed=False)
    (path,) = debian.binary_packages([ASKED])
    assert path.read_bytes() == PINNED

    path.write_bytes(b"damaged")
    debian.offer("zlib1g_1.1_amd64.deb", UPDATE)
    with pytest.raises(SystemExit, match="zlib1g_1.0_amd64.deb: not on the mirror"):
        debian.binary_packages([ASKED])


def test_of_a_package_that_gets_updates_a_signed_version_does(debian):
    debian.offer("zlib1g_1.1_amd64.deb", UPDATE, signed=False)
    with pytest.raises(SystemExit):
        debian.binary_packages([ASKED], updated=("zlib1g",))

    debian.offer("zlib1g_1.1_amd64.deb", UPDATE)
    (path,) = debian.binary_packages([ASKED], updated=("zlib1g",))
    assert path.read_bytes() == UPDATE

    debian.offer("", None)  # offline: the cache has it, unless it was damaged
    assert debian.binary_packages([ASKED], updated=("zlib1g",)) == [path]
    path.write_bytes(b"damaged")
    with pytest.raises(SystemExit):
        debian.binary_packages([ASKED], updated=("zlib1g",))
