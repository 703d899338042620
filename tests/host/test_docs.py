"""The documentation: it builds without a warning and asks nobody else for anything; its code runs."""

import re
import shutil
import subprocess
import sys
from array import array
from html.parser import HTMLParser

import docs_blocks
import numpy as np
import pytest
from runtimes import ROOT
from tflite_builder import TfliteBuilder

from host_tools import boards, package_files
from host_tools.cli import main

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [path for path in PAGES if docs_blocks.blocks(path)]

pytestmark = pytest.mark.xdist_group("docs")  # what is prepared is prepared once


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built pages."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


class Fetched(HTMLParser):
    """What a browser fetches by itself to show a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag != "a":  # a link is followed by the reader
            self.addresses += [value for key, value in attributes if key in ("src", "href", "srcset", "data") and value]


def test_the_pages_fetch_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text()
        assert [a for a in Fetched(text).addresses if re.match(r"(\w+:)?//", a)] == [], page.name
        assert 'class="mermaid"' not in text  # for which the theme would fetch a program
    for style in site.rglob("*.css"):
        assert not re.search(r"@import|url\(['\"]?(\w+:)?//", style.read_text()), style.name


def test_what_has_its_home_elsewhere_is_in_the_pages(site):
    commands = (site / "commands.html").read_text()
    assert [name for name in main.commands if f'id="upyml-{name}"' not in commands] == []
    assert "<code>format_version</code>" in (site / "format.html").read_text()
    api = (site / "api.html").read_text()
    assert "arena_size: bytes of the arena" in re.sub(r"<.*?>", "", api)
    assert 'id="upyml.signal.Biquad"' in api and "classify" in api


def test_every_page_is_in_the_navigation(site):
    start = (site / "index.html").read_text()
    assert [page.name for page in PAGES[1:] if f'href="{page.stem}.html"' not in start and page.stem != "index"] == []


def test_no_name_of_a_machine_or_of_a_home_folder_is_in_a_page():
    for page in PAGES:
        assert not re.search(r"/(root|home|tmp|work)/", page.read_text()), page.name


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with what the pages speak of: a small untrained model in each format, and samples."""
    import keras

    folder = tmp_path_factory.mktemp("prepared")
    random = np.random.default_rng(1)
    x = random.normal(size=(96, 40, 6)).astype(np.float32)
    y = random.integers(0, 4, 96)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.Input((40, 6)),
        keras.layers.Conv1D(8, 5, activation="relu", name="conv1"),
        keras.layers.Conv1D(8, 3, activation="relu", name="conv2"),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(4, activation="softmax", name="dense"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for name in ("gesture", "model"):
        model.save(folder / f"{name}.keras")
    np.savez(folder / "samples.npz", x=x[:32])
    np.savez(folder / "test.npz", x=x[:2])
    np.savez(folder / "train.npz", x=x, y=y)
    (folder / "model.tflite").write_bytes(_tflite(random))
    (space,) = [block.code for block in docs_blocks.blocks(ROOT / "docs" / "search.md") if "def build" in block.code]
    (folder / "space.py").write_text(space)
    (folder / "examples").symlink_to(ROOT / "examples")
    from host_tools.convert import convert

    converted = convert(model, x[:32], {"labels": "a\nb\nc\nd", "sample_rate": "10"})
    for name in ("gesture", "model", "vww"):
        (folder / f"{name}.upm").write_bytes(converted.file)
    return folder


def _tflite(random) -> bytes:
    """A dense layer of 16 to 4, int8."""
    made = TfliteBuilder()
    x, y = made.tensor((1, 16), scale=0.1), made.tensor((1, 4), scale=0.1)
    weights = made.constant(random.integers(-127, 128, (4, 16)), "int8", 0.02)
    bias = made.constant(np.zeros(4), "int32", 0.002)
    made.op("FULLY_CONNECTED", [x, weights, bias], [y], "FullyConnectedOptions")
    return made.file([x], [y])


class Sensor:
    """Gives samples until it is Enough."""

    def __init__(self, sample, times):
        self.sample, self.left = sample, times

    def read(self):
        if not self.left:
            raise docs_blocks.Enough
        self.left -= 1
        return self.sample


def _given(folder) -> dict:
    """What the pages take for given: names that stand for a reader's own samples, sensor or network."""
    import keras

    import upyml
    from upyml import signal

    data = np.load(folder / "train.npz")

    def train(network, callbacks=()):
        network.compile("adam", "sparse_categorical_crossentropy")
        network.fit(data["x"], data["y"], verbose=0, callbacks=list(callbacks))

    model = keras.models.load_model(folder / "model.keras")
    clips = np.random.default_rng(2).integers(-3000, 3000, (8, 2000)).astype(np.int16)
    sound = keras.Sequential([keras.Input((14, 20)), keras.layers.Conv1D(4, 3), keras.layers.GlobalAveragePooling1D(),
                              keras.layers.Dense(2, activation="softmax")])  # fmt: skip
    sound.compile("adam", "sparse_categorical_crossentropy")
    return {
        "upyml": upyml, "keras": keras, "np": np,
        "samples": [0.5] * 240, "imu": Sensor([0.5] * 6, 50), "features": Sensor(array("b", bytes(6)), 3).read,
        "frames": array("h", bytes(2 * 300)), "window": signal.hann(256), "bins": array("h", bytes(2 * 258)),
        "spectrum": array("h", bytes(2 * 129)), "found": array("i", bytes(4 * 8)),
        "model": model, "teacher": model, "student": keras.models.clone_model(model), "train": train,
        "clips": clips, "labels": np.arange(8) % 2, "network": sound,
    }  # fmt: skip


# Where the same name means something else: pages whose `x` are samples of a signal.
SIGNAL = {"x": array("h", range(256))}


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda path: path.stem)
def test_the_code_runs(page, prepared, tmp_path, monkeypatch, require):
    """The blocks of a page one after another, as a reader would try them."""
    found = docs_blocks.blocks(page)
    if any(block.mark == "board" or "pico-emulated" in block.code for block in found):
        require(boards.get("pico").image.exists(), "build/boards/pico/firmware.uf2", "make boards")
    for machine in ("cortex_m0", "rv32imc"):
        require(package_files.bare(machine).is_file(), f"build/bare/{machine}/bench.elf", "make bare")
    folder = tmp_path / "work"
    shutil.copytree(prepared, folder, symlinks=True)
    monkeypatch.chdir(folder)
    data = np.load("train.npz")
    namespace = {"__name__": "docs", "x": data["x"], "y": data["y"], **_given(folder)}
    for block in found:
        signal = "signal.rfft" in block.code
        try:
            docs_blocks.run(block, namespace | SIGNAL if signal else namespace, folder)
        except Exception as error:
            raise AssertionError(f"{page.name}, line {block.line}: {type(error).__name__}: {error}") from error


def test_blocks_are_found_with_their_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n\n    upyml ops\n    make demo\n\n<!-- file m.py -->\n```python\nx = 1\n```\n\n```bash\nmake x \\\n  y\n```\n")
    first, second, third = docs_blocks.blocks(page)
    assert first.language == "bash" and docs_blocks.commands(first) == [["upyml", "ops"], ["make", "demo"]]
    assert (second.mark, second.language, second.code, second.line) == ("file m.py", "python", "x = 1\n", 6)
    assert docs_blocks.commands(third) == [["make", "x", "y"]]


@pytest.mark.parametrize("code", ["upyml convert x.tflite --ramm 3", "upyml konvert x", "make nothing", "rm -r x"])
@pytest.mark.parametrize("mark", ["board", ""])
def test_a_wrong_command_is_noticed(code, mark, tmp_path):
    with pytest.raises((AssertionError, docs_blocks.click.UsageError)):
        docs_blocks.run(docs_blocks.Block("bash", code, mark, 1), {}, tmp_path)
