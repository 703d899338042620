"""Pruning while a Keras model is trained: a callback for any fit, and a function that does it on a copy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from host_tools.compress import cloning
from host_tools.compress.plan import Masks, Plan
from host_tools.compress.schedule import Schedule, schedule
from host_tools.errors import ConversionError


def Pruning(  # noqa: N802: to the user it is a callback like Keras's own
    sparsity: float | None = None,
    pattern: str = "unstructured",
    schedule: str | Schedule = "polynomial",
    layers: Mapping[str, float] | None = None,
    spare: Iterable[str] = (),
    scope: str = "layer",
) -> Any:
    """A Keras callback that prunes the model it is trained with: model.fit(..., callbacks=[..., Pruning(0.75)]).

    After each batch the pruned weights are set to zero again, whatever the optimizer's momentum made of them; by the
    schedule the masks are chosen anew, for a higher sparsity, until they are final. Training may end before that: the
    weights that are still due go then. Give it last, behind callbacks that restore weights.

    sparsity: the part of the weights, in [0, 1), that is zero at the end, to within half a unit of the pattern (a
    weight), of blocks one and a half: of each four outputs' an even number stays, or one, for the file holds twos of them.
    It is of each layer, or with scope="global" of all layers together. None with layers, or N:M.
    pattern: "unstructured"; "block4x2", blocks of 4 outputs x 2 k that the engine leaves out; "2:4" or another N:M, N
    of M successive k stay. schedule: "polynomial" over the first two thirds of the fit, "constant", or one of
    schedule.py. layers: {name: sparsity} for these layers; with no sparsity beside it they are the only ones. spare:
    names of layers that stay as they are. Depthwise layers are pruned only where `layers` names them.

    Raises ConversionError, when it is made or when fit begins, for what cannot be done.
    """
    import keras

    return _callback(keras, Plan(sparsity, pattern, layers, spare, scope), schedule)


def prune(
    model: Any,
    sparsity: float | None = None,
    pattern: str = "unstructured",
    fit: Callable[[Any, list], Any] | None = None,
    *,
    schedule: str | Schedule = "polynomial",
    layers: Mapping[str, float] | None = None,
    spare: Iterable[str] = (),
    scope: str = "layer",
) -> Any:
    """A pruned copy of a built Keras model, with exact zeros; the model itself stays as it is.

    fit: a function of (copy, callbacks) that trains the copy, as
    `lambda model, callbacks: model.fit(x, y, epochs=10, callbacks=callbacks)`; the copy is compiled like the model,
    where Keras can tell how, or compile it there. Without fit the weights go at once and nothing makes up for them. The
    other arguments are those of Pruning(). Raises ConversionError for what cannot be done, and where the training
    made weights that are no numbers.
    """
    plan = Plan(sparsity, pattern, layers, spare, scope)
    plan.targets(model)  # before the long work
    pruned = cloning.clone(model)
    if fit is None:
        masks = Masks(pruned, plan)
        masks.update()
    else:
        callback = _callback(cloning.keras_of(model), plan, schedule)
        fit(pruned, [callback])
        masks = callback.masks
        if masks is None or masks.model is not pruned:
            raise ConversionError(
                "fit did not train with the callbacks it was given: pass them to model.fit(..., callbacks=callbacks)"
            )
    masks.apply()  # once more: another callback may have restored weights
    masks.require_numbers()
    return pruned


class _Hooks:
    """What the callback does; its class also derives from the Callback of the model's Keras."""

    def __init__(self, plan: Plan, given: str | Schedule):
        super().__init__()
        self.plan = plan
        self.given = given
        self.schedule: Schedule | None = None
        self.masks: Masks | None = None
        self._phase = -1
        self._step = 0  # batches so far
        self._batch = -1  # the last one's number in its epoch

    def on_train_begin(self, logs=None):
        if self.masks is None or self.masks.model is not self.model:
            steps, epochs = self.params.get("steps"), self.params.get("epochs")
            self.schedule = schedule(self.given, steps * epochs if steps and epochs else None)
            self.masks, self._phase, self._step = Masks(self.model, self.plan), -1, 0
        self._follow()

    def on_epoch_begin(self, epoch, logs=None):
        self._batch = -1

    def on_train_batch_end(self, batch, logs=None):
        self._step += batch - self._batch  # more than one with steps_per_execution
        self._batch = batch
        self._follow()

    def on_train_end(self, logs=None):
        if self._phase < self.schedule.last:
            self._phase = self.schedule.last
            self.masks.update()
        self.masks.apply()

    def _follow(self) -> None:
        self.model  # noqa: B018: where JAX trains, this brings the weights into the model
        phase = self.schedule.phase(self._step)
        if phase > self._phase:
            self._phase = phase
            self.masks.update(lambda final: self.schedule.sparsity(self._step, final))
        self.masks.apply()


@functools.cache
def _callback_class(keras: ModuleType) -> type:
    return type("Pruning", (_Hooks, keras.callbacks.Callback), {})


def _callback(keras: ModuleType, plan: Plan, given: str | Schedule) -> _Hooks:
    if isinstance(given, str):
        schedule(given, 1)  # the name is known
    return _callback_class(keras)(plan, given)
