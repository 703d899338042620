"""`upyml prune`: what it prints and writes, and what it answers when something is wrong; the scan of the layers."""

import json
import re

import keras
import keras_models
import numpy as np
import pytest
from click.testing import CliRunner
from runtimes import ROOT

from host_tools.cli import main
from host_tools.compress import cloning, tasks, training_data
from host_tools.compress.kernels import zeros
from host_tools.compress.sensitivity import Sensitivity, scan
from host_tools.errors import ConversionError

L = keras.layers
PNG = b"\x89PNG\r\n"


def problem(count=240):
    """Vectors (n, 12) of which two numbers decide the class, and the classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 12)).astype(np.float32)
    return x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0)


@pytest.fixture(scope="module")
def trained():
    """A classifier that solves the problem."""
    keras.utils.set_random_seed(3)
    x, y = problem()
    model = keras.Sequential(
        [
            keras.Input((12,)),
            L.Dense(24, activation="relu", name="wide"),
            L.Dense(16, activation="relu", name="middle"),
            L.Dense(4, activation="softmax", name="kind"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=30, verbose=0)
    return model


@pytest.fixture
def folder(tmp_path, monkeypatch, trained):
    """A working folder with the classifier, and with data that has labels, that has none, and that is wrong."""
    monkeypatch.chdir(tmp_path)
    x, y = problem()
    trained.save("m.keras")
    np.savez("train.npz", x=x, y=y)
    np.save("x.npy", x)
    np.savez("shape.npz", x=x[:, :11], y=y)
    np.savez("labels.npz", x=x, y=y + 1)
    np.savez("rows.npz", x=x, y=y[:-1])
    np.savez("nan.npz", x=np.where(x > 2.5, np.nan, x), y=y)
    np.savez("nan_y.npz", x=x, y=np.where(y == 3, np.nan, y))
    np.savez("text.npz", x=x, y=y.astype(str))
    np.savez("names.npz", a=x, b=y)
    np.savez("half.npz", x=x, y=y, x_val=x)
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 and no more")
    return tmp_path


def prune(*args):
    return CliRunner().invoke(main, ["prune", *map(str, args)], catch_exceptions=False)


def load(path):
    return keras.models.load_model(path, compile=False)


def test_a_pruned_model_is_written_and_each_layer_told(folder):
    result = prune("m.keras", "-d", "train.npz", "-s", 0.5, "--epochs", 3, "--seed", 1)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["layer", "wide", "middle", "kind"]
    assert lines[1].split() == ["wide", "288", "144", "50.0", "%", "18", "of", "36"]
    before, after = map(float, re.fullmatch(r"accuracy on 48 .*: (\S+) % before, (\S+) % after 3 epochs", lines[4]).groups())
    assert before > 90 and after > 80
    assert lines[5] == "m-pruned.keras: 50.0 % of 736 weights are zero"
    assert [layer.sparsity for layer in zeros(load("m-pruned.keras"))] == [0.5, 0.5, 0.5]


def test_the_same_seed_gives_the_same_model(folder):
    for name in "ab":
        prune("m.keras", "-d", "train.npz", "-s", 0.5, "--epochs", 1, "--seed", 5, "-o", f"{name}.keras")
    a, b = (load(f"{name}.keras").get_weights() for name in "ab")
    assert all(np.array_equal(x, y) for x, y in zip(a, b))


def test_without_labels_it_learns_to_answer_as_the_model_did(folder):
    errors, options = {}, ["-s", 0.5, "--pattern", "unstructured", "--learning-rate", 0.005, "-o", "p.keras", "--json"]
    for epochs in (0, 20):
        options += ["--epochs", epochs]
        told = json.loads(prune("m.keras", "-d", "x.npy", *options).output)
        assert told["metric"] == "mean squared error" and told["before"] == 0 and told["samples"] == 48
        errors[epochs] = told["after"]
    assert 0 < errors[20] < errors[0] / 3
    rest = np.load("x.npy")[np.random.default_rng(0).permutation(240)[:48]]
    float_answers, answers = (load(name).predict(rest, verbose=0) for name in ("m.keras", "p.keras"))
    assert np.square(answers - float_answers).mean() == pytest.approx(errors[20], rel=1e-4)


def test_a_scan_is_drawn_and_spares_layers_that_mind(folder):
    options = ["-s", 0.6, "--pattern", "unstructured", "--epochs", 1, "--layer", "kind=0.25", "--sensitivity", "s.png"]
    told = json.loads(prune("m.keras", "-d", "train.npz", *options, "-o", "p.keras", "--json").output)
    assert (folder / "s.png").read_bytes().startswith(PNG)
    wide, middle, kind = (layer["zeros"] / layer["weights"] for layer in told["layers"])
    assert kind == 0.25 and abs(wide - middle) > 0.02
    assert (288 * wide + 384 * middle) / 672 == pytest.approx(0.6, abs=0.01)
    assert list(told["sensitivity"]["layers"]) == ["wide", "middle"] and told["sensitivity"]["sparsities"][3] == 0.75


def test_n_of_m_say_their_sparsity_and_layers_are_spared(folder):
    result = prune("m.keras", "-d", "train.npz", "--pattern", "2:4", "--spare", "kind", "--epochs", 1, "-o", "p.keras")
    assert result.exit_code == 0, result.output
    assert [layer.sparsity for layer in zeros(load("p.keras"))] == [0.5, 0.5, 0]


def test_whole_filters_go(folder):
    """Half of the neurons, but those of one layer and of one that gets its own part; the model is smaller for it."""
    result = prune("m.keras", "-d", "train.npz", "--pattern", "filters", "-s", 0.5, "--epochs", 2, "-o", "p.keras")
    assert result.exit_code == 0, result.output
    assert [layer.units for layer in load("p.keras").layers] == [12, 8, 4]
    assert result.output.splitlines()[-1] == "p.keras: 272 weights of 736 are left"
    more = ["--layer", "wide=0.25", "--spare", "middle"]
    result = prune("m.keras", "-d", "train.npz", "--pattern", "filters", *more, "--epochs", 0, "-o", "p.keras")
    assert [layer.units for layer in load("p.keras").layers] == [20, 16, 4], result.output
    more = ["--layer", "wide=0.25", "-s", "0.5"]
    result = prune("m.keras", "-d", "train.npz", "--pattern", "filters", *more, "--epochs", 0, "-o", "p.keras")
    assert [layer.units for layer in load("p.keras").layers] == [20, 8, 4], result.output


def test_data_to_measure_with_may_be_given(folder, trained):
    x, y = problem()
    wrong = (trained.predict(x[:50], verbose=0).argmax(axis=1) + 1) % 4
    np.savez("both.npz", x=x, y=y, x_val=x[:50], y_val=wrong)
    told = json.loads(prune("m.keras", "-d", "both.npz", "-s", 0.1, "--epochs", 0, "--json").output)
    assert told["samples"] == 50 and told["before"] == 0


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_old_h5_files_are_read_pruned_and_written(folder):
    """A file that Keras 3 refuses; its model goes on in tf_keras."""
    import tf_keras

    old = tf_keras.layers
    inputs = tf_keras.Input((6, 6, 2))
    x = old.Conv2D(8, 3, activation="relu", name="conv")(old.DepthwiseConv2D(3, padding="same", name="depthwise")(inputs))
    outputs = old.Dense(2, name="values")(old.Flatten()(x))
    tf_keras.Model(inputs, outputs).save("old.h5")
    x = np.random.default_rng(1).normal(size=(40, 6, 6, 2))
    np.savez("values.npz", x=x, y=x[:, :2, 0, 0])
    result = prune("old.h5", "-d", "values.npz", "-s", 0.75, "--epochs", 2, "-o", "p.h5")
    assert result.exit_code == 0, result.output
    assert "mean squared error on 8 samples" in result.output
    pruned = {layer.layer: layer for layer in zeros(tf_keras.models.load_model("p.h5"))}
    assert pruned["conv"].zeros == pytest.approx(0.75 * 144, abs=12) and pruned["values"].sparsity == 0.75
    assert pruned["depthwise"].zeros == 0
    result = prune("old.h5", "-d", "values.npz", "-s", 0.75, "-o", "p.keras")
    assert result.exit_code == 3 and "older Keras, which no .keras file keeps" in result.output


def test_the_example_of_the_readme_runs(trained):
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "compression.md").read_text(), re.S) if "scan" in code]
    x, y = problem()
    names = {"model": cloning.clone(trained), "x": x, "y": y}
    exec(code, names)
    shares, pruned = names["shares"], {layer.layer: layer for layer in zeros(names["pruned"])}
    assert shares.keys() == pruned.keys()
    for name, share in shares.items():
        assert pruned[name].zeros == pytest.approx(share * pruned[name].weights, abs=12)
    assert all(layer.sparsity == 0.5 for layer in zeros(names["model"]))


GOOD = ("m.keras", "-d", "train.npz", "-s", "0.5")
WRONG = {
    "a sparsity of 1": (("m.keras", "-d", "train.npz", "-s", "1"), 3, "below 1; received 1.0"),
    "a negative sparsity": (("m.keras", "-d", "train.npz", "-s", "-0.5"), 3, "at least 0 .* received -0.5"),
    "no sparsity": (("m.keras", "-d", "train.npz"), 3, "how much is to be pruned"),
    "no sparsity for filters": (("m.keras", "-d", "train.npz", "--pattern", "filters"), 3, "how much is to be pruned"),
    "an unknown pattern": ((*GOOD, "--pattern", "block3x3"), 3, "no pattern 'block3x3': the patterns are unstructured"),
    "an unknown schedule": ((*GOOD, "--schedule", "cosine"), 3, "no schedule 'cosine'"),
    "an unknown layer": ((*GOOD, "--spare", "thin"), 3, "no layer 'thin' to prune; .*wide, middle, kind"),
    "a layer's sparsity": ((*GOOD, "--layer", "kind=2"), 3, "below 1; received 2.0"),
    "a layer without a number": ((*GOOD, "--layer", "kind"), 2, "write NAME=SPARSITY"),
    "data of the wrong shape": (("m.keras", "-d", "shape.npz", "-s", "0.5"), 3, r"shape \(11,\); the model expects \(12,\)"),
    "labels out of range": (("m.keras", "-d", "labels.npz", "-s", "0.5"), 3, "labels in y go from 1 to 4; .* 4 classes, 0 to 3"),
    "fewer labels": (("m.keras", "-d", "rows.npz", "-s", "0.5"), 3, "y has 239 rows for 240 samples"),
    "NaN samples": (("m.keras", "-d", "nan.npz", "-s", "0.5"), 3, "samples for input .* number [0-9]+ holds NaN"),
    "NaN targets": (("m.keras", "-d", "nan_y.npz", "-s", "0.5"), 3, "values of y are not all numbers: number [0-9]+ "),
    "text as labels": (("m.keras", "-d", "text.npz", "-s", "0.5"), 3, "array y holds <U"),
    "other names": (("m.keras", "-d", "names.npz", "-s", "0.5"), 3, "holds the arrays a, b; .* or call them x"),
    "half of what measures": (("m.keras", "-d", "half.npz", "-s", "0.5"), 3, "holds y but no y_val"),
    "filters of the last layer": (
        ("m.keras", "-d", "train.npz", "--pattern", "filters", "--layer", "kind=0.5"), 3, "layer kind cannot be pruned",
    ),
    "a broken file": (("m.keras", "-d", "broken.npz", "-s", "0.5"), 3, "broken.npz is no NumPy file"),
    "no data": (("m.keras", "-s", "0.5"), 2, "Missing option.*--data"),
    "no such data": (("m.keras", "-d", "none.npz", "-s", "0.5"), 2, "no such file.*none.npz"),
    "no such model": (("none.keras", "-d", "train.npz", "-s", "0.5"), 2, "no such file.*none.keras"),
    "no model": (("x.npy", "-d", "train.npz", "-s", "0.5", "-o", "p.keras"), 3, "x.npy is no .keras or .h5 file"),
    "another format": ((*GOOD, "-o", "p.tflite"), 3, "p.tflite is no .keras or .h5 file"),
    "no such folder": ((*GOOD, "-o", "nowhere/p.keras"), 2, "no such folder.*nowhere"),
    "a picture of another kind": ((*GOOD, "--sensitivity", "s.doc"), 3, "s.doc: a picture is a .png, .svg or .pdf file"),
    "a scan of all as one": ((*GOOD, "--global", "--sensitivity", "s.png"), 2, "without --global"),
    "a learning rate that breaks it": ((*GOOD, "--learning-rate", "1e38", "--epochs", "3"), 3, "not all numbers.*lower"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_gets_one_sentence_and_nothing_is_written(folder, what):
    args, code, sentence = WRONG[what]
    before = sorted(folder.iterdir())
    result = prune(*args)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert re.search(sentence, result.output.replace("\n", " ")), result.output
    assert sorted(folder.iterdir()) == before


def test_nan_weights_are_refused_with_the_layer(folder, trained):
    broken = keras.models.clone_model(trained)
    broken.get_layer("middle").kernel.assign(np.full((24, 16), np.nan))
    broken.save("m.keras")
    result = prune(*GOOD)
    assert result.exit_code == 3 and "layer middle: its weights are not all numbers" in result.output
    assert not list(folder.glob("*-pruned*"))


def test_a_scan_measures_one_layer_at_a_time(trained):
    """Against the same done by hand."""
    x, y = problem()
    before = [weights.copy() for weights in trained.get_weights()]
    scanned = scan(trained, x, y, "unstructured", (0.9, 0.5))
    assert all(np.array_equal(a, b) for a, b in zip(before, trained.get_weights()))
    assert scanned.sparsities == (0.5, 0.9) and scanned.weights == (288, 384, 64) and scanned.metric == "accuracy"
    by_hand = keras.models.clone_model(trained)
    weights = [array.copy() for array in before]
    weights[2][np.abs(weights[2]) <= np.sort(np.abs(weights[2]), axis=None)[345]] = 0  # 0.9 * 384 = 345.6 of them
    by_hand.set_weights(weights)
    accuracy = (by_hand.predict(x, verbose=0).argmax(axis=1) == y).mean()
    assert scanned.values[1, 1] == pytest.approx(accuracy, abs=1e-6) and accuracy < scanned.baseline
    errors = scan(trained, x, None, "block4x2", (0.5,), spare=["wide"])
    assert errors.baseline == 0 and (errors.values > 0).all() and errors.layers == ("middle", "kind")
    assert errors.table().splitlines()[0] == "mean squared error with one layer pruned; 0 with none"


def sensitivity(values, weights=(1000, 100)):
    return Sensitivity("unstructured", "accuracy", 0.9, ("hard", "soft"), weights, (0.5, 0.9), np.array(values))


def test_a_sparsity_is_shared_out_by_what_layers_mind():
    """hard loses 0.4 at 50 %, soft loses 0.1 at 90 %: soft goes first, and hard has the rest to give."""
    scanned = sensitivity([[0.5, 0.1], [0.85, 0.8]], (100, 100))
    # With a damage of d, hard gives 1.25 d; soft gives 10 d up to 0.5, then 0.5 + 8 (d - 0.05) up to 0.9.
    for wanted, hard, soft in ((0.2, 0.4 / 9, 3.2 / 9), (0.5, 4.5 / 37, 32.5 / 37), (0.6, 0.3, 0.9), (0.9, 0.9, 0.9)):
        assert scanned.allocate(wanted) == {"hard": pytest.approx(hard, abs=1e-4), "soft": pytest.approx(soft, abs=1e-4)}


def test_layers_that_do_not_mind_get_the_same():
    shares = sensitivity([[0.9, 0.9], [0.95, 0.92]]).allocate(0.4)
    assert shares == {"hard": pytest.approx(0.4, abs=1e-6), "soft": pytest.approx(0.4, abs=1e-6)}
    with pytest.raises(ConversionError, match="the scan went to a sparsity of 0.9, and 0.95 is asked for"):
        sensitivity([[0.9, 0.9], [0.9, 0.9]]).allocate(0.95)


def net(units, activation=None, extra=()):
    inputs = keras.Input((12,))
    x = L.Dense(units, activation=activation)(inputs)
    for layer in extra:
        x = layer(x)
    return keras.Model(inputs, x)


LABELS, BITS, REAL = np.arange(6) % 3, np.arange(6) % 2, np.linspace(-1, 1, 6)
TASKS = {
    "labels": (lambda: net(3, "softmax"), LABELS, "labels", False),
    "labels as floats in a column": (lambda: net(3, "softmax"), LABELS[:, None] * 1.0, "labels", False),
    "labels of logits": (lambda: net(3), LABELS, "labels", True),
    "softmax as a layer": (lambda: net(3, None, [L.Softmax(), L.Reshape((3,))]), LABELS, "labels", False),
    "softmax in a nested model": (lambda: keras.Sequential([keras.Input((12,)), net(3, "softmax")]), LABELS, "labels", False),
    "one-hot": (lambda: net(3, "softmax"), np.eye(3)[LABELS], "one-hot", False),
    "yes or no": (lambda: net(1, "sigmoid"), BITS, "binary", False),
    "yes or no of logits": (lambda: net(1), BITS[:, None], "binary", True),
    "several of them": (lambda: net(3, "sigmoid"), np.array([[0, 0, 0], [1, 1, 0]]), "binary", False),
    "a value": (lambda: net(1), REAL, "values", False),
    "whole values": (lambda: net(1), np.arange(6), "values", False),
    "values": (lambda: net(3), np.ones((6, 3)) * REAL[:, None], "values", False),
    "no targets": (lambda: net(3), None, "outputs", False),
}


@pytest.mark.parametrize("what", TASKS)
def test_the_task_fits_the_outputs_and_the_targets(what):
    """And its loss can be computed of them."""
    make, y, kind, logits = TASKS[what]
    model = make()
    task, targets = tasks.task(model, y)
    assert (task.kind, task.logits) == (kind, logits)
    x = problem(len(y) if y is not None else 4)[0]
    goal = targets if targets is not None else model.predict(x, verbose=0)
    assert np.isfinite(float(task.loss(keras)(goal, model(x))))
    assert task.measure(tasks.predict(model, [x]), [goal]) >= 0


def test_targets_that_fit_no_task_are_refused():
    with pytest.raises(ConversionError, match=r"y has the shape \(2,\) a sample; the model's output has \(3,\)"):
        tasks.task(net(3, "softmax"), np.ones((6, 2)))
    with pytest.raises(ConversionError, match="labels in y go from 0 to 2; the model has 2 classes"):
        tasks.task(net(1, "sigmoid"), LABELS)
    with pytest.raises(ConversionError, match="has 2 outputs: leave y out"):
        tasks.task(keras_models.residual(), LABELS)


def test_inputs_that_go_by_name_get_what_is_theirs():
    inputs = {"b": keras.Input((5,), name="b"), "a": keras.Input((7,), name="a")}
    model = keras_models.randomize(keras.Model(inputs, L.Concatenate()([inputs["a"], inputs["b"][:, :2]])))
    x = keras_models.samples(model, 4)
    named = {str(tensor.name): array for tensor, array in zip(model.inputs, x)}
    expected = np.concatenate([named["a"], named["b"][:, :2]], axis=1)
    np.testing.assert_array_equal(tasks.predict(cloning.clone(model), x)[0], expected)


def test_models_with_several_inputs_and_outputs_are_tuned_to_their_own_answers(tmp_path):
    """Two inputs by name; two outputs, whose errors add up."""
    from host_tools.compress.pruning import prune as prune_model
    from host_tools.compress.tuning import Tuning

    a, b = keras.Input((5,), name="a"), keras.Input((7,), name="b")
    x = L.Concatenate()([a, b])
    model = keras_models.randomize(keras.Model([a, b], [L.Dense(4)(x), L.Dense(2)(x)]))
    arrays = dict(zip("ab", keras_models.samples(model, 40)))
    np.savez(tmp_path / "two.npz", **arrays)
    data = training_data.load(tmp_path / "two.npz", model, 0.25)
    assert [len(part) for part in data.x + data.x_val] == [30, 30, 10, 10]
    assert not set(map(bytes, data.x[0])) & set(map(bytes, data.x_val[0]))
    work = Tuning(model, data)
    pruned = prune_model(model, 0.25, fit=work.fit(3))
    expected = [p - q for p, q in zip(pruned.predict(data.x_val, verbose=0), model.predict(data.x_val, verbose=0))]
    assert work.measure(pruned) == pytest.approx(np.square(np.concatenate(expected, axis=1)).mean(), rel=1e-4)
    assert work.measure(model) == 0
