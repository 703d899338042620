"""`upyml report`: what it says is right; what is wrong gets one sentence."""

import io
import json
import re
import sys

import numpy as np
import pytest
import report_models
import small_models
from test_cli import upyml_command

import upyml
from host_tools import boards
from host_tools.convert import convert
from host_tools.describe import describe
from host_tools.report import answers, data, difference, original, scores
from host_tools.report.gather import gather
from host_tools.report.html import page
from host_tools.report.trace import Trace
from upyml.format import encode


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reported(folder, name, *options):
    """The numbers of a report, by --json, without the count of an emulator."""
    done = upyml_command("report", f"{name}.upm", "--no-count", "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


# What samples tell


def test_accuracy_and_confusions_are_those_of_the_samples(folder):
    _, y = report_models.gesture(folder, wrong=7)
    found = reported(folder, "gesture", "--data", "gesture.npz")["scores"]
    assert found["labels"] == list(report_models.LABELS)
    assert found["accuracy"] == pytest.approx(53 / 60)
    matrix = np.array(found["matrix"])
    assert matrix.sum() - matrix.trace() == 7 and matrix.sum(axis=1).tolist() == np.bincount(y, minlength=4).tolist()
    for i, row in enumerate(found["per_class"]):
        told = matrix[:, i].sum()
        assert row["recall"] == (pytest.approx(matrix[i, i] / matrix[i].sum()) if matrix[i].sum() else None)
        assert row["precision"] == (pytest.approx(matrix[i, i] / told) if told else None)


def test_errors_of_values_are_those_of_the_samples(folder):
    x, y = report_models.values(folder)
    found = reported(folder, "air", "--data", "air.npz")["scores"]
    model = upyml.load("air.upm")
    error = np.array([model.predict(one) for one in x]) - y
    assert found["kind"] == "values" and [one["name"] for one in found["outputs"]] == ["ozone", "PM2.5"]
    assert found["mae"] == pytest.approx(np.abs(error).mean()) and found["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert found["outputs"][1]["r2"] == pytest.approx(1 - (error[:, 1] ** 2).sum() / ((y[:, 1] - y[:, 1].mean()) ** 2).sum())


class Answering:
    """As much of a model as scores asks for."""

    def __init__(self, size, dtype="int8", scale=1 / 256, zero_point=-128, labels=()):
        self.labels = labels
        details = {"size": size, "dtype": dtype, "scale": scale, "zero_point": zero_point, "shape": (size,), "name": "y"}
        self.output_details = [type("Details", (), details)]


def test_one_score_is_of_two_classes_and_one_number_may_be_the_class():
    sigmoid = scores.of(Answering(1), np.array([[0.2], [0.5], [0.9]]), np.array([0, 1, 0]))
    assert sigmoid["matrix"] == [[1, 1], [0, 1]]
    place = scores.of(Answering(1, "int32"), np.array([[2], [0]]), np.array([2, 1]))
    assert place["accuracy"] == 0.5 and place["labels"] == ["0", "1", "2"]
    value = scores.of(Answering(1, scale=0.1, zero_point=0), np.array([[0.2], [0.5]]), np.array([0, 1]))
    assert value["kind"] == "values" and value["mae"] == pytest.approx(0.35)


def test_rows_with_a_single_1_are_classes():
    found = scores.of(Answering(3), np.eye(3), np.eye(3)[[0, 1, 1]])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert scores.confusions(found, 5) == [("1", "2", 1)]


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (np.array([0, 1, 3]), "y goes from 0 to 3, and the model has 3 classes"),
        (np.array([0, 0.5, 1]), "are numbered from 0 to 2"),
        (np.zeros((3, 2)), "y has the shape 2 for each sample, and the model's output has 3"),
    ],
)
def test_y_of_another_model_is_refused(y, sentence):
    with pytest.raises(ValueError, match=sentence):
        scores.of(Answering(3), np.eye(3), y)


def test_samples_to_test_with_go_first_and_raw_sound_is_scaled(folder):
    model = upyml.load(small_models.gesture())
    np.savez("all.npz", x=np.zeros((2, 32, 6)), y=[0, 1], x_test=np.ones((3, 32, 6)), y_test=[1, 2, 3])
    found = data.read(folder / "all.npz", model, True)
    assert len(found) == 3 and found.y.tolist() == [1, 2, 3] and found.x[0].min() == 1
    np.savez("raw.npz", x=np.array([[16384, -16384] * 48], np.int16), y=[0])

    class Microphone:
        metadata = {}
        details = {"name": "x", "size": 96, "shape": (96,), "dtype": "int16", "scale": 2**-15, "zero_point": 0}
        input_details = [type("Details", (), details)]

    assert data.read(folder / "raw.npz", Microphone, True).x[0][0, :2].tolist() == [0.5, -0.5]


def test_a_streaming_model_answers_as_that_of_the_whole_window(folder):
    report_models.moving(folder)
    report_models.moving(folder, "stream", streaming=True)
    models = [upyml.load(f"{name}.upm") for name in ("motion", "stream")]
    assert models[1].metadata["streaming"] == "24" and models[1].input_details[0].shape == (2, 3)
    samples = [data.read(folder / "motion.npz", model, True) for model in models]
    whole, streamed = (answers.of(model, some) for model, some in zip(models, samples))
    assert len(np.unique(whole.argmax(axis=1))) > 1
    np.testing.assert_array_equal(whole, streamed)
    found = reported(folder, "stream", "--data", "motion.npz", "--float", "motion.keras")
    assert found["difference"]["layers"] == [] and "streaming" in found["difference"]["why_no_layers"]
    assert found["difference"]["sqnr"] > 25 and found["difference"]["agree"] > 0.9


# Layer by layer


def test_a_trace_has_what_each_op_makes():
    """Of a file without fused groups, in whose own arena each output lies whole right after its op."""
    file = small_models.gesture()
    model, trace, content = upyml.load(file), Trace(file), describe(file)
    x = np.random.default_rng(0).normal(0, 3, (32, 6)).astype(np.float32)
    seen = []

    def note(number):
        tensor = content["tensors"][content["ops"][number]["outputs"][0]]
        seen.append(bytes(model._arena[tensor["offset"] : tensor["offset"] + tensor["bytes"]]))

    model._fill(x)
    model.run(note)
    trace.model.predict(x)
    assert [raw.tobytes() for raw in trace.outputs()] == seen and len(set(seen)) == 5


def test_a_trace_of_fused_groups_gives_the_same_answer(models_dir):
    file = convert(models_dir / "mlperf_tiny" / "pretrainedResnet_quant.tflite", check=False).file
    assert sum(op["strip"] > 0 for op in describe(file)["ops"]) == 7
    model, trace = upyml.load(file), Trace(file)
    x = np.random.default_rng(0).integers(0, 255, model.input_details[0].size).astype(np.float32)
    assert list(model.predict(x)) == list(trace.model.predict(x))
    found = trace.outputs()
    assert list(trace.real(14, found[14]).ravel()) == list(model.predict(x))
    assert trace.model.arena_size > 3 * model.arena_size and min(raw.std() for raw in found) > 0


def test_each_layer_is_named_and_near_the_float_one(folder):
    report_models.moving(folder)
    numbers = reported(folder, "motion", "--data", "motion.npz", "--float", "motion.keras")
    rows = {row["counterpart"].split("/")[0]: row for row in numbers["difference"]["layers"]}
    assert {"first", "second", "middle", "last", "chances"} <= set(rows)
    assert min(row["sqnr"] for row in rows.values()) > 25
    least = sorted(numbers["difference"]["layers"], key=lambda row: row["sqnr"])[:3]
    assert numbers["difference"]["worst"] == [row["number"] for row in least]
    assert numbers["difference"]["sqnr"] > 25 and numbers["difference"]["agree"] > 0.9


def test_a_layer_that_is_wrong_shows(folder):
    """The weights of the second convolution are changed in the file: the first stays as near as it was, the others do not."""
    _, x = report_models.moving(folder)
    file = (folder / "motion.upm").read_bytes()
    ops = describe(file)["ops"]
    second = next(op for op in ops if op["op"] == "conv2d" and op["number"] > 0)
    at = second["params"]["weights"]
    changed = bytearray(file)
    changed[at : at + 32] = bytes(255 - byte for byte in changed[at : at + 32])
    source = original.load(folder / "motion.keras")
    before, after = (difference.layers(one, source, [x[:16]]) for one in (file, encode.seal(bytes(changed))))
    assert after[0] == before[0]
    here = second["number"]
    assert after[here]["sqnr"] is None or after[here]["sqnr"] < before[here]["sqnr"] - 10


def test_a_float_tflite_file_is_an_original_too(folder):
    import tensorflow as tf

    model, _ = report_models.moving(folder)
    (folder / "motion.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    options = ("--data", "motion.npz", "--float")
    keras, lite = (reported(folder, "motion", *options, f"motion.{kind}")["difference"] for kind in ("keras", "tflite"))
    assert lite["sqnr"] == pytest.approx(keras["sqnr"], abs=0.01) and lite["agree"] == keras["agree"]
    for one, other in zip(keras["layers"], lite["layers"]):
        assert one["sqnr"] == pytest.approx(other["sqnr"], abs=0.1)


def test_channels_are_found_again_also_where_they_are_0():
    """Of five channels the file has three, one of which is always 0: in the other order it would stand for a loud one."""
    exact = np.random.default_rng(0).normal(0, 1, (4, 9, 5)).astype(np.float32)
    exact[..., 1] = 0
    nearest = difference._Nearest()
    for _ in range(2):
        nearest.see(7, exact, exact[..., [1, 2, 4]])
    assert nearest.best() == (difference.EXACT, 7, False)


def test_channels_that_were_left_out_are_no_error(folder):
    """Three filters of the first convolution are always 0 behind their relu; the file has five of the eight."""
    model, x = report_models.motion(), report_models.windows()
    kernel, bias = model.get_layer("first").get_weights()
    kernel[..., [1, 4, 6]], bias[[1, 4, 6]] = 0, -1
    model.get_layer("first").set_weights([kernel, bias])
    model.save("gaps.keras")
    done = convert(model, x)
    assert done.dropped_channels == 3
    (folder / "gaps.upm").write_bytes(done.file)
    np.savez("gaps.npz", x=x)
    rows = reported(folder, "gaps", "--data", "gaps.npz", "--float", "gaps.keras")["difference"]["layers"]
    assert rows[0]["counterpart"].startswith("first") and rows[0]["sqnr"] > 25


# The terminal


def test_the_terminal_shows_accuracy_and_difference(folder):
    report_models.moving(folder)
    text = upyml_command("report", "motion.upm", "--data", "motion.npz", "--float", "motion.keras").output
    facts = ("true \\ answer", "3  tap", "samples get the right class", "of the float model", "signal to quantization noise")
    for fact in facts:
        assert fact in text, fact
    assert max(map(len, text.splitlines())) <= 160 and "Flash and RAM of all" in text


def test_many_classes_are_listed_by_their_mistakes(folder):
    (folder / "large.upm").write_bytes(small_models.gesture(metadata={"labels": "\n".join(map(str, range(4)))}))
    found = {"kind": "classes", "samples": 50, "accuracy": 0.9, "labels": [f"c{i}" for i in range(50)]}
    matrix = np.eye(50, dtype=int)
    matrix[7, 7], matrix[7, 9] = 0, 1
    found["matrix"] = matrix.tolist()
    found["per_class"] = [{"label": f"c{i}", "samples": 1, "precision": 1.0, "recall": float(i != 7)} for i in range(50)]
    numbers = gather((folder / "large.upm").read_bytes(), boards.get("pico"), count=False) | {"scores": found}
    text = page(numbers)
    assert "c7 taken for c9: 1" in text and "The 40 of 50 with the least recall" in text and 'class="matrix"' not in text

    from rich.console import Console

    from host_tools.report import terminal

    console = Console(width=80, file=io.StringIO())
    terminal.show(numbers, console)
    shown = console.file.getvalue()
    assert "c7 taken for c9: 1" in shown and "the 10 of 50 classes with the least recall" in shown


# Mistakes

WRONG = {
    "unknown board": (("--board", "toaster"), 2, "there is no board 'toaster'; the boards are"),
    "float without data": (("--float", "x.keras"), 2, "--float needs --data"),
    "no such data": (("--data", "nothing.npz"), 2, "[Nn]o such file.*nothing.npz"),
    "no y": (("--data", "no_y.npz"), 3, "no_y.npz has no array y: a report needs what is right for each sample"),
    "another shape": (("--data", "other.npz"), 3, "other.npz: the samples for .* have the shape 5x2, and the model takes 32x6"),
    "fewer y": (("--data", "fewer.npz"), 3, "fewer.npz: every sample needs its own, and there are 4 in x and 3 in y"),
    "another class": (("--data", "class.npz"), 3, "y goes from 0 to 9, and the model has 4 classes"),
    "words": (("--data", "words.npz"), 3, "the array y holds <U1; numbers are needed"),
    "no x": (("--data", "no_x.npz"), 3, "no_x.npz holds the arrays a, b: a report needs x, and y"),
    "no such float model": (("--data", "good.npz", "--float", "no.keras"), 2, "[Nn]o such file.*no.keras"),
    "no float model": (("--data", "good.npz", "--float", "good.npz"), 3, "good.npz"),
    "no folder": (("--html", "nowhere/r.html"), 2, "no such folder: nowhere"),
    "a folder": (("--html", "."), 2, "this is a folder, a file is needed: ."),
}


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mistakes")
    report_models.gesture(folder)
    x = np.zeros((4, 32, 6))
    for name, arrays in {
        "good": {"x": x, "y": [0, 1, 2, 3]},
        "no_y": {"x": x},
        "other": {"x": np.zeros((4, 5, 2)), "y": [0] * 4},
        "fewer": {"x": x, "y": [0] * 3},
        "class": {"x": x, "y": [0, 1, 2, 9]},
        "words": {"x": x, "y": ["a", "b", "c", "d"]},
        "no_x": {"a": x, "b": x},
    }.items():
        np.savez(folder / f"{name}.npz", **arrays)
    return folder


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_gets_one_sentence_and_nothing_is_written(mistakes, monkeypatch, what):
    monkeypatch.chdir(mistakes)
    options, code, sentence = WRONG[what]
    before = sorted(mistakes.iterdir())
    options = options if "--html" in options else (*options, "--html", "report.html")
    done = upyml_command("report", "gesture.upm", "--no-count", *options)
    assert done.exit_code == code and "Traceback" not in done.output
    assert re.search(sentence, done.output.replace("\n", " ")), done.output
    assert sorted(mistakes.iterdir()) == before


def test_without_jinja2_the_sentence_says_what_to_install(folder, monkeypatch):
    report_models.gesture(folder)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = upyml_command("report", "gesture.upm", "--html", "r.html")
    assert done.exit_code == 3 and "pip install 'upyml[report]'" in done.output and not (folder / "r.html").exists()
    assert upyml_command("report", "gesture.upm").exit_code == 0  # the terminal does without


def test_a_full_disk_leaves_the_old_report(folder, monkeypatch):
    from host_tools import whole_files

    report_models.gesture(folder)
    (folder / "r.html").write_text("the old one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, "replace", full)
    assert upyml_command("report", "gesture.upm", "--no-count", "--html", "r.html").exit_code == 2
    assert (folder / "r.html").read_text() == "the old one" and not list(folder.glob("*.part"))
