"""Packages for mip: served by Python's own web server, installed by MicroPython's own mip, and by mpremote."""

import functools
import http.server
import json
import subprocess
import sys
import threading

import pytest
import small_models
from click.testing import CliRunner
from runtimes import NATMOD, PLAIN, PYPI, Runtime, runtime

import upyml
from host_tools import boards, package_files
from host_tools.cli import main
from host_tools.deploy import bundle

# The PyPI runtime has the modules of a board with network frozen in, mip among them; nothing of ours is on its path.
INSTALLER = Runtime("installer", (sys.executable, "-c", PYPI), native=False, micropython=True)
INSTALL = "import sys, mip; mip.install(sys.argv[1], target=sys.argv[2])"
TRY = """
import sys
sys.path[:] = [".frozen", sys.argv[1]]
import upyml
model = upyml.load(sys.argv[2])
print(model.selftest(), upyml.__version__, upyml.__file__)
try:
    import _upyml
    print(_upyml.__file__)
except ImportError:
    print("no engine in C")
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder of `upyml mip`, and where a web server has it."""
    folder = tmp_path_factory.mktemp("mip")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder)) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        assert CliRunner().invoke(main, ["mip", str(folder)], catch_exceptions=False).exit_code == 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, url
        server.shutdown()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "gesture.upm"
    path.write_bytes(small_models.with_vectors(small_models.gesture))
    return path


@pytest.fixture(autouse=True, scope="module")
def _built(require):
    require((NATMOD / "_upyml.mpy").exists(), "build/natmod/x64/_upyml.mpy", "make natmods")
    require(PLAIN.exists(), "build/unix-plain/micropython", "make unix")


@pytest.mark.parametrize("where", ["unix-mpy", "pypi-mpy"])
def test_mip_installs_the_native_package(served, model, tmp_path, where):
    """With MicroPython 1.25.0 and with 1.29-preview, which both run what MicroPython 1.29's compiler made."""
    INSTALLER.run(INSTALL, args=(f"{served[1]}/x64", tmp_path))
    printed = runtime(where).run(TRY, args=(tmp_path, model)).splitlines()
    assert printed == [f"True {upyml.__version__} {tmp_path}/upyml/__init__.mpy", f"{tmp_path}/_upyml.mpy"]
    assert not list(tmp_path.rglob("*.py"))


def test_mip_installs_the_package_without_native_module(served, model, tmp_path):
    INSTALLER.run(INSTALL, args=(f"{served[1]}/py", tmp_path))
    printed = runtime("unix-mpy").run(TRY, args=(tmp_path, model)).splitlines()
    assert printed == [f"True {upyml.__version__} {tmp_path}/upyml/__init__.py", "no engine in C"]


def test_a_package_for_every_native_module(served):
    folder, _ = served
    assert {path.name for path in folder.iterdir()} == {*package_files.natmods(), "py"}
    for arch in package_files.natmods():
        listed = json.loads((folder / arch / "package.json").read_text())
        assert listed["version"] == upyml.__version__
        assert sorted(place for place, _ in listed["urls"]) == sorted(bundle.files(arch))
        assert (folder / arch / "_upyml.mpy").read_bytes() == package_files.natmod(arch).read_bytes()


def test_python_files_are_compiled_for_every_board(served):
    """Version 6 of the format and no machine code: byte 2 holds the architecture's number, 0 for none."""
    compiled = list((served[0] / "x64" / "upyml").rglob("*.mpy"))
    assert len(compiled) == len(bundle.sources())
    assert {path.read_bytes()[:3] for path in compiled} == {b"M\x06\x00"}


def test_whole_addresses_for_old_firmware(tmp_path):
    result = CliRunner().invoke(main, ["mip", str(tmp_path), "--url", "http://example.org/upyml/", "--json"])
    assert set(json.loads(result.output)["packages"]) == {*package_files.natmods(), "py"}
    listed = json.loads((tmp_path / "py" / "package.json").read_text())["urls"]
    assert ["upyml/model.py", "http://example.org/upyml/py/upyml/model.py"] in listed


def test_without_native_modules_there_is_nothing_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(package_files, "_natmods", lambda: tmp_path)
    result = CliRunner().invoke(main, ["mip", str(tmp_path / "out")])
    assert result.exit_code == 21 and "not built: run `make natmods`" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_mpremote_installs_on_a_pico(served, require):
    """Stock firmware, an emulated Pico: mpremote fetches the package and copies it there. Only its first files, since
    the copying takes a second for each 500 bytes."""
    from host_tools.emulators.rp2040 import Pico

    folder, url = served
    image = boards.get("pico-stock").image
    require(image.exists(), "firmware for pico-stock", "make boards")
    require("armv6m" in package_files.natmods(), "build/natmod/armv6m/_upyml.mpy", "make natmods")
    package = json.loads((folder / "armv6m" / "package.json").read_text())
    needed = {"_upyml.mpy", "upyml/__init__.mpy", "upyml/errors.mpy"}
    package["urls"] = [entry for entry in package["urls"] if entry[0] in needed]
    (folder / "armv6m" / "short.json").write_text(json.dumps(package))
    code = "import _upyml, upyml; print(_upyml.__file__, _upyml.VERSION == upyml.__version__)"
    with Pico(image) as pico:
        mpremote = [sys.executable, "-m", "mpremote", "connect", pico.port]
        steps = ["mip", "install", f"{url}/armv6m/short.json", "+", "exec", code]
        done = subprocess.run([*mpremote, *steps], capture_output=True, text=True)
    assert "/lib/_upyml.mpy True" in done.stdout.splitlines(), done.stdout + done.stderr
