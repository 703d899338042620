"""The kernels that a processor has of its own give the plain kernels' bytes and touch nothing else, in its emulator."""

import re
import shutil

import kernel_rig as rig
import pytest


def _together(name):
    """A processor's kernels are compiled once, by the one process that runs all its tests."""
    return pytest.mark.xdist_group(f"kernels-{name}")


FAMILIES = [
    pytest.param(name, family, marks=_together(name))
    for name, cpu in rig.CPUS.items()
    for family in rig.families(cpu)
]


@pytest.fixture(scope="module")
def built(require, tmp_path_factory):
    """A function that answers the objects of a processor's kernels and the folder that they are in."""
    made = {}

    def objects(name):
        cpu = rig.CPUS[name]
        for program in (f"{cpu.tools}gcc", cpu.command[0]):
            require(shutil.which(program), program, f"apt-get install {cpu.packages}")
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            made[name] = rig.kernels(cpu, folder), folder
        return made[name]

    return objects


@pytest.mark.parametrize("name, family", FAMILIES, ids=["-".join(one.values) for one in FAMILIES])
def test_kernels_equal_the_plain_ones(name, family, built):
    objects, folder = built(name)
    cpu = rig.CPUS[name]
    code, printed = rig.run(cpu, rig.build(cpu, rig.source(family), objects, folder))
    count = re.fullmatch(r"(\d+) cases\n", printed)
    assert code == 0 and count, f"the first case that fails: {printed}"
    assert int(count[1]) >= 2000


STOPPED = "the processor stopped: an access to a place that is no multiple of its width, or outside of memory\n"
ENDS = [
    ("return 2000;", "2000 cases\n"),
    ("rig_number(INT32_MIN); rig_fail(\" is wrong\"); return 2000;", "-2147483648 is wrong\n"),
    ("return *(volatile int32_t *)0xa0000000u;", STOPPED),
]
UNALIGNED = ("return *(volatile int32_t *)(0x20000000u + (rig_random() | 1) % 64);", STOPPED)


@pytest.mark.parametrize(
    "name, body, printed",
    [
        *(pytest.param(name, *end, marks=_together(name)) for name in rig.CPUS for end in ENDS),
        pytest.param("cortex_m0", *UNALIGNED, marks=_together("cortex_m0")),
    ],
    ids=[*(f"{name}-{how}" for name in rig.CPUS for how in ("passes", "fails", "outside")), "cortex_m0-unaligned"],
)
def test_a_program_tells_how_it_ends(name, body, printed, built):
    """An access that the processor cannot make ends the program, wherever a kernel makes it."""
    objects, folder = built(name)
    cpu, cases = rig.CPUS[name], folder / "cases_end.c"
    cases.write_text(f'#include "rig.h"\nint32_t cases(void) {{ {body} }}\n')
    assert rig.run(cpu, rig.build(cpu, cases, objects, folder)) == (int(printed != "2000 cases\n"), printed)
