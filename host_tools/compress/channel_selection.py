"""How many channels each group of layers loses, and which: those with the least scores."""

from __future__ import annotations

import math

import numpy as np

from host_tools.compress.channel_graph import ChannelGraph, Group

ALLOCATIONS = ("uniform", "global", "macs")
Key = tuple[str, ...]  # the layers of a group, which name it in all rounds


def kept(channels: int, fraction: float, multiple: int, minimum: int) -> int:
    """How many of that many channels stay: what is nearest to all but the fraction, of the numbers that may be.

    Those are `channels` itself and the multiples of `multiple` below it, not less than `minimum`. Of two that are as
    near the larger.
    """
    wanted = channels * (1 - fraction)
    return min(_allowed(channels, multiple, minimum), key=lambda count: (abs(count - wanted), -count))


def _allowed(channels: int, multiple: int, minimum: int) -> list[int]:
    """Numbers of channels that may stay, from all downwards."""
    first = (channels - 1) // multiple * multiple
    return [channels, *range(first, max(minimum, 1) - 1, -multiple)]


def weakest(
    graph: ChannelGraph,
    groups: list[Group],
    scores: np.ndarray,
    before: dict[Key, int],
    fractions: dict[Key, float],
    multiple: int,
    minimum: int,
    allocation: str,
) -> np.ndarray:
    """Numbers of the channels to remove from the groups.

    before: how many channels each group had at first, of which the fraction is meant; earlier rounds may have taken
    some. With "global" and "macs" the fractions say how many channels of all groups together go.
    """
    if allocation != "uniform":
        scores = _compared(groups, scores, graph.macs() if allocation == "macs" else None)
    order = {group.layers: group.members[np.argsort(scores[group.members], kind="stable")] for group in groups}
    if allocation == "uniform":
        least = {
            group.layers: min(kept(before[group.layers], fractions[group.layers], multiple, minimum), group.channels)
            for group in groups
        }
    else:
        least = _shared_out(groups, order, scores, before, fractions, multiple, minimum)
    gone = [order[group.layers][: group.channels - least[group.layers]] for group in groups]
    return np.concatenate([np.zeros(0, np.int64), *gone])


def _compared(groups: list[Group], scores: np.ndarray, cost: np.ndarray | None) -> np.ndarray:
    """Scores that can be compared between layers: of each group with a sum of squares of 1 (Molchanov et al. 2017).

    Where a cost is given they are divided by its square root: by the cost itself, layers on large images lose all that
    they may before any other loses one channel.
    """
    made = np.zeros(len(scores))
    for group in groups:
        made[group.members] = scores[group.members] / (np.linalg.norm(scores[group.members]) or 1)
        if cost is not None:
            made[group.members] /= np.sqrt(np.maximum(cost[group.members], 1))
    return made


def _shared_out(groups, order, scores, before, fractions, multiple, minimum) -> dict[Key, int]:
    """How many channels of each group stay, where blocks of channels go from whichever group has the weakest.

    No group loses more than half of what "uniform" would leave it: a layer of few channels chokes all behind it.
    """
    counts = {group.layers: group.channels for group in groups}
    goal = sum(before[key] * (1 - fractions[key]) for key in counts)
    blocks = []
    for group in groups:
        least = math.ceil(before[group.layers] * (1 - fractions[group.layers]) / 2)
        steps = _allowed(group.channels, multiple, max(minimum, least))
        for larger, smaller in zip(steps, steps[1:]):
            members = order[group.layers][group.channels - larger : group.channels - smaller]
            blocks.append((float(scores[members].mean()), group.layers, smaller))
    left = sum(counts.values())
    for _, key, smaller in sorted(blocks, key=lambda block: (block[0], -block[2])):
        after = left - counts[key] + smaller
        if abs(after - goal) >= abs(left - goal):
            break
        counts[key], left = smaller, after
    return counts
