"""Structured pruning: filters of convolutions and neurons of dense layers are taken out of a Keras model.

What is left is a plain Keras model that is smaller everywhere: it trains, saves and converts as any other, and every
engine runs it faster.

    from host_tools.compress.filters import prune_filters
    small = prune_filters(model, 0.5, fit=lambda model: train(model, epochs=5))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from host_tools.compress import channel_importance
from host_tools.compress.channel_graph import ChannelGraph, Group
from host_tools.compress.channel_selection import ALLOCATIONS, kept, weakest
from host_tools.compress.keras_walk import is_nested, require_walkable
from host_tools.compress.rebuild import rebuild
from host_tools.errors import ConversionError

CRITERIA = ("magnitude", "taylor")


def prune_filters(
    model: Any,
    fraction: float | Mapping[str, float],
    data: Any = None,
    criterion: str = "magnitude",
    multiple: int = 4,
    spare: Collection[str] = (),
    layers: Collection[str] | None = None,
    fit: Callable[[Any], Any] | None = None,
    *,
    rounds: int = 1,
    minimum: int = 4,
    allocation: str = "uniform",
) -> Any:
    """A new Keras model with fewer filters and neurons, whose weights are slices of the old ones.

    model: a built Functional or Sequential model of Keras 3; it is not changed. Models within it become layers of the
    new one. fraction: how many of the channels that can go (see removable(); tied ones count once), from 0 to below 1;
    or {layer: fraction}, and other layers are left alone. criterion: which channels go first: those with the smallest
    weights ("magnitude"), or those that the loss or, without targets, the outputs need least ("taylor"). data: for
    "taylor", inputs or a tuple (inputs, targets), as in channel_importance.taylor.

    multiple, minimum: a layer keeps the number of channels nearest to what the fraction says that is a multiple of
    `multiple`, as the engine works on blocks of four, and at least `minimum`; or all, where that is nearer. allocation:
    "uniform" takes the same fraction of every layer, "global" the channels that matter least in the whole model, "macs"
    those that matter least for the multiply-accumulates they cost; of each layer at least half as many stay as with
    "uniform".

    spare: names of layers, of any kind, whose output keeps all its channels. layers: names of the only ones to prune,
    by default all; layers whose channels are tied to theirs are pruned with them. fit: trains the smaller model in
    place, after each of `rounds` rounds, which take the same part of what is left each time. The new model is not
    compiled, unless fit does that.

    Raises ConversionError, with what to do, where the model cannot be followed, a layer that was named cannot be
    pruned, the data do not fit or an option makes no sense.
    """
    _check_options(fraction, criterion, multiple, minimum, rounds, allocation)
    original, model, graph = model, *_analysed(model)
    groups = _chosen(graph, fraction, spare, layers)
    wanted = {group.layers: _fraction_of(group, fraction) for group, chosen in groups if chosen}
    before = {group.layers: group.channels for group, _ in groups}
    for number in range(1, rounds + 1):
        if number > 1:
            _check_finite(model)  # after the training
            graph = ChannelGraph(model)
        now = [group for group in graph.groups() if group.layers in wanted]
        scores = _scores(graph, model, data, criterion, original)
        after = {key: 1 - (1 - part) ** (number / rounds) for key, part in wanted.items()}
        members = weakest(graph, now, scores, before, after, multiple, minimum, allocation)
        model = rebuild(model, graph, _marked(graph, members))
        if fit is not None:
            fit(model)
    return model


def removable(model: Any) -> list[Group]:
    """Groups of channels that prune_filters() can take out: their layers, number and multiply-accumulates.

    Raises ConversionError where the model cannot be followed or has no such group.
    """
    return _analysed(model)[1].groups()


def unprunable(model: Any) -> dict[str, str]:
    """Why each other convolution or dense layer keeps its channels: {name of the layer: reason}."""
    _, graph = _analysed(model)
    reasons = {call.layer.name: graph.reason(call.layer.name) for call in graph.producers()}
    return {name: reason for name, reason in reasons.items() if reason}


def _check_options(fraction, criterion, multiple, minimum, rounds, allocation) -> None:
    named = fraction.items() if isinstance(fraction, Mapping) else [("", fraction)]
    for name, number in named:
        if isinstance(number, bool) or not isinstance(number, (int, float, np.number)) or not 0 <= number < 1:
            where = f" for layer {name}" if name else ""
            raise ConversionError(f"the fraction of filters to remove{where} is from 0 to below 1, received {number!r}")
    if criterion not in CRITERIA:
        raise ConversionError(f"there is no criterion {criterion!r}: the criteria are {', '.join(CRITERIA)}")
    if allocation not in ALLOCATIONS:
        raise ConversionError(f"there is no allocation {allocation!r}: the allocations are {', '.join(ALLOCATIONS)}")
    for name, number in (("multiple", multiple), ("minimum", minimum), ("rounds", rounds)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
            raise ConversionError(f"{name} is a whole number of 1 or more, received {number!r}")


def _analysed(model: Any) -> tuple[Any, ChannelGraph]:
    """The model, as one without models in it, and its channels; raises ConversionError where nothing can be pruned."""
    require_walkable(model)
    if is_nested(model):
        model = rebuild(model)
    _check_finite(model)
    graph = ChannelGraph(model)
    if not graph.groups():
        reasons = {call.layer.name: graph.reason(call.layer.name) for call in graph.producers()}
        why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise ConversionError(
            f"model {model.name} has no layer that can be pruned: " + (why or "it has no convolution or dense layer")
        )
    return model, graph


def _check_finite(model: Any) -> None:
    for layer in model.layers:
        if not all(np.isfinite(np.asarray(weight, np.float32)).all() for weight in layer.get_weights()):
            raise ConversionError(
                f"layer {layer.name} has weights that are no finite numbers (NaN or infinite): lower the learning rate "
                "and train again"
            )


def _chosen(graph: ChannelGraph, fraction, spare, layers) -> list[tuple[Group, bool]]:
    """All groups, and whether they are to be pruned."""
    for names in (spare, layers):
        if isinstance(names, str):
            raise ConversionError(f"names of layers come as a list, received the text {names!r}")
    if isinstance(fraction, Mapping):
        layers = [name for name in fraction if layers is None or name in layers]
    groups = graph.groups()
    known = [name for group in groups for name in group.layers]
    for name in [*(layers or ()), *(fraction if isinstance(fraction, Mapping) else ())]:
        reason = graph.reason(name)
        if reason:
            raise ConversionError(f"layer {name} cannot be pruned: {reason}; layers that can: {', '.join(known)}")
    names = {layer.name for layer in graph.calls}
    for name in spare:
        if name not in names:
            raise ConversionError(f"the layer to spare, {name}, is not in the model; its layers: {', '.join(names)}")
    spared = {number for name in spare for number in graph.output_numbers(name)}
    return [
        (group, not spared & set(group.members.tolist()) and (layers is None or bool(set(group.layers) & set(layers))))
        for group in groups
    ]


def _fraction_of(group: Group, fraction) -> float:
    if not isinstance(fraction, Mapping):
        return float(fraction)
    found = {name: float(fraction[name]) for name in group.layers if name in fraction}
    if len(set(found.values())) > 1:
        given = ", ".join(f"{name} {part}" for name, part in found.items())
        raise ConversionError(f"these layers share their channels and need the same fraction: {given}")
    return next(iter(found.values()))


def _scores(graph: ChannelGraph, model: Any, data: Any, criterion: str, original: Any) -> np.ndarray:
    if criterion == "taylor":
        compiled = model if getattr(model, "loss", None) else original
        return channel_importance.taylor(graph, model, data, compiled)
    return channel_importance.magnitude(graph)


def _marked(graph: ChannelGraph, members: np.ndarray) -> np.ndarray:
    removed = np.zeros(graph.size, bool)
    removed[members] = True
    return removed
