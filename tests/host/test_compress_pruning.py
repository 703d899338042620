"""Pruning of Keras models while they are trained: zeros that are exact, whole, as many as asked for, and that stay."""

import keras
import keras_models
import numpy as np
import pytest

from host_tools.compress import cloning
from host_tools.compress.kernels import find, zeros
from host_tools.compress.pruning import Pruning, prune
from host_tools.compress.schedule import Polynomial
from host_tools.convert import convert
from host_tools.errors import ConversionError
from upyml.format import codings, layout

L = keras.layers


def network(seed=1):
    """Every kind of layer that has a kernel, with normalisation and an odd count of channels."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(8, 3, padding="same", use_bias=False, name="first")(inputs)
    x = L.ReLU()(L.BatchNormalization()(x))
    x = L.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise")(x)
    x = L.Conv2D(9, 1, activation="relu", name="pointwise")(x)
    x = L.SeparableConv2D(8, 3, activation="relu", name="separable")(x)
    x = L.Conv1D(8, 2, activation="relu", name="series")(L.Reshape((4, 8))(x))
    return keras.Model(inputs, L.Dense(4, activation="softmax", name="last")(L.Flatten(name="flat")(x)))


def small():
    """For what depends on the training alone: 72 weights in the middle."""
    keras.utils.set_random_seed(1)
    parts = [L.GlobalAveragePooling2D(), L.Dense(24, name="middle"), L.Dense(4, activation="softmax", name="last")]
    return keras.Sequential([keras.Input((8, 8, 3)), *parts])


rng = np.random.default_rng(0)
X = rng.normal(size=(96, 8, 8, 3)).astype(np.float32)
Y = rng.integers(0, 4, 96)
PRUNED = ["first", "pointwise", "separable", "series", "last"]


def fit(model, callbacks, epochs=3, optimizer=None, **options):
    model.compile(optimizer or keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    return model.fit(X, Y, epochs=epochs, batch_size=16, verbose=0, callbacks=callbacks, **options)


def kernels(model):
    return {kernel.name: kernel for kernel in find(model)}


def found(model):
    return {layer.layer: layer for layer in zeros(model)}


class Watch(keras.callbacks.Callback):
    """Notes after each batch how many weights of a layer are zero, and which."""

    def __init__(self, layer="middle"):
        super().__init__()
        self.layer, self.zero = layer, []

    def on_train_batch_end(self, batch, logs=None):
        self.zero.append(self.model.get_layer(self.layer).kernel.numpy() == 0)


@pytest.fixture(scope="module")
def pruned():
    """The network with 60 % of its blocks pruned while it was trained."""
    return prune(network(), 0.6, "block4x2", fit)


def test_each_layer_gets_its_sparsity_and_the_model_stays():
    model = network()
    before = [weights.copy() for weights in model.get_weights()]
    pruned = prune(model, 0.6, "unstructured", fit)
    for name, layer in found(pruned).items():
        assert layer.zeros == (pytest.approx(0.6 * layer.weights, abs=0.5) if name != "depthwise" else 0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert not np.array_equal(before[1], pruned.get_weights()[1])  # it was trained


def test_blocks_reach_the_sparsity_within_one_and_a_half(pruned):
    for name, layer in found(pruned).items():
        assert layer.zeros == (pytest.approx(0.6 * layer.weights, abs=12) if name != "depthwise" else 0)
        assert name == "depthwise" or layer.zeros / 8 <= layer.zero_blocks <= layer.zeros / 2


def test_blocks_are_whole_in_the_trained_model(pruned):
    kernel = kernels(pruned)["pointwise"].values()[0, 0]  # 8 inputs, 9 outputs
    for k in range(0, 8, 2):
        for output in range(0, 9, 4):
            part = kernel[k : k + 2, output : output + 4]
            assert (part != 0).all() or not part.any()
    assert not kernel.all()


def test_n_of_m_hold_in_the_trained_model():
    pruned = prune(network(), pattern="1:4", fit=fit)
    kernel = kernels(pruned)["pointwise"].values()[0, 0]
    assert ((kernel.reshape(2, 4, 9) != 0).sum(axis=1) == 1).all()
    kernel = kernels(pruned)["first"].values().reshape(3, 9, 8)  # rows of nine: two groups of four, and one weight
    assert ((kernel[:, :4] != 0).sum(axis=1) == 1).all() and (kernel[:, 8] != 0).all()


def test_all_layers_together():
    """The sum is what was asked for, to within a block or so of each; layers differ, and none is emptied."""
    pruned = [layer for layer in zeros(prune(network(), 0.8, "block4x2", scope="global")) if layer.blocks]
    assert sum(layer.zeros for layer in pruned) == pytest.approx(0.8 * sum(layer.weights for layer in pruned), abs=4 + 8 * len(pruned))
    assert len({round(layer.sparsity, 2) for layer in pruned}) > 2
    assert all(layer.zeros < layer.weights for layer in pruned)


def test_layers_by_name_and_spared_ones():
    pruned = found(prune(network(), 0.5, layers={"last": 0.9, "depthwise": 0.25}, spare=["first"]))
    assert {name: round(layer.sparsity, 2) for name, layer in pruned.items()} == {
        "first": 0, "depthwise": 0.25, "pointwise": 0.5, "separable": 0.5, "series": 0.5, "last": 0.9,
    }  # fmt: skip
    alone = found(prune(network(), layers={"series": 0.5}))
    assert [name for name, layer in alone.items() if layer.zeros] == ["series"]


def test_sparsity_grows_by_the_schedule_and_then_stays():
    """Masks nest: what is gone stays gone, at every batch; momentum does not bring it back."""
    watch, schedule = Watch(), Polynomial(begin=2, every=3, updates=4)
    prune(small(), 0.75, schedule=schedule, fit=lambda model, callbacks: fit(model, [*callbacks, watch], epochs=4))
    counts = [int(zero.sum()) for zero in watch.zero]
    assert len(counts) == 24  # batches; the first is step 1
    assert counts == [round(72 * schedule.sparsity(2 + (step - 2) // 3 * 3, 0.75)) if step >= 2 else 0
                      for step in range(1, 25)]  # fmt: skip
    assert counts[-1] == 54
    for earlier, later in zip(watch.zero, watch.zero[1:]):
        assert later[earlier].all()


@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD(0.1, 0.95, nesterov=True), keras.optimizers.Adam(0.01)])
def test_momentum_of_the_time_before_does_not_revive_weights(optimizer):
    """The optimizer has been moving all weights when they are pruned, and goes on moving them."""
    model, watch = small(), Watch()
    fit(model, [], optimizer=optimizer)
    moving = Watch()
    model.fit(X, Y, batch_size=16, verbose=0, callbacks=[Pruning(0.5, schedule="constant"), watch])
    assert all(int(zero.sum()) == 36 and (zero == watch.zero[0]).all() for zero in watch.zero)
    before = model.get_layer("middle").kernel.numpy()
    model.fit(X, Y, batch_size=16, verbose=0, callbacks=[moving])  # without the callback they do move
    assert (model.get_layer("middle").kernel.numpy() != 0).sum() > (before != 0).sum()


def test_training_that_ends_early_still_prunes_all():
    stop = keras.callbacks.EarlyStopping("loss", patience=0, baseline=-1.0, restore_best_weights=True)
    pruned = prune(small(), 0.75, fit=lambda model, callbacks: fit(model, [*callbacks, stop], epochs=50))
    assert stop.stopped_epoch and all(layer.sparsity == 0.75 for layer in zeros(pruned))


def test_several_fits_and_steps_of_many_batches():
    """A second fit keeps the masks; batches that are run some at a time are counted."""

    def twice(model, callbacks):
        model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=4)
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
        (callback,) = callbacks
        assert callback._step == 24 and found(model)["last"].sparsity == 0.75
        model.fit(X, Y, batch_size=8, epochs=1, verbose=0, callbacks=callbacks)

    assert found(prune(small(), 0.75, fit=twice))["last"].sparsity == 0.75


def test_a_compiled_model_s_copy_is_compiled_like_it():
    model = small()
    model.compile(keras.optimizers.SGD(0.02, momentum=0.5), "sparse_categorical_crossentropy")
    rates = []

    def plain(copy, callbacks):
        copy.fit(X, Y, verbose=0, callbacks=callbacks)
        rates.append(float(copy.optimizer.learning_rate))

    prune(model, 0.5, fit=plain)
    assert rates == [pytest.approx(0.02)]


def test_zeros_are_zeros_in_the_converted_model(pruned):
    """Through folding, equalization and quantization; and what was not pruned is still there."""
    stages = {}
    convert(pruned, X, show=stages.setdefault, check=False, keep_channels=True)
    ops = {op.name: op for op in stages["drop_unused"].ops}  # the last that works on tensors: what the file gets
    count = 0
    for name, kernel in kernels(pruned).items():
        if name == "depthwise":
            continue
        real, integer = kernel.values(), ops[name].inputs[1].data
        real = np.moveaxis(real, -1, 0).reshape(integer.shape)  # outputs first, as in the graph
        assert integer.dtype == np.int8 and not integer[real == 0].any()
        assert (integer != 0).sum() > 0.8 * (real != 0).sum()
        count += (real == 0).sum()
    assert count == sum(layer.zeros for layer in zeros(pruned)) > 300


def test_zero_blocks_are_those_that_the_file_leaves_out(pruned):
    """The converter's own count, and what it makes of them."""
    layers = found(pruned)
    for name, kernel in kernels(pruned).items():
        if name != "depthwise":
            values = np.moveaxis(kernel.values(), -1, 0) != 0
            rows = values.reshape(len(values), kernel.variable.shape[0] if values.ndim == 4 else 1, -1)
            counted = codings.zero_blocks(rows.astype(np.int8))
            assert counted == (layers[name].zero_blocks, layers[name].blocks) and counted[0] > 0
    program = convert(pruned, X, check=False, keep_channels=True).program
    coded = [step.params.get("coding") for step in program.steps if step.kind in ("CONV2D", "FULLY_CONNECTED")]
    assert coded == [layout.SPARSE_WEIGHTS] * len(PRUNED)


def test_nested_models_and_a_layer_that_is_called_twice():
    model = keras_models.shared()  # features(a) * features(b); features holds the model inner
    pruned = found(prune(model, layers={"features/inner/" + name(model, "Conv1D"): 0.5, name(model, "Dense"): 0.25}))
    assert [round(layer.sparsity, 2) for layer in pruned.values()] == [0.5, 0.25, 0]
    everything = prune(model, 0.5)
    assert all(layer.sparsity == pytest.approx(0.5, abs=0.05) for layer in zeros(everything))
    assert not any(layer.zeros for layer in zeros(model))
    a, b = keras_models.samples(model, 3)
    assert everything.predict([a, b], verbose=0).shape == (3, 2)


def name(model, kind):
    """The name of the first layer of that class within model features."""
    inside = model.get_layer("features").layers
    inside = inside + [part for layer in inside if hasattr(layer, "layers") for part in layer.layers]
    return next(layer.name for layer in inside if type(layer).__name__ == kind)


def test_a_layer_in_two_models_is_refused():
    twice = L.Dense(4, name="twice")
    inner = keras.Sequential([keras.Input((4,)), twice], name="inner")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, L.Add()([inner(inputs), twice(inputs)]))
    with pytest.raises(ConversionError, match="same weights as .*twice: weights shared between models"):
        prune(model, 0.5)


def test_groups_have_blocks_of_their_own_and_a_group_a_channel_is_depthwise():
    model = keras_models.single("conv2d groups")  # 6 channels to 8 in two groups
    (layer,) = zeros(prune(model, 0.5, "block4x2"))
    assert layer.blocks == 3 * 5 * 2 and layer.zeros == pytest.approx(0.5 * 216, abs=4)  # rows of nine k
    assert layer.zeros <= 8 * layer.zero_blocks
    name = keras_models.single("conv2d a group a channel").layers[-1].name
    with pytest.raises(ConversionError, match=f"layer {name} .*a depthwise layer has none"):
        prune(keras_models.single("conv2d a group a channel"), pattern="block4x2", layers={name: 0.5})


def test_half_precision_models_stay_so():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((16,))
    pruned = prune(keras.Model(inputs, L.Dense(8, dtype="bfloat16", name="half")(inputs)), 0.5)
    assert str(pruned.get_layer("half").kernel.dtype) == "bfloat16" and zeros(pruned)[0].sparsity == 0.5


def not_a_number():
    model = network()
    kernel = model.get_layer("series").kernel
    values = kernel.numpy()
    values[0, 0, 0] = np.nan
    kernel.assign(values)
    return model


def quantized():
    model = network()
    model.get_layer("last").quantize("int8")
    return model


REFUSED = {
    "too much": (network, {"sparsity": 1.0}, "at least 0 and below 1; received 1.0"),
    "less than nothing": (network, {"sparsity": -0.1}, "received -0.1"),
    "NaN": (network, {"sparsity": float("nan")}, "received nan"),
    "text": (network, {"sparsity": "0.5"}, "received 0.5"),
    "nothing said": (network, {}, "how much is to be pruned"),
    "an unknown pattern": (network, {"sparsity": 0.5, "pattern": "blocks"}, "no pattern 'blocks': .* block4x2"),
    "filters": (network, {"sparsity": 0.5, "pattern": "filters"}, "prune_filters"),
    "an unknown scope": (network, {"sparsity": 0.5, "scope": "model"}, "layer or global, received 'model'"),
    "an unknown schedule": (network, {"sparsity": 0.5, "schedule": "cosine", "fit": fit}, "no schedule 'cosine'"),
    "another sparsity than N:M": (network, {"sparsity": 0.75, "pattern": "2:4"}, "2:4 makes a sparsity of 0.5, and 0.75"),
    "an unknown layer": (network, {"sparsity": 0.5, "spare": ["nowhere"]}, "no layer 'nowhere'.* first, depthwise"),
    "a layer without a kernel": (network, {"layers": {"flat": 0.5}}, r"layer flat \(Flatten\) cannot be pruned"),
    "depthwise blocks": (network, {"pattern": "block4x2", "layers": {"depthwise": 0.5}}, "layer depthwise .*unstructured"),
    "spared and pruned": (network, {"layers": {"last": 0.5}, "spare": "last"}, "layer last is both spared"),
    "nothing left": (network, {"sparsity": 0.5, "spare": PRUNED}, "nothing is left to be pruned"),
    "NaN weights": (not_a_number, {"sparsity": 0.5}, "layer series: its weights are not all numbers"),
    "quantized weights": (quantized, {"sparsity": 0.5}, "layer last: its kernel is quantized"),
    "no shape": (lambda: keras.Sequential([L.Dense(3)]), {"sparsity": 0.5}, "does not know its input shape"),
    "callbacks forgotten": (small, {"sparsity": 0.5, "fit": lambda m, c: fit(m, [])}, "pass them to model.fit"),
    "an unknown length": (
        small,
        {"sparsity": 0.5, "fit": lambda m, c: (m.compile("sgd", "mse"), m.fit(endless(), epochs=1, shuffle=False, callbacks=c))},
        "how many batches an epoch has",
    ),
    "a training that fails": (
        small,
        {"sparsity": 0.5, "fit": lambda m, c: fit(m, c, optimizer=keras.optimizers.SGD(1e30))},
        "weights are not all numbers .* lower learning rate",
    ),
}


def endless():
    while True:
        yield X[:8], np.zeros((8, 4), np.float32)


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_pruned_is_refused_in_a_sentence(what):
    make, options, sentence = REFUSED[what]
    with pytest.raises(ConversionError, match=sentence):
        prune(make(), **options)


def test_a_copy_answers_as_the_model_does():
    """With the statistics of layers that were adapted to data, also in a model within the model."""
    adapted = L.Normalization()
    adapted.adapt(X * 3 + 2)
    inner = keras.Sequential([keras.Input((8, 8, 3)), adapted, L.Conv2D(4, 3)])
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, L.Dense(3)(L.Flatten()(inner(inputs))))
    np.testing.assert_allclose(cloning.clone(model).predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


@keras.saving.register_keras_serializable()
class Forgetful(L.Layer):
    """Keeps a number that its configuration does not tell."""

    factor = 1.0

    def call(self, x):
        return x * self.factor


def test_a_copy_that_would_answer_otherwise_is_refused():
    forgetful = Forgetful()
    forgetful.factor = 3.0
    with pytest.raises(ConversionError, match="model odd: Keras cannot copy it .the copy answers otherwise"):
        prune(keras.Sequential([keras.Input((4,)), L.Dense(3), forgetful], name="odd"), 0.5)
