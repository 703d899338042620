"""The HTML file of `upyml report`: it has what the numbers say, loads nothing, and looks right in a browser."""

import html.parser
import re

import numpy as np
import pytest
import report_models
import small_models
from test_cli import upyml_command

from host_tools import boards
from host_tools.report import svg
from host_tools.report.gather import gather
from host_tools.report.html import bins, page


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Links(html.parser.HTMLParser):
    """Everything on a page that a browser would load."""

    def __init__(self, text):
        super().__init__()
        self.found, self.images = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in ("src", "href", "srcset", "data", "action")]
        self.found += [tag] if tag in ("script", "link", "iframe", "object", "embed") else []
        if dict(attrs).get("role") == "img":
            self.images.append(dict(attrs)["aria-label"])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """HTML files by name, of a classifier, values, a stream and a large model."""
    folder = tmp_path_factory.mktemp("pages")
    report_models.gesture(folder)
    report_models.values(folder)
    report_models.moving(folder)
    report_models.moving(folder, "stream", streaming=True)
    made = {}
    for name, board, samples, source in (
        ("gesture", "pico", "gesture", None),
        ("air", "esp32", "air", "air"),
        ("motion", "pico", "motion", "motion"),
        ("stream", "esp32-c3", "motion", "motion"),
    ):
        numbers = gather(
            (folder / f"{name}.upm").read_bytes(), boards.get(board), folder / f"{samples}.npz",
            source and folder / f"{source}.keras", count=name == "gesture",
        )  # fmt: skip
        made[name] = folder / f"{name}.html"
        made[name].write_text(page(numbers), encoding="utf-8")
    made["large"] = folder / "large.html"
    made["large"].write_text(page(_large(folder)), encoding="utf-8")
    return made


def _large(folder):
    """60 ops, a fused group, 12 classes with long names: what a table and pictures have to have room for."""
    b = small_models.Builder()
    x = y = b.tensor((64, 24))
    for number in range(57):
        y = b.conv(y, (64, 24), 3, relu=True, depthwise=number % 2 == 1)
    b.softmax(b.dense(y, 12))
    labels = "\n".join(f"a rather long name of class {i}" for i in range(12))
    texts = {"name": "a_model_with_a_very_long_name_that_has_no_spaces_anywhere_in_it", "labels": labels}
    file = b.file([x], [len(b.tensors) - 1], texts)
    samples = folder / "large.npz"
    random = np.random.default_rng(0)
    np.savez(samples, x=random.normal(0, 2, (40, 64, 24)), y=random.integers(0, 12, 40))
    return gather(file, boards.get("pico-stock"), samples, count=False)


def test_a_page_loads_nothing_and_tells_each_picture(pages):
    for path in pages.values():
        links = Links(path.read_text(encoding="utf-8"))
        assert links.found == []
        assert all(len(label) > 20 for label in links.images) and len(links.images) >= 3  # flash, RAM, arena


def test_a_page_says_what_the_numbers_say(pages):
    text = pages["gesture"].read_text(encoding="utf-8")
    for fact in ("Raspberry Pi Pico: ", "88.3 %", "Confusion matrix", "of 2,097,152 bytes", "cortex-m7"):
        assert fact in text, fact
    assert len(re.findall(r'<td class="cell', text)) == 16
    air = pages["air"].read_text(encoding="utf-8")
    assert air.count("<circle") == 600 and "R² 0.99" in air and "cycles" not in air
    assert "the new frames of a window only" in pages["stream"].read_text(encoding="utf-8")
    assert "instructions" not in text


def test_cycles_and_instructions_keep_their_names(folder, require):
    from host_tools.emulators import counts

    report_models.gesture(folder)
    file = (folder / "gesture.upm").read_bytes()
    for board, unit, other in (("pico", "cycles", "instructions"), ("esp32-c3", "instructions", "cycles")):
        machine = boards.get(board).count["machine"]
        require(not counts.missing(machine), counts.missing(machine), "make bare")
        text = page(gather(file, boards.get(board)))
        head = re.search(r"<th>scratch</th>(.*?)</tr>", text, re.S)[1]
        assert f"<th>{unit}</th>" in head and other not in head and ("<th>ms</th>" in head) == (unit == "cycles")


def test_the_same_input_gives_the_same_bytes(folder):
    report_models.gesture(folder)
    for name in ("one.html", "two.html"):
        done = upyml_command("report", "gesture.upm", "--no-count", "--data", "gesture.npz", "--html", name)
        assert done.exit_code == 0 and done.output == f"wrote {name}\n"
    assert (folder / "one.html").read_bytes() == (folder / "two.html").read_bytes()


def test_names_from_a_file_are_text_and_no_html(folder):
    evil = "<img src=x onerror=alert(1)>"
    (folder / "m.upm").write_bytes(small_models.gesture(metadata={"name": evil, "labels": f"{evil}\n&b\n'c\n\"d"}))
    np.savez("m.npz", x=np.zeros((4, 32, 6)), y=[0, 1, 2, 3])
    assert upyml_command("report", "m.upm", "--no-count", "--data", "m.npz", "--html", "m.html").exit_code == 0
    text = (folder / "m.html").read_text()
    assert Links(text).found == [] and "<img" not in text and "&lt;img src=x" in text
    assert evil in upyml_command("report", "m.upm", "--data", "m.npz").output  # rich's markup is none, too


def test_scales_have_round_numbers():
    assert svg.nice(0.13, 0.94) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert svg.nice(-7, 1234)[0] <= -7 and svg.nice(-7, 1234)[-1] >= 1234 and len(svg.nice(-7, 1234)) <= 7
    assert len(svg.nice(5, 5)) >= 2


def test_ranges_beside_a_scatter_plot():
    rows = bins([[i, i + 1] for i in range(80)])
    assert len(rows) == 8 and rows[0]["first"] == "0" and rows[-1]["last"] == "79" and {row["mae"] for row in rows} == {"1"}


# In a browser

_OUTSIDE = """
[...document.querySelectorAll("main *")].filter(e => {
    const box = e.getBoundingClientRect();
    return !e.closest(".scroll") && box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map(e => e.outerHTML.slice(0, 99))
"""
_CUT = """
[...document.querySelectorAll("svg text")].filter(t => {
    const a = t.getBoundingClientRect(), b = t.ownerSVGElement.getBoundingClientRect();
    return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
}).map(t => t.textContent)
"""
_OVER = """
[...document.querySelectorAll("svg")].flatMap(svg => {
    const boxes = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
    return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3)
        .map(([two]) => `${one} over ${two}`));
})
"""


@pytest.fixture(scope="module")
def browser(require):
    import chromium

    require(chromium.program(), "chromium", "make chromium")
    with chromium.browser() as opened:
        yield opened


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (390, True)])
def test_a_browser_shows_all_of_it_and_asks_for_nothing(pages, browser, tmp_path, width, dark):
    import matplotlib.image

    for name, path in pages.items():
        seen = browser.open(path, width, dark=dark)
        assert seen.requests == [path.as_uri()] and seen.complaints == []
        assert browser.value("document.documentElement.scrollWidth") <= width, name
        for fault in (_OUTSIDE, _CUT, _OVER):
            assert browser.value(fault) == [], (name, fault)
        browser.screenshot(tmp_path / "page.png")
        picture = matplotlib.image.imread(tmp_path / "page.png")
        assert picture.shape[1] == width and picture.shape[0] > 1500
        ground = picture[:5, :5, :3].mean()
        assert (ground < 0.2) if dark else (ground > 0.95)
        assert np.abs(picture[..., :3] - ground).max() > 0.5  # there is something on it


def test_on_paper_the_tables_beside_pictures_are_open(pages, browser):
    closed = "document.querySelector('details:not([open]) table').checkVisibility()"
    browser.open(pages["gesture"], 700)
    assert browser.value(closed) is False
    browser.open(pages["gesture"], 700, media="print")
    assert browser.value(closed) is True


def test_a_search_has_the_same_style(tmp_path, browser):
    from host_tools.search import html as search_html

    trial = {"number": 3, "values": {"accuracy": 0.9, "ms": 2.0, "ram_bytes": 999, "flash_bytes": 8888},
             "params": {"filters": 8}, "state": "complete", "reason": "", "host": "here", "seconds": 2.0,
             "files": {"upm": "trial-3.upm"}}  # fmt: skip
    counts = {"complete": 1, "pruned": 0, "running": 0, "fail": 0}
    numbers = {"study": "gestures", "title": "Raspberry Pi Pico", "board": "pico", "objectives": list(trial["values"]),
               "limits": {"ram_bytes": 60000, "ms": None}, "asked": 5, "counts": counts,
               "front": [trial], "trials": [trial] * 20}  # fmt: skip
    path = tmp_path / "report.html"
    path.write_text(search_html.page(numbers, b"\x89PNG"), encoding="utf-8")
    browser.open(path, 390)
    assert browser.value("document.documentElement.scrollWidth") <= 390 and browser.value(_OUTSIDE) == []
    assert "--accent" in path.read_text()
