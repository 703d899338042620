"""The Cortex-M0+ kernels give the plain kernels' bytes and touch nothing else, on an emulated Cortex-M0."""

import re
import shutil

import cortex_m0_rig as rig
import pytest


@pytest.fixture(scope="module")
def folder(require, tmp_path_factory):
    require(shutil.which(rig.GCC), rig.GCC, "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
    require(shutil.which(rig.QEMU), rig.QEMU, "apt-get install qemu-system-arm")
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def objects(folder):
    return rig.kernels(folder)


@pytest.mark.parametrize("family", rig.families())
def test_kernels_equal_the_plain_ones(family, objects, folder):
    code, printed = rig.run(rig.build(rig.source(family), objects, folder))
    count = re.fullmatch(r"(\d+) cases\n", printed)
    assert code == 0 and count, f"the first case that fails: {printed}"
    assert int(count[1]) >= 2000


STOPPED = "the processor stopped: an access to a place that is no multiple of its width, or outside of memory\n"


@pytest.mark.parametrize(
    "body, printed",
    [
        ("return 2000;", "2000 cases\n"),
        ("rig_number(INT32_MIN); rig_fail(\" is wrong\"); return 2000;", "-2147483648 is wrong\n"),
        ("return *(volatile int32_t *)(0x20000000u + (rig_random() | 1) % 64);", STOPPED),
        ("return *(volatile int32_t *)0x30000000u;", STOPPED),
    ],
    ids=["passes", "fails", "unaligned", "outside"],
)
def test_a_program_tells_how_it_ends(body, printed, objects, folder):
    """An access that this processor cannot make ends the program, wherever a kernel makes it."""
    cases = folder / "cases_end.c"
    cases.write_text(f'#include "rig.h"\nint32_t cases(void) {{ {body} }}\n')
    assert rig.run(rig.build(cases, objects, folder)) == (int(printed != "2000 cases\n"), printed)
