"""Makes a folder with what a compiler for the ESP32's core is made of; prints the folder.

    python ports/fetch/xtensa.py build/xtensa

FOLDER/tools has Debian's compiler for the ESP8266 (lx106) with the libraries it needs; FOLDER/sources the headers and
the instruction table that ports/xtensa/core.c, the plugin that makes it one for the ESP32, is built from.
"""

import shutil
import sys
import tarfile
from pathlib import Path

import debian

# As sha256sum prints them. Of the C and C++ libraries we take the packages for cross compiling: they hold the same
# files and stay on the mirrors when the system's own get a security update.
PACKAGES = """
1d61537d9ac09a6aaed48355fee5c63529c644c63ee3636a8c22f52b583d88bd  gcc-xtensa-lx106_13.3.0-16+14+b4_amd64.deb
34e6b9e3593cd4c8c6875e7f1b12faa10e9b0d93daa87056113185a3b651f5f7  picolibc-xtensa-lx106-elf_1.8.10-2_all.deb
434f0712a0ea19f96fe09a55a3e943a4960408802e8e6031e2c162f6bbb0b235  binutils-xtensa-lx106_2.44-3+6+b2_amd64.deb
b0e7cce4eb4029b5f23a67c439f0e13b5b8418be949390fd22ebc67e30a659aa  libc6-amd64-cross_2.41-11cross1_all.deb
b319ad73d3233bfe2ac72896a7a921208035c39ea27795377c9522c728846e53  libgcc-s1-amd64-cross_14.2.0-19cross1_all.deb
3f129c30e478ef19694e6b3c796e90796316cc698395de98ecd52b1f91494912  libstdc++6-amd64-cross_14.2.0-19cross1_all.deb
"""

# What the compiler's programs are linked to besides. These get updates, and a mirror then drops the version before: any
# that the suite's signed index offers does, for what they compute does not depend on it. The compiler stays the same.
LIBRARIES = """
d0d0265eb01770f17afd0f7c8c0622f80479dcfbbe13653a0debeec61464e622  libgmp10_2%3a6.3.0+dfsg-3_amd64.deb
75dddce11dabc7fc543712c33dc27b7f2ee66a111763eb5eac654d010b42cd92  libmpfr6_4.2.2-1_amd64.deb
2af0a5c128e03694a41c0b011bd8a958b7297436cdb3a15ddad7866dae8c300b  libmpc3_1.3.1-1+b3_amd64.deb
ac8518042e81c00de1effb72bba7e88ac4ecd488f7ea8b9e3ebc63159cb53b35  libisl23_0.27-1_amd64.deb
015be740d6236ad114582dea500c1d907f29e16d6db00566ca32fb68d71ac90d  zlib1g_1%3a1.3.dfsg+really1.3.1-1+b1_amd64.deb
2f6a2aeacfc925eba8b00ac9139bc4bfccf8cacb09eb93de067074b26948eef9  libzstd1_1.5.7+dfsg-1_amd64.deb
"""

# Tarball, its SHA-256, the suite that has it, and the files wanted from below its one top folder.
SOURCES = [
    (
        "binutils_2.44.orig.tar.xz",
        "c41a0272424f41bb01bf828e7ffef1b2d59d1788064fd6b5f1d971717e9320b8",
        "trixie",
        {"include/ansidecl.h", "include/xtensa-dynconfig.h", "include/xtensa-isa.h", "include/xtensa-isa-internal.h"},
    ),
    (
        "qemu_7.2+dfsg.orig.tar.xz",
        "91aca71520040edc40b8d437aa3004dae614f58e286cf653ee8996c07af2962f",
        "bookworm",
        {"target/xtensa/core-de233_fpu/xtensa-modules.c.inc"},
    ),
]


def fetch(folder: Path) -> Path:
    """The folder with all of it, made at `folder` where it is not there yet. Raises SystemExit with a sentence."""
    with debian.only_one(folder / "fetch"):
        _fetch_tools(folder)
        _fetch_sources(folder)
    return folder.resolve()


def _fetch_tools(folder: Path) -> None:
    pins = folder / "tools" / "packages"
    if not pins.exists() or pins.read_text() != PACKAGES + LIBRARIES:
        print("fetching a compiler for Xtensa", file=sys.stderr)
        lines = [line.split() for line in (PACKAGES + LIBRARIES).split("\n") if line]
        wanted = [(name.split("_")[0], name, sha256) for sha256, name in lines]
        libraries = tuple(package for package, name, _ in wanted if name in LIBRARIES)
        debian.unpack_binary(debian.binary_packages(wanted, libraries), folder / "tools")
        pins.write_text(PACKAGES + LIBRARIES)


def _fetch_sources(folder: Path) -> None:
    pins = folder / "sources" / "files"
    wanted_pins = "".join(f"{sha256} {name} {' '.join(sorted(wanted))}\n" for name, sha256, _, wanted in SOURCES)
    if not pins.exists() or pins.read_text() != wanted_pins:
        part = folder / "sources.part"  # a target that exists is whole
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, sha256, suite, wanted in SOURCES:
            _unpack(debian.source_tarball(name.split("_")[0], name, sha256, suite), set(wanted), part)
        (part / pins.name).write_text(wanted_pins)
        shutil.rmtree(folder / "sources", ignore_errors=True)
        part.rename(folder / "sources")


def _unpack(tarball: Path, wanted: set[str], target: Path) -> None:
    """Unpacks files of the tarball into the one folder `target`."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            if name in wanted:
                (target / Path(name).name).write_bytes(archive.extractfile(member).read())
                wanted.remove(name)
            if not wanted:
                return  # the rest of the archive need not be unpacked
    sys.exit(f"{tarball.name}: expected in it: {', '.join(sorted(wanted))}")


if __name__ == "__main__":
    print(fetch(Path(sys.argv[1])))
