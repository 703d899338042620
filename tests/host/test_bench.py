"""`upyml bench`: cycles or instructions of an emulated processor, and microseconds of this computer."""

import dataclasses
import json
import re

import pytest
import small_models
from test_cli import upyml_command

from host_tools import bench, boards
from host_tools.emulators import EmulatorError, bare, counts
from host_tools.emulators.machines import MACHINES
from upyml.format import layout

PICO = boards.get("pico")


@pytest.fixture(autouse=True)
def counter(require):
    require(not counts.missing(), counts.missing(), "make bare")


def test_a_run_takes_what_its_layers_take():
    found = bench.count(small_models.gesture(), PICO)
    layers = [layer["cycles"] for layer in found["layers"]]
    assert [layer["op"] for layer in found["layers"]] == [
        "conv2d", "depthwise_conv2d", "max_pool", "fully_connected", "softmax",
    ]  # fmt: skip
    assert min(layers) > 500
    assert 0 <= sum(layers) - found["cycles"] <= 40 * len(layers), "what the calls between the ops take"
    assert found["ms"] == pytest.approx(found["cycles"] / 125_000)
    assert found["rated_ms"] == pytest.approx(found["cycles"] / 133_000)
    assert found["mj"] == pytest.approx(PICO.power["milliwatts"] * found["flash_ms"] / 1000)


def test_each_count_is_the_same():
    assert counts.count(small_models.gesture()) == counts.count(small_models.gesture())


def test_weights_that_the_flashs_cache_cannot_hold_miss_it():
    """A cache of 16 KB that is filled word by word: a model of 7 KB is in it from the second run on, 40 KB never are."""
    assert bench.count(small_models.gesture(), PICO)["flash_misses"] == 0
    found = bench.count(small_models.wide(), PICO)
    weights = found["layers"][0]["weight_bytes"]
    assert weights / 4 <= found["flash_misses"] <= 1.1 * weights / 4
    assert found["flash_ms"] - found["ms"] == pytest.approx(45 * found["flash_misses"] / 125_000)


def test_as_many_values_more_take_as_many_cycles_more():
    def run(count):
        b = small_models.Builder()
        x, y = b.tensor((count,)), b.tensor((count,))
        return counts.count(b.file([x], [b.op(layout.TABLE, [x], y, table=bytes(range(256)))])).run

    assert run(30_000) - run(20_000) == run(20_000) - run(10_000) > 4 * 10_000


@pytest.mark.parametrize("make", [small_models.edges, lambda: small_models.with_callers_input(small_models.gesture())])
def test_any_kind_of_input_and_output_is_compared(make):
    assert counts.count(make()).run > 1000


def test_other_outputs_than_here_are_a_fault(monkeypatch):
    program = bare.program

    def other(*args):
        made = program(*args)
        return dataclasses.replace(made, outputs=[b"\1" + output[1:] for output in made.outputs])

    monkeypatch.setattr(bare, "program", other)
    with pytest.raises(counts.WrongOutputs):
        counts.count(small_models.gesture())


def test_an_emulator_that_ends_too_early_is_no_fault_of_the_kernels(monkeypatch):
    monkeypatch.setattr(type(MACHINES["cortex_m0"]), "told", lambda self, lines: ["arena 1000"])
    with pytest.raises(EmulatorError, match="the emulated Cortex-M0. stopped before the end of a run"):
        counts.count(small_models.edges())


@pytest.mark.parametrize("name", bench.countable())
def test_the_counting_program_has_room_for_what_fits_the_board(name, require):
    """A few KB are the program's own, fewer than MicroPython takes of the board."""
    board = boards.get(name)
    machine = MACHINES[board.count["machine"]]
    require(not machine.missing(), machine.missing(), "make bare")
    room = bare.program(machine.program.read_bytes(), machine.memory, small_models.gesture()).room
    assert room >= board.ram_kb * 1024 - 10_000


@pytest.mark.parametrize("name, title, ram", [("pico", "Raspberry Pi Pico", "270,336"), ("esp32-c3", "ESP32-C3", "409,600")])
def test_a_model_that_is_too_large_for_the_board_is_a_sentence(tmp_path, name, title, ram):
    (tmp_path / "big.upm").write_bytes(small_models.big())
    done = upyml_command("bench", tmp_path / "big.upm", "--board", name)
    assert done.exit_code == 3
    needed = "the model needs 6,000,000 bytes of RAM"
    assert done.stderr == f"upyml: {needed}, and {title} has {ram}, before what MicroPython takes\n"


def reshaped(b):
    """An arena of 268,000 bytes."""
    return b.file([b.tensor((134_000,))], [b.op(layout.RESHAPE, [0], b.tensor((134, 1000)))])


def with_large_input(b):
    """A dense layer of 300,000 inputs that lie with the caller."""
    x = b.tensor((300_000,))
    b.end = 0  # the caller has the input: the arena begins with what comes next
    return small_models.with_callers_input(b.file([x], [b.dense(x, 4)]))


@pytest.mark.parametrize("make, has", [(reshaped, range(260_000, 268_000)), (with_large_input, range(1))])
def test_a_model_that_is_too_large_for_the_counting_program_is_a_sentence(tmp_path, make, has):
    (tmp_path / "large.upm").write_bytes(make(small_models.Builder()))
    done = upyml_command("bench", tmp_path / "large.upm")
    assert done.exit_code == 3
    sentence = r"upyml: the model needs [\d,]+ bytes of RAM, and the counting program has room for ([\d,]+) bytes of arena; "
    found = re.fullmatch(sentence + "Raspberry Pi Pico has 270,336 bytes of RAM\n", done.stderr)
    assert found and int(found[1].replace(",", "")) in has, done.stderr


def test_layers_of_a_fused_group_are_counted_together(monkeypatch):
    layers = bench.moved(small_models.gesture())
    assert [layer["group"] for layer in layers] == list(range(5))
    for layer in layers[1:3]:
        layer["group"] = 1
    monkeypatch.setattr(bench, "moved", lambda file: layers)
    found = bench.count(small_models.gesture(), PICO)["layers"]
    assert found[1]["cycles"] and found[2]["cycles"] is None and found[3]["cycles"]
    assert found[1]["cycles_per_mac"] == found[1]["cycles"] / (found[1]["macs"] + found[2]["macs"])


def test_bytes_that_move():
    dense = next(layer for layer in bench.moved(small_models.wide()))
    assert dense["input_bytes"] == 256 and dense["output_bytes"] == 160
    assert dense["weight_bytes"] >= 256 * 160
    assert dense["bytes_moved"] == dense["weight_bytes"] + 256 + 160


@pytest.fixture
def model(tmp_path):
    (tmp_path / "gesture.upm").write_bytes(small_models.gesture())
    return tmp_path / "gesture.upm"


def test_the_command_says_what_its_numbers_are(model):
    done = upyml_command("bench", model, "--board", "pico", "--layers")
    assert done.exit_code == 0
    for text in ("conv2d", "cycles a run on Raspberry Pi Pico (Cortex-M0+)", "counted in an emulator", "ms at 125 MHz",
                 "ms at 133 MHz, the chip's rated clock", "mJ a run, estimated", "weights", "(arena)"):  # fmt: skip
        assert text in done.stdout, done.stdout
    here = upyml_command("bench", model, "--board", "host")
    assert here.exit_code == 0 and "us a run on this computer, the median of" in here.stdout
    assert "cycles" not in here.stdout


@pytest.mark.parametrize("name", [name for name, board in boards.all().items() if bench.unit_of(board) == "instructions"])
def test_other_processors_have_instructions_and_no_times(name, require):
    board = boards.get(name)
    require(not counts.missing(board.count["machine"]), counts.missing(board.count["machine"]), "make bare")
    found = bench.count(small_models.gesture(), board)
    layers = [layer["instructions"] for layer in found["layers"]]
    assert min(layers) > 100
    assert 0 <= sum(layers) - found["instructions"] <= 100 * len(layers), "what the calls between the ops take"
    assert found["instructions_per_mac"] == found["instructions"] / found["macs"]
    assert "cycles" not in found and not any(found[key] for key in ("ms", "flash_ms", "mj"))
    text = "\n".join(bench.sentences(found))
    assert f"{found['instructions']:,} instructions a run on {board.title}" in text
    assert " ms" not in text and "mJ" not in text


def test_the_command_counts_instructions(model):
    done = upyml_command("bench", model, "--board", "pico2", "--layers")
    assert done.exit_code == 0 and "instructions a run on Raspberry Pi Pico 2 (Cortex-M33)" in done.stdout
    report = upyml_command("report", model, "--board", "esp32-c6")
    assert report.exit_code == 0 and "counted in an emulator of RV32IMC" in report.stdout
    head, *rows = report.stdout.splitlines()
    assert "instructions" in head and " ms" not in head


def test_the_command_tells_a_script(model):
    told = json.loads(upyml_command("bench", model, "--json").stdout)
    assert told["board"] == "pico" and told["cycles"] > 0 and len(told["layers"]) == 5
    here = json.loads(upyml_command("bench", model, "--board", "host", "--json").stdout)
    assert here["board"] == "host" and here["us"] > 0 and here["runs"] >= 5
    assert all(layer["us"] > 0 for layer in here["layers"])


@pytest.mark.parametrize(
    "board, sentence",
    [
        ("esp32-s2", "nothing is counted for esp32-s2: there are counts for cortex-m33, cortex-m4, "),
        ("pico3", "there is no board 'pico3'; the boards are "),
    ],
)
def test_a_board_without_a_counter_is_a_sentence(model, board, sentence):
    done = upyml_command("bench", model, "--board", board)
    assert done.exit_code == 2 and sentence in done.stderr


def test_a_file_that_is_no_model_is_a_sentence(tmp_path):
    (tmp_path / "text.upm").write_text("nothing of the kind")
    for board in ("pico", "host"):
        done = upyml_command("bench", tmp_path / "text.upm", "--board", board)
        assert (done.exit_code, done.stderr.count("\n")) == (3, 1) and done.stderr.startswith("upyml: ")
    assert upyml_command("bench", tmp_path / "nowhere.upm").exit_code == 2


def test_a_report_on_a_board_has_the_same_numbers(model):
    told = json.loads(upyml_command("bench", model, "--json").stdout)
    there = json.loads(upyml_command("report", model, "--board", "pico", "--json").stdout)["board"]
    assert there["fits"] and there["count"] == told
    text = upyml_command("report", model, "--board", "pico").stdout
    assert max(map(len, text.splitlines()[: len(told["layers"]) + 1])) <= 80
    for part in ("cycles", "Raspberry Pi Pico: fits, ", f"{told['layers'][0]['cycles']:,}", "ms at 133 MHz"):
        assert part in text


def test_a_report_tells_of_a_board_that_nothing_counts(model, tmp_path):
    done = upyml_command("report", model, "--board", "esp32-s2")
    assert done.exit_code == 0 and "ESP32-S2: fits, " in done.stdout and "nothing is counted for esp32-s2" in done.stdout
    (tmp_path / "big.upm").write_bytes(small_models.big())
    done = upyml_command("report", tmp_path / "big.upm", "--board", "pico")
    assert done.exit_code == 0 and "Raspberry Pi Pico: does not fit, " in done.stdout
    assert upyml_command("report", model, "--board", "pico3").exit_code == 2


def test_a_report_needs_no_emulator(model, monkeypatch):
    monkeypatch.setattr(counts, "missing", lambda machine: "rp2040js is not here")
    assert upyml_command("report", model).exit_code == 0
    done = upyml_command("report", model, "--board", "pico")
    assert done.exit_code == 0 and "rp2040js is not here" in done.stdout
