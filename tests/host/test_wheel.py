"""The source archive, and the wheel that is made from it: what a user installs works without the checkout, and has what
boards need."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv

import numpy as np
import pytest
from runtimes import ROOT
from tflite_builder import TfliteBuilder

import upyml
from host_tools import op_facts, package_files
from host_tools.emulators.machines import MACHINES


@pytest.fixture(scope="module")
def archive(tmp_path_factory, require):
    """The source archive, made from a copy of the checkout."""
    require("armv6m" in package_files.natmods(), "build/natmod/armv6m/_upyml.mpy", "make natmods")
    folder = tmp_path_factory.mktemp("archive")
    sources = _sources(folder / "sources")
    command = [sys.executable, "-m", "build", "--quiet", "--sdist", "--no-isolation", "--outdir", folder, sources]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(sources)
    (found,) = folder.glob("upyml-*.tar.gz")
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory, archive):
    """A virtual environment with the wheel, in which other packages come from this one; runs its programs."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    build = ["wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, archive]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("upyml-*.whl")
    venv.create(folder / "venv", symlinks=True)
    programs = folder / "venv" / "bin"
    subprocess.run([*pip, "--python", programs / "python", "install", *offline, wheel], check=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))  # a path added so runs no .pth file of its own

    def run(program, *args):
        return subprocess.run([programs / program, *map(str, args)], cwd=folder, capture_output=True, text=True)

    return run


def _sources(folder):
    """A copy of what a wheel is made from: building in place would leave traces in the checkout."""
    folder.mkdir()
    for name in "setup.py setup.cfg pyproject.toml MANIFEST.in Makefile README.md LICENSE CHANGELOG.md mkdocs.yml".split():
        shutil.copy(ROOT / name, folder)
    for name in ("upyml", "host_tools", "ports", "docs", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for arch in package_files.natmods():
        (folder / "build" / "natmod" / arch).mkdir(parents=True)
        shutil.copy(package_files.natmod(arch), folder / "build" / "natmod" / arch)
    for machine in MACHINES:
        if package_files.bare(machine).is_file():
            (folder / "build" / "bare" / machine).mkdir(parents=True)
            shutil.copy(package_files.bare(machine), folder / "build" / "bare" / machine)
    return folder


def python(installed, code):
    done = installed("python", "-c", code)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_command_is_there_and_the_c_engine(installed):
    assert installed("upyml", "--version").stdout == f"upyml {upyml.__version__}\n"
    module, engine = python(installed, "import upyml, _upyml; print(upyml.__file__); print(_upyml.__file__)")
    assert "/venv/lib/" in module and "/venv/lib/" in engine


@pytest.mark.slow
def test_the_archive_has_what_is_read_and_built(archive):
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    wanted = {path.relative_to(ROOT) for folder in ("docs", "examples", "upyml") for path in (ROOT / folder).rglob("*")
              if path.is_file() and path.suffix != ".pyc"}  # fmt: skip
    wanted |= {package_files.natmod(arch).relative_to(ROOT) for arch in package_files.natmods()}
    assert {str(path) for path in wanted} - names == set()


@pytest.mark.slow
def test_the_two_minute_example(installed):
    """A .tflite file to answers, without TensorFlow and without a word about Keras."""
    made = TfliteBuilder()
    x, y = made.tensor((1, 16), scale=0.1), made.tensor((1, 4), scale=0.1)
    weights = made.constant(np.random.default_rng(1).integers(-127, 128, (4, 16)), "int8", 0.02)
    made.op("FULLY_CONNECTED", [x, weights, made.constant(np.zeros(4), "int32", 0.002)], [y], "FullyConnectedOptions")
    code = f"open('model.tflite', 'wb').write({made.file([x], [y])!r})"
    assert python(installed, code) == []
    done = installed("upyml", "convert", "model.tflite", "-o", "model.upm", "--labels", "a,b,c,d")
    assert done.returncode == 0 and "model.upm: " in done.stdout, done.stderr
    assert "FULLY_CONNECTED" in installed("upyml", "report", "model.upm").stdout
    assert installed("upyml", "run", "model.upm").stdout == "selftest passed\n"
    code = "import sys, upyml; print(upyml.load('model.upm').classify([1.0] * 16)[0]); print('tensorflow' in sys.modules)"
    label, tensorflow = python(installed, code)
    assert label in "abcd" and tensorflow == "False"


@pytest.mark.slow
def test_type_checkers_find_the_stubs(installed):
    code = "import upyml, pathlib; print(*sorted(str(p.name) for p in pathlib.Path(upyml.__file__).parent.glob('*.pyi')))"
    (names,) = python(installed, f"{code}; assert (pathlib.Path(upyml.__file__).parent / 'py.typed').exists()")
    assert names.split() == sorted(path.name for path in (ROOT / "upyml").glob("*.pyi"))


@pytest.mark.slow
def test_it_has_every_board_and_native_module(installed):
    code = "from host_tools import boards, package_files as p; print(*boards.all()); print(*p.natmods())"
    names, archs, path = python(installed, f"{code}; print(p.natmod('armv6m'))")
    assert sorted(names.split()) == sorted(path.stem for path in (ROOT / "ports" / "boards").glob("*.toml"))
    assert tuple(archs.split()) == package_files.natmods()
    assert "/venv/lib/" in path and open(path, "rb").read() == package_files.natmod("armv6m").read_bytes()


@pytest.mark.slow
def test_it_has_the_programs_that_count(installed, require):
    for machine in MACHINES:
        require(package_files.bare(machine).is_file(), f"build/bare/{machine}/bench.elf", "make bare")
    paths = python(installed, f"from host_tools import package_files as p; [print(p.bare(m)) for m in {list(MACHINES)}]")
    for machine, path in zip(MACHINES, paths, strict=True):
        assert "/venv/lib/" in path and open(path, "rb").read() == package_files.bare(machine).read_bytes()


@pytest.mark.slow
def test_a_board_gets_the_same_files(installed):
    """No module that a command or a board needs was left out."""
    from host_tools.deploy import bundle, drivers

    code = "from host_tools.deploy import bundle; print(*sorted(bundle.files('armv6m')))"
    assert python(installed, code) == [" ".join(sorted(bundle.files("armv6m")))]
    program = "from upyml.sensors import mpu6050, lsm6ds3, mic_i2s, adc, replay, recorder"
    code = f"from host_tools.deploy import drivers; print(*sorted(drivers.files('{program}')))"
    assert python(installed, code) == [" ".join(sorted(drivers.files(program)))]
    done = installed("upyml", "mip", "served")
    assert done.returncode == 0 and "served/armv6m/package.json" in done.stdout
    for command in ("convert", "run", "boards", "deploy", "flash", "record"):
        assert installed("upyml", command, "--help").returncode == 0


@pytest.mark.slow
def test_it_makes_projects(installed):
    from host_tools import new_project

    for kind in new_project.KINDS:
        done = installed("upyml", "new", f"my_{kind}", "--kind", kind)
        assert done.returncode == 0 and "model.upm, recording.bin, recording.json, train.py" in done.stdout
    code = "import os, runpy; os.chdir('my_tabular'); runpy.run_path('main.py', run_name='__main__')"
    told, *days = python(installed, code)
    assert told.endswith("playing recording.bin") and len(days) == 59


@pytest.mark.slow
def test_without_the_engines_sources_the_fast_paths_are_told(installed):
    told = json.loads(installed("upyml", "ops", "--json").stdout)
    assert {fact.name: fact.fast for fact in op_facts.facts()} == {row["name"]: row["fast"] for row in told}


@pytest.mark.slow
def test_without_a_checkout_firmware_is_asked_for(installed):
    done = installed("upyml", "flash", "--board", "pico")
    assert done.returncode == 21
    assert done.stderr.endswith("the firmware for pico is not built: give a file with --image\n")


def test_make_builds_what_a_board_can_ask_for():
    listed = re.search(r"^NATMODS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1)
    assert sorted(listed.split()) == sorted(package_files.ARCHS)


def test_a_wheel_built_without_native_modules_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(package_files, "PACKAGED", tmp_path)
    assert package_files.natmods() == () and package_files.boards() == tmp_path / "boards"
    with pytest.raises(package_files.NotBuilt, match="armv6m is not built: this installation came without it"):
        package_files.natmod("armv6m")
    with pytest.raises(FileNotFoundError, match="no native module for 'z80'; there are ones for x64, armv6m"):
        package_files.natmod("z80")
