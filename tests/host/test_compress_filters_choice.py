"""Which filters are taken out, and how many; what is refused, and with which words."""

import keras
import numpy as np
import pytest
from filter_models import SHAPES, answers, deafen, distinct, mobile, numbers, perceptron
from keras import layers as L

from host_tools.compress import channel_importance
from host_tools.compress.channel_graph import ChannelGraph
from host_tools.compress.channel_selection import kept
from host_tools.compress.filters import prune_filters, unprunable
from host_tools.compress.rebuild import rebuild
from host_tools.errors import ConversionError


def dense(units, kernels, activation="relu"):
    """Dense layers from the given kernels, without biases."""
    model = keras.Sequential([keras.Input((kernels[0].shape[0],))])
    for count, kernel in zip(units, kernels, strict=True):
        model.add(L.Dense(count, activation=activation if kernel is not kernels[-1] else None, use_bias=False))
        model.layers[-1].set_weights([kernel])
    return model


def test_the_smallest_filters_go():
    chance = np.random.default_rng(1)
    kernel = chance.choice([-1.0, 1.0], (6, 8)) * [5, 1, 6, 2, 7, 3, 8, 4]
    model = dense((8, 2), (kernel, chance.normal(size=(8, 2))))
    np.testing.assert_allclose(prune_filters(model, 0.5).layers[0].kernel, kernel[:, [0, 2, 4, 6]])


def test_filters_count_as_the_normalisation_scales_them():
    model = keras.Sequential(
        [keras.Input((4, 4, 2)), L.Conv2D(8, 1), L.BatchNormalization(), L.Flatten(), L.Dense(2)]
    )
    gamma, variance = np.array([1, 9, -9, 1, 9, 1, 8, 1.0]), np.array([1, 1, 1, 1, 400, 0.01, 1, 1.0])
    model.layers[0].set_weights([np.ones((1, 1, 2, 8)), np.zeros(8)])
    model.layers[1].set_weights([gamma, np.zeros(8), np.zeros(8), variance])
    np.testing.assert_allclose(prune_filters(model, 0.5).layers[1].gamma, gamma[[1, 2, 5, 6]])


def test_tied_filters_go_by_their_sum():
    inputs = keras.Input((1,))
    a, b = L.Dense(8, use_bias=False), L.Dense(8, use_bias=False)
    model = keras.Model(inputs, L.Dense(1)(L.Add()([a(inputs), b(inputs)])))
    a.set_weights([np.array([[9, 9, 1, 1, 1, 1, 5, 5.0]])])
    b.set_weights([np.array([[0, 0, 9, 9, 1, 1, 5, 6.0]]) * 100])  # the layer's scale does not count
    small = prune_filters(model, 0.25)
    np.testing.assert_allclose(small.get_layer(a.name).kernel, [[9, 9, 1, 1, 1, 1, 5, 5]])  # 6 is no multiple of 4
    small = prune_filters(model, 0.25, multiple=2)
    np.testing.assert_allclose(small.get_layer(a.name).kernel, [[9, 9, 1, 1, 5, 5]])


def hidden(x, kernel):
    return np.maximum(x @ kernel, 0)


def test_taylor_is_activation_times_gradient():
    chance = np.random.default_rng(3)
    first, second = chance.normal(size=(5, 8)), chance.normal(size=(8, 1))
    model, x = dense((8, 1), (first, second)), chance.normal(size=(70, 5))
    targets = chance.normal(size=(70, 1))
    parts = hidden(x, first) * second[:, 0]
    model.compile(loss="mse")
    graph = ChannelGraph(model)
    (group,) = graph.groups()
    unlabelled = channel_importance.taylor(graph, model, x)[group.members]
    np.testing.assert_allclose(unlabelled, np.abs(parts).mean(axis=0), rtol=1e-4)
    error = 2 * (parts.sum(axis=1, keepdims=True) - targets)
    labelled = channel_importance.taylor(graph, model, (x, targets), model)[group.members]
    np.testing.assert_allclose(labelled, np.abs(parts * error).mean(axis=0), rtol=1e-4)


def test_taylor_keeps_what_is_read_and_magnitude_what_is_large():
    chance = np.random.default_rng(4)
    first = chance.normal(size=(5, 8)) * [1, 1, 1, 1, 9, 9, 9, 9]
    second = chance.normal(size=(8, 3)) * np.array([[5, 5, 5, 5, 0.01, 0.01, 0.01, 0.01]]).T
    model, x = dense((8, 3), (first, second)), chance.normal(size=(50, 5))
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    np.testing.assert_allclose(prune_filters(model, 0.5, x).layers[0].kernel, first[:, 4:], rtol=1e-6)
    for data in (x, (x, chance.integers(0, 3, 50)), {model.inputs[0]._keras_history.operation.name: x}):
        small = prune_filters(model, 0.5, data, "taylor")
        np.testing.assert_allclose(small.layers[0].kernel, first[:, :4], rtol=1e-6)


@pytest.mark.parametrize("shape", ["resnet", "mobile, two times the channels", "series", "joined sum"])
def test_taylor_is_the_slope_of_the_loss_where_a_channel_fades(shape):
    model = distinct(SHAPES[shape]())
    model.compile(loss="mse")
    x, weights = numbers(model), model.get_weights()
    targets = np.random.default_rng(7).normal(size=answers(model, x)[0].shape)
    graph = ChannelGraph(model)
    scores = channel_importance.taylor(graph, model, (x, targets), model)
    for group in graph.groups():
        for member in group.members[:2]:
            losses = []
            small = rebuild(model, graph, np.arange(graph.size) == member)
            for factor in (1.002, 0.998):
                deafen(model, small, factor)
                losses.append(np.mean((answers(model, x)[0] - targets) ** 2, axis=1))
                model.set_weights(weights)
            slope = np.abs(losses[0] - losses[1]).mean() / 0.004
            assert scores[member] == pytest.approx(slope, rel=0.05, abs=1e-3)


@pytest.mark.parametrize(
    "channels, fraction, multiple, minimum, stay",
    [
        (16, 0.5, 4, 4, 8),
        (20, 0.5, 4, 4, 12),  # 10 is as near to 8
        (10, 0.01, 4, 4, 10),
        (10, 0.2, 4, 4, 8),
        (6, 0.5, 4, 4, 4),
        (4, 0.9, 4, 4, 4),
        (3, 0.9, 4, 4, 3),
        (32, 0.99, 4, 4, 4),
        (32, 0.99, 4, 10, 12),
        (7, 0.5, 1, 1, 4),
        (64, 0, 4, 4, 64),
    ],
)
def test_how_many_stay(channels, fraction, multiple, minimum, stay):
    assert kept(channels, fraction, multiple, minimum) == stay


def units(model):
    return [layer.units for layer in model.layers if isinstance(layer, L.Dense)]


def wide(scale=1.0):
    """Three dense layers of 32; the weights of the second are `scale` times as different from each other."""
    chance = np.random.default_rng(5)
    spread = 1 + np.arange(32) / 32 * 4
    kernels = [chance.normal(size=shape) for shape in ((32, 32), (32, 32), (32, 32), (32, 2))]
    kernels[1] *= np.concatenate([np.full(24, 1e-3), spread[24:]]) if scale != 1 else 1
    return dense((32, 32, 32, 2), kernels)


def test_names_choose_layers():
    model = wide()
    first, second, third, last = (layer.name for layer in model.layers)
    assert units(prune_filters(model, 0.5)) == [16, 16, 16, 2]
    assert units(prune_filters(model, 0.5, spare=[second])) == [16, 32, 16, 2]
    assert units(prune_filters(model, 0.5, layers=[second])) == [32, 16, 32, 2]
    assert units(prune_filters(model, {first: 0.25, third: 0.75})) == [24, 32, 8, 2]
    normalised = perceptron()
    assert units(prune_filters(normalised, 0.5, spare=[normalised.layers[1].name])) == [24, 8, 3]
    assert set(unprunable(model)) == {last} and "output" in unprunable(model)[last]


def test_global_pruning_takes_from_the_layer_that_can_spare_most():
    assert units(prune_filters(wide(scale=2), 0.15, allocation="global")) == [32, 16, 32, 2]
    first, second, third, _ = units(prune_filters(wide(scale=2), 0.25, allocation="global"))
    assert second == 12 and first + second + third == 72, "not below half of what is left of others"


def test_pruning_by_macs_takes_costly_filters_first():
    x = inputs = keras.Input((16, 16, 3))
    for filters in (16, 32, 64):
        x = L.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    model = distinct(keras.Model(inputs, L.Dense(4)(L.GlobalAveragePooling2D()(x))))

    def filters(allocation):
        small = prune_filters(model, 0.3, allocation=allocation)
        counts = [layer.filters for layer in small.layers if isinstance(layer, L.Conv2D)]
        assert sum(counts) == pytest.approx(0.7 * 112, abs=2)
        return counts

    a, b = filters("global"), filters("macs")
    assert a != b
    assert 9 * b[0] * (64 * 3 + 16 * b[1]) + 36 * b[1] * b[2] < 9 * a[0] * (64 * 3 + 16 * a[1]) + 36 * a[1] * a[2]


def test_rounds_of_training_between():
    sizes = []

    def fit(model):
        sizes.append(units(model)[0])
        model.layers[0].kernel.assign(np.ones_like(model.layers[0].kernel) * len(sizes))

    small = prune_filters(wide(), 0.75, fit=fit, rounds=3)
    assert sizes == [20, 12, 8]  # 0.63, 0.40 and 0.25 of 32
    np.testing.assert_array_equal(small.layers[0].kernel, np.full((32, 8), 3))
    assert units(prune_filters(wide(), 0.75)) == units(small)


@pytest.mark.slow
def test_a_trained_model_keeps_its_answers():
    """Two rings and what is around them; half of the neurons are enough."""
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).uniform(-1, 1, (1500, 2)).astype(np.float32)
    y = np.digitize(np.hypot(*x.T), [0.4, 0.8])

    def fit(model, epochs=8):
        model.compile(keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x[:1000], y[:1000], 50, epochs, verbose=0)

    def right(model):
        return (np.argmax(answers(model, x[1000:])[0], axis=1) == y[1000:]).mean()

    model = keras.Sequential([keras.Input((2,)), *(L.Dense(32, activation="relu") for _ in range(2)), L.Dense(3)])
    fit(model, 15)
    small = prune_filters(model, 0.5, (x[:1000], y[:1000]), "taylor", fit=fit, rounds=2)
    assert units(small) == [16, 16, 3]
    assert right(model) > 0.95 and right(small) > right(model) - 0.03


class OwnLayer(L.Layer):
    def __init__(self, value):
        super().__init__()
        self.value = self.add_weight(shape=(1,))

    def call(self, x):
        return x * self.value


class OwnModel(keras.Model):
    def __init__(self):
        super().__init__(name="mine")
        self.layer = L.Dense(3)

    def call(self, x):
        return self.layer(x)


def with_nan():
    model = perceptron()
    model.layers[1].beta.assign(np.full(24, np.nan))
    return model


def own_model():
    model = OwnModel()
    model(np.zeros((1, 2)))
    return model


def own_layer():
    return keras.Sequential([keras.Input((3,)), L.Dense(8), OwnLayer(2), L.Dense(8), L.Dense(1)])


def named():
    """Two dense layers in a sum, one that makes the output, one behind it, one that meets the input."""
    x, z = keras.Input((8,), name="x"), keras.Input((5,))
    both = L.Add(name="sum")([L.Dense(8, name="a")(z), L.Dense(8, name="b")(z)])
    tied = L.Add()([x, L.Dense(8, name="tied")(both)])
    soft = L.Dense(6, activation="softmax", name="soft")(tied)
    steps = L.LSTM(3, name="steps")(L.RepeatVector(2)(L.Dense(16, name="before")(soft)))
    grouped = L.Conv1D(8, 1, groups=4, name="grouped")(L.Reshape((1, 8))(L.Dense(8, name="ahead")(soft)))
    end = L.Concatenate()([steps, L.Flatten()(grouped)])
    return keras.Model([x, z], L.Dense(2, name="last")(end))


FREE = keras.Sequential([L.Dense(8), L.Dense(2)])


@pytest.mark.parametrize(
    "model, options, words",
    [
        (perceptron, {"fraction": 1.0}, "from 0 to below 1, received 1.0"),
        (perceptron, {"fraction": -0.1}, "from 0 to below 1"),
        (perceptron, {"fraction": "half"}, "received 'half'"),
        (perceptron, {"fraction": float("nan")}, "received nan"),
        (named, {"fraction": {"a": 1.5}}, "for layer a is from 0"),
        (named, {"fraction": {"a": 0.5, "b": 0.25}}, "need the same fraction: a 0.5, b 0.25"),
        (named, {"fraction": {"last": 0.5}}, "last cannot be pruned: it makes the model's output; layers that can: a"),
        (named, {"layers": ["tied"]}, "tied cannot be pruned: it shares its channels with the model's input x"),
        (named, {"layers": ["sum"]}, "sum cannot be pruned: Add has no filters"),
        (named, {"layers": ["nobody"]}, "nobody cannot be pruned: the model has no such layer"),
        (named, {"layers": ["soft"]}, "soft cannot be pruned: its activation softmax looks at all channels"),
        (named, {"layers": ["before"]}, r"its channels meet layer steps \(LSTM, where channels cannot be followed\)"),
        (named, {"layers": ["ahead"]}, r"its channels meet layer grouped \(Conv1D in 4 groups of channels\)"),
        (named, {"layers": ["grouped"]}, "Conv1D in 4 groups"),
        (named, {"layers": "a"}, "come as a list, received the text 'a'"),
        (named, {"spare": ["nobody"]}, "layer to spare, nobody, is not in the model"),
        (lambda: mobile(1), {"layers": ["depth"]}, "depth cannot be pruned"),
        (perceptron, {"criterion": "best"}, "no criterion 'best': the criteria are magnitude, taylor"),
        (perceptron, {"allocation": "fair"}, "no allocation 'fair'"),
        (perceptron, {"multiple": 0}, "multiple is a whole number of 1 or more"),
        (perceptron, {"rounds": 1.5}, "rounds is a whole number"),
        (perceptron, {"criterion": "taylor"}, "needs data"),
        (perceptron, {"criterion": "taylor", "data": np.zeros((5, 9))}, r"has shape \(5, 9\), not \(n, 10\)"),
        (perceptron, {"criterion": "taylor", "data": np.zeros((0, 10))}, "has shape"),
        (perceptron, {"criterion": "taylor", "data": np.full((5, 10), np.inf)}, "no finite numbers"),
        (perceptron, {"criterion": "taylor", "data": [np.zeros((5, 10))] * 2}, "2 arrays, the model has 1 inputs"),
        (perceptron, {"criterion": "taylor", "data": (np.zeros((5, 10)), np.zeros(5))}, "not compiled with a loss"),
        (perceptron, {"criterion": "taylor", "data": {"y": np.zeros((5, 10))}}, "no array for the input"),
        (with_nan, {}, "layer batch_normalization.* has weights that are no finite numbers"),
        (lambda: keras.Sequential([keras.Input((3,)), L.Dense(2)]), {}, "no layer that can be pruned: .*output"),
        (lambda: keras.Sequential([keras.Input((3, 3, 1)), L.MaxPooling2D(2)]), {}, "no convolution or dense layer"),
        (lambda: FREE, {}, "does not know its input shape yet"),
        (own_model, {}, r"mine \(OwnModel\) is a model of your own class"),
        (lambda: "model.keras", {}, "received builtins's str"),
        (own_layer, {}, r"layer own_layer.* \(OwnLayer\) cannot be made again"),
    ],
)
def test_mistakes_get_one_clear_sentence(model, options, words):
    with pytest.raises(ConversionError, match=words) as caught:
        prune_filters(model(), **{"fraction": 0.5} | options)
    assert "\n" not in str(caught.value)
