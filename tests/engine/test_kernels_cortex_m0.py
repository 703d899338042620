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
    code, printed = rig.run(rig.build(family, objects, folder))
    count = re.fullmatch(r"(\d+) cases\n", printed)
    assert code == 0 and count, f"the first case that fails: {printed}"
    assert int(count[1]) >= 2000
