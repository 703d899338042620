"""What a board is found to need, from what it tells about itself."""

import dataclasses

import pytest

import upyml
from host_tools import package_files
from host_tools.deploy import bundle, drivers, errors, facts, plan, room, transfer

# sys.implementation._mpy, as MicroPython's documentation of .mpy files composes it: version, sub-version, architecture.
ARMV6M, ARMV7EM, ARMV7EMDP, XTENSA, XTENSAWIN = (6 | 3 << 8 | number << 10 for number in (4, 6, 8, 9, 10))

PICO = facts.Facts(
    name="micropython",
    version=(1, 25, 0),
    build="3.4.0; MicroPython v1.25.0",
    machine="Raspberry Pi Pico with RP2040",
    mpy=ARMV6M,
    path=["", ".frozen", "/lib"],
    frozen=None,
    builtin=None,
)
OURS = dataclasses.replace(PICO, frozen=upyml.__version__, builtin=upyml.__version__)


def a_board(**told):
    return dataclasses.replace(PICO, **told)


@pytest.fixture(autouse=True)
def modules(require):
    require("armv6m" in package_files.natmods(), "the native module for armv6m", "make natmods")


def test_a_board_with_plain_firmware_gets_the_native_module_and_compiled_python():
    needs = plan.plan(PICO)
    assert needs.files["/lib/_upyml.mpy"] == package_files.natmod("armv6m").read_bytes()
    assert needs.native == len(needs.files["/lib/_upyml.mpy"])
    assert {path for path in needs.files if not path.endswith(".mpy")} == set()
    assert "/lib/upyml/model.mpy" in needs.files


def test_the_engine_in_python_stays_at_home_where_the_native_one_goes():
    assert not [path for path in plan.plan(PICO).files if "_reference" in path or "/check" in path]


def test_firmware_with_upyml_needs_nothing():
    assert plan.plan(OURS).files == {} and plan.plan(OURS).how == "in the firmware"


def test_firmware_with_the_engine_only_needs_the_python_files():
    needs = plan.plan(a_board(builtin=upyml.__version__))
    assert needs.native == 0 and "/lib/upyml/model.mpy" in needs.files and "/lib/_upyml.mpy" not in needs.files


def test_circuitpython_gets_sources_and_the_engine_in_python():
    needs = plan.plan(a_board(name="circuitpython", mpy=6 | ord("C") << 8))
    assert set(needs.files) == {"/lib/" + path for path in bundle.sources()}
    assert needs.reference and "/lib/_upyml.mpy" in needs.stale


def test_a_file_of_the_other_kind_would_be_imported_instead():
    """MicroPython looks for model.py before model.mpy."""
    assert "/lib/upyml/model.py" in plan.plan(PICO).stale
    assert "/lib/_upyml.py" in plan.plan(PICO).stale


@pytest.mark.parametrize("mpy", [6 | 2 << 8 | 4 << 10, 5 | 4 << 10])
def test_a_board_with_another_abi_is_told_which_firmware_it_needs(mpy):
    with pytest.raises(errors.OldFirmware, match=r"version [56]\.[02], upyml's have 6\.3: flash MicroPython 1\.23"):
        plan.plan(a_board(mpy=mpy))


@pytest.mark.parametrize("mpy, name", [(XTENSA, "xtensa"), (0, "takes no native modules")])
def test_a_board_that_no_native_module_fits_is_refused_unless_python_will_do(mpy, name):
    with pytest.raises(errors.OldFirmware, match=f"{name}.*--python"):
        plan.plan(a_board(mpy=mpy))
    assert plan.plan(a_board(mpy=mpy), python=True).reference


@pytest.mark.parametrize("mpy, arch", [(ARMV7EM, "armv7m"), (ARMV7EMDP, "armv7emsp")])
def test_a_core_of_its_own_takes_the_module_of_the_nearest(mpy, arch, require):
    """Without floating point registers, and with ones for double precision besides."""
    require(arch in package_files.natmods(), f"the native module for {arch}", "make natmods")
    assert plan.plan(a_board(mpy=mpy)).files["/lib/_upyml.mpy"] == package_files.natmod(arch).read_bytes()


@pytest.mark.parametrize(
    "machine, module",
    [
        ("Generic ESP32 module with ESP32", "xtensawin"),
        ("Generic ESP32 module with SPIRAM with ESP32", "xtensawin"),
        ("Generic ESP32S3 module with ESP32S3", "xtensawin"),
        ("Generic ESP32S2 module with ESP32S2", "xtensawin-plain"),  # no MAC16
        ("ESP32 board with ESP32-S2FN4R2", "xtensawin-plain"),  # the chip by its full name, another one in the board's
        ("Some board with ESP32S9", "xtensawin-plain"),  # not known to have it
        ("Some board", "xtensawin-plain"),
    ],
)
def test_only_a_chip_that_is_known_to_have_mac16_gets_the_module_that_uses_it(machine, module, require):
    require({"xtensawin", "xtensawin-plain"} <= {*package_files.natmods()}, "modules for Xtensa", "make natmods")
    fast, plain = (package_files.natmod(name).read_bytes() for name in ("xtensawin", "xtensawin-plain"))
    assert fast != plain
    board = a_board(mpy=XTENSAWIN, machine=machine)
    assert plan.plan(board).files["/lib/_upyml.mpy"] == {"xtensawin": fast, "xtensawin-plain": plain}[module]


@pytest.mark.parametrize(
    "mpy, version, arch",
    [
        (ARMV6M, 1, "armv6m-dense"),
        (ARMV6M, 2, "armv6m-coded"),
        (ARMV6M, 3, "armv6m"),
        (ARMV7EM, 1, "armv7m"),  # there is one for all models
        (ARMV7EMDP, 1, "armv7emsp-dense"),
    ],
)
def test_the_lightest_module_that_runs_the_model_will_do(mpy, version, arch, require):
    require(arch in package_files.natmods(), f"the native module for {arch}", "make natmods")
    planned = plan.plan(a_board(mpy=mpy), version=version)
    assert planned.files["/lib/_upyml.mpy"] == package_files.natmod(arch).read_bytes()


@pytest.mark.parametrize(
    "built, chosen",
    [
        (("armv6m",), "armv6m"),
        (("armv6m-coded", "armv6m"), "armv6m-coded"),
        (("armv6m-dense", "armv6m"), "armv6m-dense"),
        (("x64",), "armv6m-dense"),  # is asked for: `make natmods`
    ],
)
def test_a_heavier_module_stands_in_for_one_that_was_not_built(built, chosen, monkeypatch, tmp_path):
    for arch in built:
        (tmp_path / arch).mkdir()
        (tmp_path / arch / "_upyml.mpy").write_bytes(b"M\x06\x1f" + arch.encode())
    monkeypatch.setattr(package_files, "_natmods", lambda: tmp_path)
    if chosen in built:
        assert plan.plan(PICO, version=1).files["/lib/_upyml.mpy"].endswith(b"\x1f" + chosen.encode())
    else:
        with pytest.raises(package_files.NotBuilt, match=f"{chosen} is not built: run `make natmods`"):
            plan.plan(PICO, version=1)


@pytest.mark.parametrize("told", [{"frozen": "0.0.1"}, {"builtin": "9.9.9"}])
def test_firmware_with_another_version_is_refused(told):
    (version,) = told.values()
    with pytest.raises(errors.OtherVersion, match=f"has upyml {version} in it"):
        plan.plan(a_board(**told))


def test_modules_go_where_the_board_looks_for_them():
    board = a_board(path=["", ".frozen", "/rom/lib", "/flash", "/flash/lib"])
    assert (board.lib, board.root) == ("/flash/lib", "/flash/")
    assert all(path.startswith("/flash/lib/") for path in plan.plan(board).files)


def test_a_machine_is_found_among_the_boards():
    assert PICO.board == "pico"
    assert a_board(machine="Something with XYZ123").board is None


LOOK = transfer.Look(["/m.upm"], [], [])


def test_flash_is_counted_in_blocks():
    files = {"/m.upm": bytes(4097)}
    room.check_flash(facts.Room(4096, 3 * 4096, 0, 0), files, LOOK)
    with pytest.raises(errors.NoRoom, match=r"4,097 bytes .* take 12,288 bytes .* has 8,192 free.*Nothing was written"):
        room.check_flash(facts.Room(4096, 2 * 4096, 0, 0), files, LOOK)
    with pytest.raises(errors.NoRoom, match="no file system"):
        room.check_flash(facts.Room(None, None, 0, 0), files, LOOK)


def test_ram_is_counted_for_all_that_is_loaded():
    needs = plan.plan(PICO)
    total = 1000 + 2000 + needs.native + room.COMPILED
    room.check_ram(facts.Room(None, None, 0, total), needs, 1000, 2000)
    with pytest.raises(errors.NoRoom, match=f"{total:,} bytes of RAM.*{total - 1:,} free: use --romfs"):
        room.check_ram(facts.Room(None, None, 0, total - 1), needs, 1000, 2000)


def test_drivers_that_a_program_imports_go_along():
    """With what they import themselves; firmware with upyml in it has them."""
    program = "import upyml\nfrom upyml.sensors import mpu6050\nif 1:\n    import upyml.sensors.replay\n"
    brought = drivers.files(program)
    modules = {"__init__", "base", "i2c", "mpu6050", "replay"}
    assert set(brought) == {f"upyml/sensors/{module}.py" for module in modules}
    needs = plan.plan(PICO, drivers=brought)
    assert {f"/lib/upyml/sensors/{module}.mpy" for module in modules} <= set(needs.files)
    assert plan.plan(OURS, drivers=brought).files == {}
    on_circuitpython = plan.plan(a_board(name="circuitpython", mpy=6 | ord("C") << 8), drivers=brought)
    assert on_circuitpython.files["/lib/upyml/sensors/base.py"] == brought["upyml/sensors/base.py"]


@pytest.mark.parametrize("program", ["", "import upyml\n", "from upyml import load\n", "print 'no Python 3'", "x = '\0'"])
def test_other_programs_bring_no_drivers(program):
    assert drivers.files(program) == {}


def test_a_driver_that_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"main.py imports upyml.sensors.sonar: there are adc, lsm6ds3, mic_i2s, mpu6050, replay"):
        drivers.files("from upyml.sensors.sonar import Sensor")
