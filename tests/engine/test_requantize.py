"""Both forms of the engine's fixed-point product, and its division, are gemmlowp's."""

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ENGINE = HERE.parents[1] / "ports" / "engine"


def test_products_of_64_and_of_16_bits_are_those_of_gemmlowp(require, tmp_path):
    gcc = shutil.which("gcc") or shutil.which("cc")
    require(gcc, "a C compiler", "apt-get install gcc")
    program = tmp_path / "forms"
    subprocess.run([gcc, "-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined",
                    "-fno-sanitize-recover=all", f"-I{ENGINE}", HERE / "requantize_forms.c", "-o", program],
                   check=True)  # fmt: skip
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("same\n", "")
