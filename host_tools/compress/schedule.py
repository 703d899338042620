"""How sparsity grows while a model is trained, step by step; a step is one batch."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.errors import ConversionError

NAMES = ("polynomial", "constant")
_RAMP, _UPDATES = 2 / 3, 100  # the part of a training in which sparsity grows, the rest heals; new masks in it at most


@dataclass(frozen=True)
class Polynomial:
    """Sparsity grows from `initial`, fast at first and ever slower, in `updates` steps that lie `every` batches apart.

    s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3, where s_f is the final sparsity, t_0 = begin, dt = every and n =
    updates (Zhu and Gupta, 2017, "To prune, or not to prune: exploring the efficacy of pruning for model compression").
    """

    begin: int
    every: int
    updates: int
    initial: float = 0.0
    power: float = 3.0

    def __post_init__(self):
        if self.begin < 0 or self.every < 1 or self.updates < 1:
            raise ConversionError(
                "a schedule begins at a step of 0 or more and has 1 or more updates, 1 or more steps apart; received "
                f"begin={self.begin}, every={self.every}, updates={self.updates}"
            )
        if not 0 <= self.initial < 1:
            raise ConversionError(f"the initial sparsity must be at least 0 and below 1, received {self.initial}")

    def phase(self, step: int) -> int:
        """How many updates lie behind; -1 before the first. Masks are final from phase `last` on."""
        return max(-1, min((step - self.begin) // self.every, self.updates))

    @property
    def last(self) -> int:
        """The phase in which sparsity is the final one."""
        return self.updates

    def sparsity(self, step: int, final: float) -> float:
        """The part of the weights that is pruned after `step` batches; 0 before the schedule begins."""
        if step < self.begin:
            return 0.0
        left = 1 - min((step - self.begin) / (self.updates * self.every), 1)
        initial = min(self.initial, final)  # a layer that is pruned less than that starts with what it gets
        return final + (initial - final) * left**self.power


@dataclass(frozen=True)
class Constant:
    """All of the sparsity at once, from step `begin` on."""

    begin: int = 0
    last = 0

    def __post_init__(self):
        if self.begin < 0:
            raise ConversionError(f"a schedule begins at a step of 0 or more, received begin={self.begin}")

    def phase(self, step: int) -> int:
        """-1 before it begins, then 0."""
        return 0 if step >= self.begin else -1

    def sparsity(self, step: int, final: float) -> float:
        """The part of the weights that is pruned after `step` batches."""
        return final if step >= self.begin else 0.0


Schedule = Polynomial | Constant


def schedule(given: str | Schedule, steps: int | None) -> Schedule:
    """The schedule itself, or the one of that name for a training of `steps` batches (None: nobody knows how many).

    "polynomial" grows over the first two thirds. Raises ConversionError for another name, and where the length of the
    training would have to be known.
    """
    if not isinstance(given, str):
        return given
    if given not in NAMES:
        raise ConversionError(f"there is no schedule {given!r}: the schedules are {', '.join(NAMES)}")
    if given == "constant":
        return Constant()
    if steps is None:
        raise ConversionError(
            "the schedule must know how many batches an epoch has, and this data does not tell: give "
            "schedule=Polynomial(begin, every, updates), or steps_per_epoch to fit"
        )
    ramp = max(int(steps * _RAMP), 1)
    every = -(-ramp // _UPDATES)
    return Polynomial(0, every, max(ramp // every, 1))
