"""Calibration, scales and weights of int8 graphs, and whole layers through the engine."""

import keras_models
import numpy as np
import pytest

import upyml
from host_tools import verify
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import constant, run
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import calibrate as calibration
from host_tools.passes import scales
from host_tools.passes.normalise import normalise
from host_tools.passes.quantize import quantize
from host_tools.passes.search import search
from host_tools.quality import sqnr
from host_tools.readers import keras_reader


def residual():
    """A network with every sharing rule in it: (float graph, data)."""
    model = keras_models.residual()
    return normalise(keras_reader.read(model)), keras_models.samples(model, 64)


def test_minmax_keeps_every_value():
    graph, data = residual()
    seen = calibration.calibrate(graph, data, "minmax")
    highest = {}
    run(graph, data, lambda t, x: highest.__setitem__(t, max(highest.get(t, -np.inf), x.max())))
    assert {t: high for t, (_, high) in seen.items()} == {t: float(x) for t, x in highest.items()}


def test_percentile_clips_outliers():
    """One value in a hundred thousand, a hundred times as large, does not take the levels of the others."""
    values = np.random.default_rng(1).normal(size=(100, 1000)).astype("f")
    values[50, 0] = 100
    x, y = Tensor("x", (1000,)), Tensor("y", (1000,))
    graph = Graph([x], [y], [Op("leaky_relu", [x], [y], {"alpha": 1.0})])
    low, high = calibration.calibrate(graph, values, "percentile")[y]
    assert -4.5 < low < -3 and 3 < high < 4.5
    assert calibration.calibrate(graph, values, "minmax")[y][1] == 100


def test_best_range_is_the_best():
    """No range of a fine grid has less squared error on a heavy-tailed sample, but for the estimate's 2 %."""
    values = np.random.default_rng(1).standard_t(4, size=20000)
    low, high = values.min(), values.max()
    chosen = calibration.best_range(np.histogram(values, 2048, (low, high))[0], low, high)

    def error(bottom, top):
        step = (top - bottom) / 255
        return np.square(values - np.clip(np.round((values - bottom) / step), 0, 255) * step - bottom).mean()

    best = min(error(low * a, high * b) for a in np.linspace(0.1, 1, 30) for b in np.linspace(0.1, 1, 30))
    assert error(*chosen) < 1.02 * best < error(low, high)


def test_progress_reaches_the_end():
    graph, data = residual()
    calls = []
    search(graph, data, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls) and calls[-1][0] == calls[-1][1]


def test_data_that_does_not_fit():
    graph, data = residual()
    with pytest.raises(ConversionError, match=r"shape \(n, 12, 12, 3\), received \(4, 5\)"):
        calibration.calibrate(graph, np.zeros((4, 5)))
    with pytest.raises(ConversionError, match=r"\(n, 12, 12, 3\), received \(4, 3, 12, 12\)"):
        calibration.calibrate(graph, np.zeros((4, 3, 12, 12)))  # as many values, but the colours come first
    flat = calibration.calibrate(graph, data[0].reshape(64, -1))
    assert list(flat.values()) == list(calibration.calibrate(graph, data[0][:, None]).values())
    with pytest.raises(ConversionError, match="nan"):
        calibration.calibrate(graph, [np.full((2, 12, 12, 3), np.nan)])
    with pytest.raises(ConversionError, match="1 inputs, the data 2"):
        calibration.calibrate(graph, data * 2)
    with pytest.raises(ConversionError, match="mse, minmax, percentile"):
        calibration.calibrate(graph, data, "best")


@pytest.mark.parametrize("low, high", [(-1, 1), (0, 6), (0.5, 3), (-5, -2), (-0.001, 1000), (0, 0), (-1e-45, 0)])
def test_grid_holds_zero_and_the_range(low, high):
    scale, zero_point = scales.grid(low, high)
    assert scale > 0 and scale == np.float32(scale) and -128 <= zero_point <= 127
    least, most = (scale * (q - zero_point) for q in (-128, 127))
    assert least - scale / 2 <= min(low, 0) and max(high, 0) <= most + scale / 2


def quantized_residual():
    graph, data = residual()
    return verify.graph(quantize(graph, calibration.calibrate(graph, data), data), "quantize", True), graph, data


def test_copying_ops_keep_their_scale():
    graph, *_ = quantized_residual()
    kept = [op for op in graph.ops if op.kind in (*scales.SAME, "concat")]
    assert {"max_pool", "concat"} <= {op.kind for op in kept}
    for op in kept:
        for x in op.inputs:
            assert (x.scale, x.zero_point) == (op.output.scale, op.output.zero_point)


def test_weights_are_symmetric_and_biases_on_the_accumulator():
    graph, *_ = quantized_residual()
    layers = [op for op in graph.ops if op.kind in ("conv2d", "depthwise_conv2d", "fully_connected")]
    assert len(layers) == 7
    for op in layers:
        x, weights, bias = op.inputs
        assert weights.data.dtype == np.int8 and weights.data.min() >= -127 and weights.zero_point == 0
        assert bias.data.dtype == np.int32 and len(weights.scale) == len(bias.data)
        np.testing.assert_array_equal(bias.scale, np.float64(x.scale) * weights.scale.astype(np.float64))


def test_prescribed_scales():
    graph, *_ = quantized_residual()
    assert [(t.scale, t.zero_point) for t in graph.outputs] == [(1 / 256, -128)] * 2


def test_concat_of_a_prescribed_scale():
    """A sigmoid and a wide range, joined: the lowered graph brings the sigmoid to the common scale."""
    import keras
    from keras import layers as L

    x = keras.Input((8,))
    y = L.Concatenate()([L.Dense(4, activation="sigmoid")(x), L.Dense(4)(x), L.Activation("tanh")(x)])
    model = keras_models.randomize(keras.Model(x, L.Reshape((4, 4))(y)))
    data = keras_models.samples(model, 64)
    assert sqnr(keras_models.outputs(model, data), through_engine(convert(model, data).file, data)) > 35


def test_quantizing_leaves_the_float_graph():
    graph, data = residual()
    before = run(graph, data)
    search(graph, data)
    assert all(t.scale is None for op in graph.ops for t in [*op.inputs, *op.outputs])
    for a, b in zip(before, run(graph, data)):
        np.testing.assert_array_equal(a, b)


def test_correction_and_search_help():
    """On the residual network each step brings the outputs nearer to the float ones."""
    graph, data = residual()
    before = Graph(graph.inputs, [graph.producer(t).inputs[0] for t in graph.outputs], graph.ops)
    exact = run(before, data)

    def ratio(**options):
        made = quantize(before, calibration.calibrate(before, data, "minmax"), data, **options)
        return sqnr(exact, run(made, data))

    plain = ratio(weight_search=False, bias_correction=False)
    assert plain + 1 < ratio(weight_search=False) and plain + 1 < ratio()


def test_dead_and_tiny_channels():
    """A channel of zeros, one of tiny weights with a large bias, one of huge weights: none overflows."""
    model = keras_models.single("conv1d valid")
    kernel, bias = model.layers[1].get_weights()
    kernel[..., 0], kernel[..., 1], kernel[..., 2] = 0, kernel[..., 1] * 1e-12, kernel[..., 2] * 1e3
    bias[0], bias[1], bias[3] = 0, 50, 0
    model.layers[1].set_weights([kernel, bias])
    data = keras_models.samples(model, 32)
    got = through_engine(convert(model, data).file, data)[0]
    exact = keras_models.outputs(model, data)[0]
    assert sqnr(exact, got) > 35
    assert np.abs(got[..., 1] - 50).max() < np.ptp(exact) / 255


def test_hard_swish_of_a_range_below_zero():
    """Its outputs are a hundredth of its inputs: finer than TFLite-Micro's steps allow."""
    model = keras_models.single("activation hard_silu")
    data = [np.random.default_rng(1).uniform(-100, -2.5, (64, 12)).astype("f")]
    exact = keras_models.outputs(model, data)[0]
    assert np.abs(exact - through_engine(convert(model, data).file, data)[0]).max() <= np.abs(exact).max()


def test_constant_inputs_to_the_model():
    """Calibration data of zeros gives a model that answers zeros, not an error."""
    model = keras_models.single("dense relu")
    file = convert(model, [np.zeros((4, 12), "f")]).file
    assert len(upyml.load(file).predict([0.0] * 12)) == 7


def test_real_values_of_weights():
    op = Op("depthwise_conv2d", [], [], {})
    weights = Tensor("w", (1, 2, 3), "int8", np.array([1.0, 0.5, 2.0], "f"), 0, np.ones((1, 2, 3), np.int8))
    np.testing.assert_array_equal(constant(op, weights)[0, 0], [1.0, 0.5, 2.0])


def through_engine(file: bytes, data: list[np.ndarray]) -> list[np.ndarray]:
    """The engine's outputs as real values, one array for each output."""
    model = upyml.load(file)
    assert model.selftest() is True
    answers = []
    for sample in zip(*data):
        answer = model.predict(tuple(x.ravel() for x in sample) if len(data) > 1 else sample[0].ravel())
        answers.append(answer if isinstance(answer, tuple) else (answer,))
    shapes = [details.shape for details in model.output_details]
    return [np.array([a[i] for a in answers]).reshape(-1, *shape) for i, shape in enumerate(shapes)]


IN_TRAINING = ("dropout", "spatial dropout", "gaussian noise", "activation linear")  # alone they are no model


@pytest.mark.parametrize("name", [*(name for name in keras_models.CASES if name not in IN_TRAINING), "residual", "shared", "decoder"])
def test_layer_on_the_engine(name):
    """int8 from Keras on the engine: near to the float model, and what the int8 graph in float arithmetic says."""
    model = getattr(keras_models, name)() if hasattr(keras_models, name) else keras_models.single(name)
    data = keras_models.samples(model, 64)
    stages = {}
    file = convert(model, data, show=stages.__setitem__).file
    got = through_engine(file, data)
    exact = keras_models.outputs(model, data)
    assert sqnr(exact, [values.reshape(want.shape) for want, values in zip(exact, got, strict=True)]) > 30
    for tensor, want, values in zip(stages["quantize"].outputs, run(stages["quantize"], data), got, strict=True):
        steps = np.abs(want - values.reshape(want.shape)) / tensor.scale
        assert steps.max() < 6 and (steps > 0.5).mean() < 0.3  # two roundings, and a steep function behind
