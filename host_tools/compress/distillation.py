"""Distillation: a small model, the student, learns from the outputs of a large one, the teacher.

    from host_tools.compress.distillation import Distiller

    distiller = Distiller(student, teacher, temperature=4, alpha=0.1)
    distiller.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    distiller.fit(x, y, epochs=20)
    student.save("student.keras")  # the result; the teacher is as it was

The soft loss is Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015), the matching of features
Romero et al., "FitNets: Hints for Thin Deep Nets" (2015), in one stage. Any of Keras's backends trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

CLASSES, BINARY, VALUES = "classes", "binary", "values"
_KINDS = {"softmax": CLASSES, "log_softmax": CLASSES, "sigmoid": BINARY}
_TINY = 1e-7  # below it a probability counts as it, as in Keras: its logarithm is taken


class DistillationError(ValueError):
    """A teacher and a student that do not go together; the message says what differs and what to do."""


class Distiller(keras.Model):
    """Trains a student with a teacher's outputs, and with labels where there are any.

    The loss of a batch is

        alpha * hard + (1 - alpha) * soft + feature_weight * features + the student's regularization

    hard: the loss given to compile(), of labels and the student's outputs. soft: what the student's outputs are apart
    from the teacher's, soft_loss(). features: mean squared errors of layers' outputs, their mean over the pairs. Fitted
    without labels (fit(x)) it has no hard part, and soft counts fully.

    student, teacher: models with one output each, of the same shape (batch, ..., n), that take the same inputs. The
    teacher runs as in inference and is neither trained, changed nor saved. temperature: above 0; it softens what is
    compared. alpha: 0 to 1. features: names of layers, teacher's -> student's, whose outputs have the same shape up to
    the last axis, the width; where widths differ, a learned linear projection (a 1x1 convolution) takes the student's
    to the teacher's and is thrown away afterwards. kind: what outputs mean, "classes" (softmax), "binary" (each value a
    sigmoid) or "values" (regression); by default what the teacher's last activation says. Outputs of "classes" and
    "binary" may be probabilities or logits, also one of each. Raises DistillationError.
    """

    def __init__(
        self,
        student: keras.Model,
        teacher: keras.Model,
        temperature: float = 4.0,
        alpha: float = 0.1,
        features: dict[str, str] | None = None,
        feature_weight: float = 1.0,
        kind: str | None = None,
        **options: Any,
    ):
        super().__init__(**options)
        if not temperature > 0:
            raise DistillationError(f"the temperature must be above 0, received {temperature!r}")
        if not 0 <= alpha <= 1:
            raise DistillationError(f"alpha is the labels' part of the loss, from 0 to 1, received {alpha!r}")
        if not feature_weight >= 0:
            raise DistillationError(f"feature_weight must be 0 or more, received {feature_weight!r}")
        _check_ends(student, teacher)
        self.student = student
        self.temperature, self.alpha, self.feature_weight = float(temperature), float(alpha), float(feature_weight)
        self.kind = kind or _kind(teacher)
        if self.kind not in (CLASSES, BINARY, VALUES):
            raise DistillationError(f"kind must be {CLASSES!r}, {BINARY!r} or {VALUES!r}, received {kind!r}")
        pairs = list((features or {}).items())
        tapped = [(_layer_output(teacher, a, "teacher"), _layer_output(student, b, "student")) for a, b in pairs]
        self.projections = [_projection(*pair, *names) for pair, names in zip(tapped, pairs)]
        # In a plain object Keras does not look: the teacher's weights are not this model's, to train or to save, and
        # the student's are in it once.
        self._apart = SimpleNamespace(
            teacher=keras.Model(teacher.inputs, [teacher.outputs[0], *(a for a, _ in tapped)]),
            student=keras.Model(student.inputs, [student.outputs[0], *(b for _, b in tapped)]),
            features=[],
        )
        self._activations = (_activation(teacher), _activation(student))
        self.built = True

    def call(self, inputs, training=None):
        """The student's output."""
        output, *features = _as_list(self._apart.student(inputs, training=training))
        # compute_loss() follows within the same step, where these are still tensors of it.
        self._apart.features = features
        return output

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The loss of a batch, a scalar; the class tells its parts."""
        output, *taught = [ops.stop_gradient(z) for z in _as_list(self._apart.teacher(x, training=False))]
        features, self._apart.features = self._apart.features, []
        soft = _mean(self._soft(output, y_pred), sample_weight)
        # float32 also where the student computes in less
        regularization = sum((ops.cast(loss, "float32") for loss in self.losses), ops.zeros((), "float32"))
        if y is None:
            loss = soft + regularization
        else:
            loss = self.alpha * self._hard(x, y, y_pred, sample_weight) + (1 - self.alpha) * soft + regularization
        apart = [
            _mean(_squared_error(a, b if project is None else project(b)), sample_weight)
            for a, b, project in zip(taught, features, self.projections)
        ]
        return loss + self.feature_weight * sum(apart) / len(apart) if apart else loss

    def _hard(self, x, y, y_pred, sample_weight):
        """What compile() was told to minimise, without the regularization that Keras adds to it."""
        if not self.alpha:
            return 0.0
        if self.loss is None:
            raise DistillationError(
                "there are labels and no loss for them: name one in compile(), or fit(x) without labels"
            )
        loss = super().compute_loss(x, y, y_pred, sample_weight)
        return ops.cast(loss, "float32") - sum(ops.cast(loss, "float32") for loss in self.losses)

    def _soft(self, teacher, student):
        if self.kind == VALUES:
            return _squared_error(teacher, student)
        to_logits = {CLASSES: class_logits, BINARY: binary_logits}[self.kind]
        logits = [to_logits(z, activation in _KINDS) for z, activation in zip((teacher, student), self._activations)]
        return soft_loss(*logits, self.temperature, self.kind)

    def get_config(self):
        raise NotImplementedError("a Distiller is not saved: save its student, which is all that training makes")


def distill(
    teacher: keras.Model,
    student: keras.Model,
    x: np.ndarray,
    y: np.ndarray | None = None,
    *,
    loss: Any = None,
    optimizer: Any = "adam",
    epochs: int = 20,
    batch_size: int = 32,
    fit: dict[str, Any] | None = None,
    **options: Any,
) -> keras.Model:
    """Trains the student in place and returns it: a Distiller compiled and fitted, in one line.

    x: (n, *shape) samples; y: their labels, or None. loss: of the labels; by default by their kind: cross entropy of
    classes as numbers (n,) or one-hot (n, classes), binary cross entropy, or squared error. fit: further arguments of
    keras.Model.fit; options: those of Distiller. Raises DistillationError.
    """
    distiller = Distiller(student, teacher, **options)
    if y is not None and loss is None:
        loss = _hard_loss(distiller, np.asarray(y))
    distiller.compile(optimizer, loss)
    distiller.fit(x, y, epochs=epochs, batch_size=batch_size, **{"verbose": 0, **(fit or {})})
    return student


def soft_loss(teacher_logits, student_logits, temperature: float, kind: str = CLASSES):
    """T^2 times the Kullback-Leibler divergence KL(teacher || student) of outputs softened by T; (n,) from (n, ..., k).

    With T^2 the gradients keep their size whatever T is (Hinton et al. 2015, section 2). kind: "classes", a softmax
    over the last axis, or "binary", a sigmoid each, whose divergences are added. Over other axes it is the mean.
    """
    teacher, student = (ops.cast(z, "float32") / temperature for z in (teacher_logits, student_logits))
    if kind == CLASSES:
        p, q = ops.log_softmax(teacher, axis=-1), ops.log_softmax(student, axis=-1)
        divergence = ops.exp(p) * (p - q)
    else:
        divergence = 0
        for sign in (1.0, -1.0):  # yes, and no
            p, q = ops.log_sigmoid(sign * teacher), ops.log_sigmoid(sign * student)
            divergence = divergence + ops.exp(p) * (p - q)
    return temperature**2 * _of_samples(ops.sum(divergence, axis=-1))


def class_logits(outputs, are_probabilities: bool):
    """Logits of a softmax's outputs: their logarithms, which differ from the logits by what the softmax takes away."""
    return ops.log(ops.maximum(ops.cast(outputs, "float32"), _TINY)) if are_probabilities else outputs


def binary_logits(outputs, are_probabilities: bool):
    """Logits of a sigmoid's outputs."""
    if not are_probabilities:
        return outputs
    p = ops.clip(ops.cast(outputs, "float32"), _TINY, 1 - _TINY)
    return ops.log(p) - ops.log1p(-p)


def _squared_error(a, b):
    return _of_samples(ops.mean(ops.square(ops.cast(a, "float32") - ops.cast(b, "float32")), axis=-1))


def _of_samples(values):
    """(n, ...) to (n,): the mean over all axes but the first."""
    return ops.mean(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def _mean(values, sample_weight):
    """As Keras takes it: the sum of the weighted values over their count."""
    if sample_weight is None:
        return ops.mean(values)
    return ops.mean(values * ops.reshape(ops.cast(sample_weight, "float32"), (-1,)))


def _as_list(outputs) -> list:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _check_ends(student: keras.Model, teacher: keras.Model) -> None:
    for model, who in ((teacher, "teacher"), (student, "student")):
        if not getattr(model, "inputs", None):
            raise DistillationError(
                f"the {who} does not know its input shape yet: begin it with keras.Input(shape=...), or call it on data"
            )
        if len(model.outputs) != 1:
            raise DistillationError(f"the {who} has {len(model.outputs)} outputs: distillation takes models with one")
    for what, of in (("takes", "inputs"), ("gives", "outputs")):
        theirs, ours = ([_shape(tensor) for tensor in getattr(model, of)] for model in (teacher, student))
        if theirs != ours:
            raise DistillationError(
                f"the teacher {what} {_texts(theirs)}, the student {_texts(ours)}: their {of} must have the same shape"
            )


def _texts(shapes: Sequence[tuple]) -> str:
    return " and ".join(map(str, shapes))


def _shape(tensor) -> tuple:
    """Without the batch."""
    return tuple(tensor.shape)[1:]


def _last_layer(model: keras.Model):
    """The layer that makes the output, inside of models within models too."""
    layer = model.outputs[0]._keras_history.operation
    return _last_layer(layer) if isinstance(layer, keras.Model) and layer.outputs else layer


def _activation(model: keras.Model) -> str:
    """The name of the function that makes a model's output; "linear" where there is none."""
    layer = _last_layer(model)
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")


def _kind(teacher: keras.Model) -> str:
    activation = _activation(teacher)
    if activation not in _KINDS:
        raise DistillationError(
            f"the teacher ends with {activation} outputs, which may be logits or values: say kind={CLASSES!r} "
            f"(logits of a softmax), {BINARY!r} (of sigmoids) or {VALUES!r} (a regression)"
        )
    return _KINDS[activation]


def _layer_output(model: keras.Model, name: str, who: str):
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise DistillationError(f"the {who} has no layer {name!r}; its layers are {', '.join(names)}")
    output = model.get_layer(name).output
    if isinstance(output, (list, tuple, dict)):
        raise DistillationError(f"layer {name!r} of the {who} has {len(output)} outputs: choose one with a single output")
    return output


def _projection(theirs, ours, teacher_name: str, student_name: str):
    """A layer from the student's width to the teacher's; None where they are equal."""
    a, b = _shape(theirs), _shape(ours)
    if len(a) != len(b) or a[:-1] != b[:-1] or not a:
        raise DistillationError(
            f"layer {teacher_name!r} of the teacher gives {a}, {student_name!r} of the student {b}: only the last axis, "
            "the width, may differ"
        )
    if a[-1] == b[-1]:
        return None
    layer = keras.layers.Dense(a[-1], name=f"{student_name}_to_{teacher_name}")
    layer.build(ours.shape)
    return layer


def _hard_loss(distiller: Distiller, y: np.ndarray):
    activation = _activation(distiller.student)
    if distiller.kind == VALUES:
        return keras.losses.MeanSquaredError()
    logits = activation not in _KINDS
    if distiller.kind == BINARY:
        return keras.losses.BinaryCrossentropy(from_logits=logits)
    output = distiller.student.outputs[0].shape
    one_hot = y.ndim == len(output) and y.shape[-1] == output[-1] > 1
    kind = keras.losses.CategoricalCrossentropy if one_hot else keras.losses.SparseCategoricalCrossentropy
    return kind(from_logits=logits)
