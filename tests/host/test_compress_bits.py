"""Weights of 4 bits and adaptive rounding: what `convert(bits=..., rounding=...)` makes of a Keras model."""

import itertools
import json

import keras_models
import numpy as np
import pytest
from click.testing import CliRunner
from compress_models import largest, quantized, weights
from keras_models import L, keras
from test_tflite_reader import dense

import upyml
from host_tools.cli import main
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.graph import Op, Tensor
from host_tools.passes import adaptive_rounding
from host_tools.passes.bits import set_bits
from host_tools.passes.normalise import normalise
from host_tools.passes.search import search
from host_tools.quality import sqnr
from host_tools.readers import keras_reader


@pytest.fixture(scope="module")
def model():
    """Each kind of layer with weights, none of them shared: conv, depth, sep (two ops), dense."""
    made = keras_models.randomize(
        keras.Sequential(
            [
                keras.Input((12, 12, 3)),
                L.Conv2D(8, 3, activation="relu", name="conv"),
                L.DepthwiseConv2D(3, activation="relu", name="depth"),
                L.SeparableConv2D(12, 3, activation="relu", name="sep"),
                L.MaxPooling2D(2),
                L.Flatten(),
                L.Dense(5, name="dense"),
            ]
        )
    )
    for layer in made.layers:
        if hasattr(layer, "bias"):
            layer.bias.assign(0 * layer.bias)  # else the outputs hardly depend on the inputs
    return made


@pytest.fixture(scope="module")
def data(model):
    return smooth(96)


def smooth(count: int, seed: int = 3) -> list[np.ndarray]:
    """Pictures whose neighbours are alike, as in nature; nearest rounding makes no use of that."""
    noise = np.random.default_rng(seed).normal(size=(count, 14, 14, 3))
    return [(noise[:, 2:, 2:] + noise[:, 1:-1, 1:-1] + noise[:, :-2, :-2] + noise[..., :1][:, 2:, 2:]).astype("f")]


def test_eight_bits_are_the_default(model, data):
    options = dict(check=False, rounding="nearest")
    assert convert(model, data, check=False).file == convert(model, data, bits=8, **options).file
    assert min(map(max, largest(model, data).values())) > 100


def test_four_bits_for_all_but_depthwise(model, data):
    found = largest(model, data, bits=4)
    assert found["conv"] == found["dense"] == [7]
    assert found["depth"][0] > 100 and found["sep"][0] > 100 and found["sep"][1] == 7


def test_four_bits_by_layer(model, data):
    found = largest(model, data, bits={"sep": 4, "conv": 8})
    assert found["sep"][1] == 7 and min(found["conv"] + found["dense"]) > 100


def test_both_calls_of_a_shared_layer(data):
    x = keras.Input((12, 12, 3))
    twice = L.Conv2D(3, 3, padding="same", name="twice")
    shared = keras_models.randomize(keras.Model(x, twice(L.ReLU()(twice(x)))))
    assert largest(shared, data, bits={"twice": 4}) == {"twice": [7, 7]}


def test_the_engine_runs_four_bits(model, data):
    """What the engine answers is what the quantized graph says, to a step of the output or two."""
    done = convert(model, data, bits=4)
    loaded = upyml.load(done.file)
    assert loaded.selftest() is True
    said = run(quantized(model, data, bits=4), [data[0][:20]])[0]
    got = np.array([loaded.predict(x.ravel()) for x in data[0][:20]])
    assert np.abs(got - said).max() <= 2.01 * loaded.output_details[0].scale
    assert 12 < done.check.sqnr < 30


def test_four_bits_take_half_the_flash():
    """Weights of the file, but for what 8-bit ones cannot do without either: 4,096 of them."""
    two = keras_models.randomize(keras.Sequential([keras.Input((64,)), L.Dense(64, name="dense")]))
    samples = keras_models.samples(two, 20)
    eight, four = (
        len(convert(two, samples, bits=bits, weight_scales="channel", check=False).file) for bits in (8, 4)
    )
    assert eight - four == pytest.approx(2048, abs=64)


@pytest.mark.parametrize(
    "bits, said",
    [
        (5, "cannot have 5 bits: give 4 or 8"),
        (True, "cannot have True bits"),
        ("4", "cannot have '4' bits"),
        ({"conv": 2}, "weights of layer conv cannot have 2 bits"),
        ({"cnov": 4}, "no layer 'cnov' with weights; those there are: conv, dense, depth, sep"),
        ({"depth": 4}, "layer depth is depthwise, and such weights have 8 bits"),
    ],
)
def test_bits_that_cannot_be(model, data, bits, said):
    with pytest.raises(ConversionError, match=said):
        convert(model, data, bits=bits)


@pytest.mark.parametrize("options", [{"bits": 4}, {"bits": {"dense": 4}}, {"rounding": "adaptive"}])
def test_a_quantized_file_keeps_its_weights(tmp_path, options):
    (tmp_path / "int8.tflite").write_bytes(dense())
    with pytest.raises(ConversionError, match="int8.tflite: it is quantized already; .* needs the float"):
        convert(tmp_path / "int8.tflite", **options)


def test_an_unknown_rounding(model, data):
    with pytest.raises(ConversionError, match="rounding 'up' is not known; use one of nearest, adaptive"):
        convert(model, data, rounding="up")


def test_weights_that_are_no_numbers(data):
    """Training that went astray is named by its layer, not met as a strange model."""
    broken = keras.Sequential([keras.Input((12, 12, 3)), L.Conv2D(2, 3, name="first"), L.Flatten(), L.Dense(2, name="last")])
    kernel, bias = broken.layers[0].get_weights()
    kernel[1, 1, 1, 1] = np.nan
    broken.layers[0].set_weights([kernel, bias])
    with pytest.raises(ConversionError, match="layer first: its kernel holds nan or infinity"):
        convert(broken, data)


def test_command(model, data, tmp_path):
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", data[0])

    def command(*options):
        arguments = ["convert", tmp_path / "m.keras", "-d", tmp_path / "x.npy", "-o", tmp_path / "m.upm", *options]
        return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)

    assert command("--bits", "conv=4,sep=4", "--rounding", "nearest", "--json").exit_code == 0
    made = (tmp_path / "m.upm").read_bytes()
    assert made == convert(tmp_path / "m.keras", data, bits={"conv": 4, "sep": 4}, rounding="nearest", check=False).file
    assert json.loads(command("--bits", "4", "--json").output)["check"]["sqnr_db"] > 12
    (tmp_path / "m.upm").unlink()
    for wrong, said in (("conv", "write 8, 4, or layers as conv1=4"), ("conv=x", "write 8, 4"), ("7", "give 4 or 8")):
        result = command("--bits", wrong)
        assert result.exit_code in (2, 3) and said in result.output
    assert not (tmp_path / "m.upm").exists()


# Adaptive rounding


def ratio(model, samples, fresh, **options) -> float:
    """Signal to quantization noise on samples that the conversion has not seen."""
    graph = normalise(keras_reader.read(model))
    made = search(set_bits(graph, options.pop("bits")), samples, **options)
    return sqnr(run(graph, fresh), run(made, fresh))


def test_adaptive_rounding_is_nearer_at_four_bits(model, data):
    fresh = smooth(64, seed=9)
    nearest = ratio(model, data, fresh, bits=4, rounding="nearest")
    assert ratio(model, data, fresh, bits=4) > nearest + 0.7
    assert ratio(model, data, fresh, bits=4, rounding="adaptive") > nearest + 0.7


def test_adaptive_rounding_is_what_four_bits_get(model, data):
    usual, adaptive, nearest = (quantized(model, data, {"conv": 4}, rounding=r) for r in (None, "adaptive", "nearest"))

    def same(a, b, layer):
        return all((x == y).all() for x, y in zip(weights(a)[layer], weights(b)[layer]))

    assert same(usual, adaptive, "conv") and not same(usual, nearest, "conv")
    assert same(usual, nearest, "sep") and not same(usual, adaptive, "sep")


def test_scales_of_four_bits_are_searched_with_any_calibration(model, data):
    """The end of the scale lies below the largest weight: seven levels are too few to keep one large weight."""
    for method in ("minmax", "mse"):
        made = quantized(model, data, 4, method=method, rounding="nearest")
        (conv,) = (op for op in made.ops if op.name == "conv")
        real = keras_reader.read(model).ops[0].inputs[1].data
        assert np.mean(conv.inputs[1].scale * 7 < 0.99 * np.abs(real).reshape(8, -1).max(axis=1)) > 0.5


def test_pruned_weights_stay_zero(data):
    pruned = keras_models.randomize(
        keras.Sequential([keras.Input((12, 12, 3)), L.Conv2D(8, 3, name="conv"), L.Flatten(), L.Dense(4, name="dense")])
    )
    chance = np.random.default_rng(1)
    for layer in (pruned.layers[0], pruned.layers[2]):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * (chance.random(kernel.shape) < 0.4), bias])
    found = weights(quantized(pruned, data, bits={"conv": 4}, rounding="adaptive"))
    conv, dense_ = (pruned.layers[i].get_weights()[0] for i in (0, 2))
    assert (found["conv"][0][conv.transpose(3, 0, 1, 2) == 0] == 0).all()
    assert (found["dense"][0][dense_.T == 0] == 0).all()
    assert np.count_nonzero(found["conv"][0]) > 60


def problem(kind: str = "fully_connected", samples: int = 400):
    """An op of four inputs that have much in common, its inputs, and rows of weights."""
    chance = np.random.default_rng(5)
    x = chance.normal(size=(samples, 4)) @ chance.normal(size=(4, 4)) + 0.3 * chance.normal(size=(samples, 1))
    op = Op(kind, [Tensor("x", (4,)), Tensor("w", (6, 4)), Tensor("b", (6,))], [Tensor("y", (6,))], {})
    return op, x.astype("f"), chance.normal(size=(6, 4))


def test_adaptive_rounding_is_nearly_the_best_there_is():
    """Of all 4096 ways to round the four weights near their values, for each of six outputs."""
    op, x, w = problem()
    seen = adaptive_rounding.moments(op, x, x)
    scale = np.abs(w).max(axis=1) / 7
    nearest = np.rint(w / scale[:, None])
    found = adaptive_rounding.round_rows(w, scale, nearest, seen, 7)

    def error(q, row):
        return np.var(x @ (w[row] - q * scale[row]))

    for row in range(6):
        near = [np.clip(np.arange(-4, 4) + v, -7, 7) for v in np.floor(w[row] / scale[row]) + 1]
        best = min(error(np.array(q), row) for q in itertools.product(*near))
        assert error(found[row], row) <= 3 * best
    total = [sum(error(q[row], row) for row in range(6)) for q in (found, nearest)]
    assert total[0] < 0.7 * total[1]


def test_adaptive_rounding_takes_back_what_went_wrong_before():
    """The inputs of a layer are 10 % too small: its weights grow."""
    op, x, w = problem()
    scale = np.full(6, np.abs(w).max() / 100)
    seen = adaptive_rounding.moments(op, x, 0.9 * x)
    found = adaptive_rounding.round_rows(w, scale, np.rint(w / scale[:, None]), seen, 127)
    wanted, got, naive = x @ w.T, 0.9 * x @ (found * scale[:, None]).T, 0.9 * x @ w.T
    assert sqnr(wanted, got) > sqnr(wanted, naive) + 10


@pytest.mark.parametrize("most", [7, 127])
def test_rounding_leaves_zeros(most):
    """Though another whole number there would make up for errors of the others."""
    op, x, w = problem()
    w[:, 1], w[3] = 0, 0
    scale = np.maximum(np.abs(w).max(axis=1), 1e-3) / most
    nearest = np.rint(w / scale[:, None])
    found = adaptive_rounding.round_rows(w, scale, nearest, adaptive_rounding.moments(op, x, 0.9 * x), most)
    assert (found[w == 0] == 0).all() and (found != nearest).any()


def test_rounding_that_data_cannot_tell_stays_nearest():
    op, x, w = problem(samples=3)
    assert adaptive_rounding.moments(op, x, x) is None
    op, x, w = problem()
    fit, proof = adaptive_rounding.moments(op, x, x)
    proof.own = np.eye(4)[None] * 1.0  # samples that are not at all like those it was fitted to
    scale = np.abs(w).max(axis=1) / 7
    nearest = np.rint(w / scale[:, None])
    np.testing.assert_array_equal(adaptive_rounding.round_rows(w, scale, nearest, (fit, proof), 7), nearest)


def test_long_rows_are_rounded_in_parts(monkeypatch):
    op, x, w = problem()
    seen = adaptive_rounding.moments(op, x, x)
    scale = np.abs(w).max(axis=1) / 7
    nearest = np.rint(w / scale[:, None])
    whole = adaptive_rounding.round_rows(w, scale, nearest, seen, 7)
    monkeypatch.setattr(adaptive_rounding, "BLOCK", 3)
    np.testing.assert_array_equal(adaptive_rounding.round_rows(w, scale, nearest, seen, 7), whole)
    monkeypatch.setattr(adaptive_rounding, "WIDEST", 2)
    parts = adaptive_rounding.round_rows(w, scale, nearest, seen, 7)
    assert np.abs(parts).max() <= 7 and (parts != nearest).any()
