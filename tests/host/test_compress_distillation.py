"""Distillation: the loss against numbers that NumPy makes, a teacher that stays as it is, a student that learns."""

import keras_models  # noqa: F401  Keras without TensorFlow's greetings
import keras
import numpy as np
import pytest

from host_tools.compress.distillation import (
    DistillationError,
    Distiller,
    binary_logits,
    class_logits,
    distill,
    soft_loss,
)

L = keras.layers


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def numpy_soft_loss(teacher, student, temperature):
    """Hinton et al. written down: T^2 KL(softmax(z_t / T) || softmax(z_s / T)), in doubles."""
    p, q = softmax(np.float64(teacher) / temperature), softmax(np.float64(student) / temperature)
    return temperature**2 * (p * np.log(p / q)).sum(axis=-1)


def model(*layers, shape=(6,), name="model"):
    return keras.Sequential([keras.Input(shape), *layers], name=name)


def classifier(width, activation="softmax", name="student"):
    return model(
        L.Dense(width, activation="relu", name="hidden"), L.Dense(4, activation=activation, name="classes"), name=name
    )


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(3)


@pytest.fixture
def chance():
    return np.random.default_rng(5)


@pytest.fixture
def teacher():
    """Random, and sure of what it says: its classes are a problem that can be learned."""
    made = classifier(24, name="teacher")
    made.set_weights([np.random.default_rng(1).normal(0, 0.8, w.shape) for w in made.get_weights()])
    return made


@pytest.mark.parametrize("temperature", [1, 2.5, 20])
def test_soft_loss_of_logits_and_of_probabilities(temperature, chance):
    a, b = chance.normal(0, 3, (2, 50, 7))
    expected = numpy_soft_loss(a, b, temperature)
    np.testing.assert_allclose(soft_loss(a, b, temperature), expected, rtol=1e-4, atol=1e-5)
    taken_back = [class_logits(softmax(z), True) for z in (a, b)]
    np.testing.assert_allclose(soft_loss(*taken_back, temperature), expected, rtol=1e-3, atol=1e-4)


def test_soft_loss_of_two_classes_by_hand():
    """z_t = 2 ln 3, z_s = 0, T = 2: the halves are 3/4 and 1/4 against 1/2 and 1/2."""
    expected = 4 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert float(soft_loss([[2 * np.log(3), 0]], [[0, 0]], 2)[0]) == pytest.approx(expected, rel=1e-6)
    # The same two classes as one sigmoid of their difference.
    assert float(soft_loss([[2 * np.log(3)]], [[0]], 2, "binary")[0]) == pytest.approx(expected, rel=1e-6)
    assert float(binary_logits(np.array([0.9]), True)[0]) == pytest.approx(np.log(9), rel=1e-5)


def test_sure_probabilities_stay_finite():
    sure = np.array([[1.0, 0.0, 0.0]], np.float32)
    losses = soft_loss(class_logits(sure, True), class_logits(sure[:, ::-1], True), 1)
    assert np.isfinite(losses).all() and float(losses[0]) > 10


def test_a_step_has_the_loss_that_its_parts_make(teacher, chance):
    student, x, y = classifier(3), chance.normal(size=(20, 6)), chance.integers(0, 4, 20)
    distiller = Distiller(student, teacher, temperature=3, alpha=0.3)
    distiller.compile("sgd", "sparse_categorical_crossentropy")
    told = distiller.evaluate(x, y, batch_size=20, verbose=0)
    p, q = np.float64(teacher.predict(x, verbose=0)), np.float64(student.predict(x, verbose=0))
    soft = numpy_soft_loss(np.log(np.maximum(p, 1e-7)), np.log(q), 3).mean()
    hard = -np.log(q[np.arange(20), y]).mean()
    assert told == pytest.approx(0.3 * hard + 0.7 * soft, rel=1e-4)
    weights = np.arange(20) / 10
    weighted = distiller.evaluate(x, y, sample_weight=weights, batch_size=20, verbose=0)
    soft = (weights * numpy_soft_loss(np.log(np.maximum(p, 1e-7)), np.log(q), 3)).mean()
    hard = -(weights * np.log(q[np.arange(20), y])).mean()
    assert weighted == pytest.approx(0.3 * hard + 0.7 * soft, rel=1e-4)


def test_regularization_counts_fully(teacher):
    plain = model(L.Dense(4, activation="softmax"))
    punished = model(L.Dense(4, activation="softmax", kernel_regularizer=keras.regularizers.L2(0.5)))
    punished.set_weights(plain.get_weights())
    penalty = 0.5 * np.square(plain.get_weights()[0]).sum()
    for labels in (np.zeros(8, int), None):
        losses = []
        for student in (punished, plain):
            distiller = Distiller(student, teacher, alpha=0.4)
            distiller.compile("sgd", "sparse_categorical_crossentropy")
            losses.append(distiller.evaluate(np.ones((8, 6)), labels, batch_size=8, verbose=0))
        assert losses[0] - losses[1] == pytest.approx(penalty, rel=1e-4)


def test_the_student_learns_and_the_teacher_stays(teacher, chance):
    """Without one label, the student says in 17 of 20 unseen samples what the teacher says; untrained in fewer than 8."""
    x, unseen = chance.normal(size=(1000, 6)), chance.normal(size=(500, 6))
    before = [weights.copy() for weights in teacher.get_weights()]

    def agree(student):
        return (student.predict(unseen, verbose=0).argmax(1) == teacher.predict(unseen, verbose=0).argmax(1)).mean()

    student = classifier(16)
    assert agree(student) < 0.4
    assert distill(teacher, student, x, optimizer=keras.optimizers.Adam(0.03), epochs=10) is student
    assert agree(student) > 0.85
    assert teacher.trainable and all(np.array_equal(a, b) for a, b in zip(before, teacher.get_weights()))


def test_a_teachers_normalization_and_dropout_act_as_in_inference(chance):
    teacher = model(L.BatchNormalization(name="norm"), L.Dropout(0.9), L.Dense(3, activation="softmax"))
    moving = [weights.copy() for weights in teacher.get_weights()]
    x = chance.normal(4, 2, size=(64, 6))
    student = model(L.Dense(3, activation="softmax"))
    distiller = Distiller(student, teacher, temperature=1)
    distiller.compile("sgd")
    p, q = (np.log(np.maximum(np.float64(m.predict(x, verbose=0)), 1e-7)) for m in (teacher, student))
    (loss,) = distiller.fit(x, batch_size=64, verbose=0).history["loss"]
    assert loss == pytest.approx(numpy_soft_loss(p, q, 1).mean(), rel=1e-4)
    assert all(np.array_equal(a, b) for a, b in zip(moving, teacher.get_weights()))


def test_labels_and_metrics_as_with_any_model(teacher, chance):
    student = classifier(8)
    x = chance.normal(size=(400, 6))
    y = teacher.predict(x, verbose=0).argmax(1)
    distiller = Distiller(student, teacher, temperature=2, alpha=0.5)
    distiller.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = distiller.fit(x, y, epochs=8, validation_split=0.2, verbose=0).history
    assert history["accuracy"][-1] > 0.8 and history["val_accuracy"][-1] > 0.75
    assert {id(v) for v in distiller.trainable_variables} == {id(v) for v in student.trainable_variables}
    np.testing.assert_array_equal(distiller.predict(x[:5], verbose=0), student.predict(x[:5], verbose=0))


@pytest.mark.parametrize("student_ends, teacher_ends", [("linear", "softmax"), ("softmax", "linear")])
def test_logits_and_probabilities_may_meet(teacher, student_ends, teacher_ends, chance):
    """The loss is the same whichever form either model has."""
    x, students = chance.normal(size=(16, 6)), [classifier(5), classifier(5, student_ends)]
    students[1].set_weights(students[0].get_weights())
    other = classifier(24, teacher_ends, name="other")
    other.set_weights([w / 4 for w in teacher.get_weights()])
    teacher.set_weights(other.get_weights())
    losses = []
    for student, its_teacher in zip(students, (teacher, other)):
        distiller = Distiller(student, its_teacher, kind="classes")
        distiller.compile("sgd")
        losses.append(distiller.evaluate(x, batch_size=16, verbose=0))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3) and losses[0] > 0.01


def test_sigmoids_and_regressions(chance):
    x = chance.normal(size=(300, 6))
    binary = model(L.Dense(1, activation="sigmoid"))
    binary.set_weights([chance.normal(0, 2, (6, 1)), np.zeros(1)])
    student = distill(binary, model(L.Dense(1, activation="sigmoid")), x, optimizer=keras.optimizers.Adam(0.2), epochs=6)
    assert np.abs(student.predict(x, verbose=0) - binary.predict(x, verbose=0)).mean() < 0.05
    values = model(L.Dense(2))
    student = model(L.Dense(2))
    distill(values, student, x, kind="values", optimizer=keras.optimizers.Adam(0.2), epochs=10)
    np.testing.assert_allclose(student.get_weights()[0], values.get_weights()[0], atol=0.02)


def test_features_are_matched_through_a_projection_that_is_left_behind(teacher, chance):
    x, student = chance.normal(size=(400, 6)), classifier(8)
    distiller = Distiller(student, teacher, features={"hidden": "hidden"}, feature_weight=1, temperature=1)
    distiller.compile(keras.optimizers.Adam(0.03))
    (projection,) = distiller.projections
    assert projection.kernel.shape == (8, 24)
    first = distiller.evaluate(x[:100], batch_size=100, verbose=0)
    inner = [keras.Model(m.inputs, m.get_layer("hidden").output).predict(x[:100], verbose=0) for m in (student, teacher)]
    squares = np.square(inner[1] - inner[0] @ projection.kernel.numpy()).mean()
    p, q = (np.log(np.maximum(np.float64(m.predict(x[:100], verbose=0)), 1e-7)) for m in (teacher, student))
    assert first == pytest.approx(squares + numpy_soft_loss(p, q, 1).mean(), rel=1e-3)
    assert distiller.fit(x, epochs=10, verbose=0).history["loss"][-1] < first / 4
    assert len(student.weights) == 4 and id(projection.kernel) not in map(id, student.weights)


def test_features_of_images_and_of_equal_width(chance):
    small = model(L.Conv2D(3, 3, padding="same", name="a"), L.GlobalAveragePooling2D(), L.Dense(2), shape=(6, 6, 1))
    large = model(L.Conv2D(8, 3, padding="same", name="b"), L.Conv2D(3, 1, name="c"), L.GlobalAveragePooling2D(),
                  L.Dense(2), shape=(6, 6, 1))  # fmt: skip
    distiller = Distiller(small, large, kind="values", features={"b": "a"})
    assert distiller.projections[0].kernel.shape == (3, 8)
    same = Distiller(small, large, kind="values", features={"c": "a"})
    assert same.projections == [None]
    for one in (distiller, same):
        one.compile("adam")
        losses = one.fit(chance.normal(size=(32, 6, 6, 1)), epochs=3, verbose=0).history["loss"]
        assert losses[-1] < losses[0]


def test_the_student_is_saved_alone(teacher, tmp_path, chance):
    x, student = chance.normal(size=(64, 6)), classifier(8)
    distiller = Distiller(student, teacher, features={"hidden": "hidden"})
    distiller.compile("adam")
    distiller.fit(x, epochs=1, verbose=0)
    student.save(tmp_path / "student.keras")
    loaded = keras.models.load_model(tmp_path / "student.keras")
    assert [w.shape for w in loaded.get_weights()] == [(6, 8), (8,), (8, 4), (4,)]
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), student.predict(x, verbose=0))
    with pytest.raises(NotImplementedError, match="save its student"):
        distiller.get_config()


WRONG = {
    "other outputs": (dict(student=model(L.Dense(3, activation="softmax"))), r"teacher gives \(4,\), the student \(3,\)"),
    "other inputs": (dict(student=model(L.Dense(4), shape=(5,))), r"teacher takes \(6,\), the student \(5,\)"),
    "no shape": (dict(student=keras.Sequential([L.Dense(4)])), "the student does not know its input shape"),
    "no such layer": (dict(features={"hiden": "hidden"}), "teacher has no layer 'hiden'; its layers are hidden, classes"),
    "nor there": (dict(features={"hidden": "last"}), "student has no layer 'last'; its layers are hidden, classes"),
    "temperature": (dict(temperature=0), "temperature must be above 0, received 0"),
    "alpha": (dict(alpha=1.5), "alpha is the labels' part of the loss, from 0 to 1, received 1.5"),
    "kind": (dict(kind="logits"), "kind must be 'classes', 'binary' or 'values', received 'logits'"),
    "linear teacher": (dict(teacher=model(L.Dense(4))), "linear outputs, which may be logits or values: say kind"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_one_sentence(what, teacher):
    options, sentence = WRONG[what]
    with pytest.raises(DistillationError, match=sentence):
        Distiller(**{"student": classifier(3), "teacher": teacher, **options})


def test_features_of_other_sizes_are_refused():
    small, large = (
        model(L.Conv2D(n, 3, strides=s, name="conv"), L.GlobalAveragePooling2D(), L.Dense(2), shape=(8, 8, 1))
        for n, s in ((2, 2), (4, 1))
    )
    with pytest.raises(DistillationError, match=r"teacher gives \(6, 6, 4\), 'conv' of the student \(3, 3, 2\): only the"):
        Distiller(small, large, kind="values", features={"conv": "conv"})


def test_labels_without_a_loss_are_a_sentence(teacher):
    distiller = Distiller(classifier(3), teacher)
    distiller.compile("adam")
    with pytest.raises(DistillationError, match="labels and no loss for them"):
        distiller.fit(np.zeros((4, 6)), np.zeros(4), verbose=0)
