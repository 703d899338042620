"""A model of a window over time becomes one that takes only what is new and remembers the rest.

The graph is the quantized one of the whole window: `count` rows of input along its time axis. Here each tensor that still runs in time
is replaced by the rows that a run adds, the last `new` of the whole one's; weights, scales and arithmetic stay. Where an op
reads further back, a `window` op keeps the rows: a convolution over time keeps its reach, a mean over time all of them. What
comes behind such a mean (or a flatten) has no time any more and is computed in every run.

So the outputs of a run are, to the bit, those of the whole window that ends with it: of the window's last rows where they run in time. One
thing differs. A convolution padded in front (causal) finds zeros before the window in the whole model, and what really was there in a
stream; right after a reset that is zeros too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from host_tools import families
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.ops import UNARY

WHOLE = "it needs the whole window at once"


@dataclass(eq=False)
class Frames:
    """A tensor that runs in time: `tensor` holds the last `new` of the whole one's `count` rows along `axis`. Axes in front are 1."""

    tensor: Tensor
    axis: int
    count: int
    new: int


@dataclass(frozen=True)
class Streamed:
    """graph: takes `hop` frames a run. window: frames that an answer of the whole model is made from."""

    graph: Graph
    hop: int
    window: int


def stream(graph: Graph, hop: int | None = None) -> Streamed:
    """The streaming graph of a quantized one. hop: frames it takes a run, by default the least, its strides over time.

    Raises ConversionError, with what to do, where an op looks ahead in time or cannot be done frame by frame.
    """
    if len(graph.inputs) != 1:
        raise ConversionError(f"streaming takes a model with one input, this has {len(graph.inputs)}")
    shape = graph.inputs[0].shape
    axis = next((i for i, n in enumerate(shape) if n > 1), None)
    if axis is None or graph.states:
        raise ConversionError(
            "the model remembers already, convert it without streaming"
            if graph.states
            else f"streaming takes an input of several frames, time first, received shape {shape}"
        )
    made, frames = None, 1 if hop is None else hop
    while made is None:
        if not 0 < frames < shape[axis]:
            raise ConversionError(f"a hop of {frames} frames does not lie in the window of {shape[axis]}, stream with a lower one")
        try:
            made = _Rewrite(graph, axis, frames).graph
        except _Uneven as uneven:
            if hop is not None:
                raise ConversionError(f"a hop of {hop} frames does not fit: {uneven}") from None
            frames *= uneven.factor
    return Streamed(made, frames, shape[axis])


class _Uneven(Exception):
    """A run does not bring an op as many rows as its stride takes; `factor` times as many frames will."""

    def __init__(self, op: Op, rows: int, stride: int):
        super().__init__(f"it brings {op.kind} {op.name!r} {rows} rows, and its stride over time is {stride}")
        self.factor = stride // math.gcd(rows, stride)


class _Rewrite:
    """The streaming graph op by op; `found`: what became of each tensor of the whole graph, Frames or a Tensor without time."""

    def __init__(self, whole: Graph, axis: int, hop: int):
        self.ops: list[Op] = []
        self.windows: dict[tuple[Tensor, int], Tensor] = {}
        self.found: dict[Tensor, Frames | Tensor] = {}
        (x,) = whole.inputs
        self.frames(x, axis, x.shape[axis], hop)
        for op in whole.ops:
            self._op(op)
        outputs = [self._tensor(tensor) for tensor in whole.outputs]
        self.graph = Graph([self._tensor(x)], outputs, self.ops, dict(whole.metadata))

    def _tensor(self, tensor: Tensor) -> Tensor:
        found = self.found[tensor]
        return found.tensor if isinstance(found, Frames) else found

    def _op(self, op: Op) -> None:
        inputs = [self.found.get(x, x) for x in op.inputs]
        running = [x for x in inputs if isinstance(x, Frames)]
        if running:
            rule = _RULES.get(op.kind)
            if rule is None:
                self.refuse(op, WHOLE)
            rule(self, op, inputs)
        else:
            self.append(op, inputs, op.output.shape)

    def refuse(self, op: Op, why: str) -> None:
        """Raises ConversionError."""
        raise ConversionError(f"{op.kind} {op.name!r} cannot be streamed: {why}")

    def frames(self, whole: Tensor, axis: int, count: int, new: int) -> Tensor:
        """The rows that a run adds of a tensor that runs in time."""
        shape = (*whole.shape[:axis], new, *whole.shape[axis + 1 :])
        made = Tensor(whole.name, shape, whole.dtype, whole.scale, whole.zero_point)
        self.found[whole] = Frames(made, axis, count, new)
        return made

    def append(self, op: Op, inputs: list, shape, **attrs) -> None:
        """The op on other tensors, its output without time."""
        y = op.output
        made = Tensor(y.name, tuple(shape), y.dtype, y.scale, y.zero_point)
        self.found[y] = made
        self.ops.append(Op(op.kind, inputs, [made], op.attrs | attrs, op.name))

    def append_frames(self, op: Op, inputs: list, axis: int, count: int, new: int, **attrs) -> None:
        """The op on other tensors, its output running in time."""
        made = self.frames(op.output, axis, count, new)
        self.ops.append(Op(op.kind, inputs, [made], op.attrs | attrs, op.name))

    def last(self, x: Frames, rows: int) -> Tensor:
        """The last `rows` rows of a tensor, however many a run adds."""
        if rows == x.new:
            return x.tensor
        if (x.tensor, rows) not in self.windows:
            source = x.tensor
            shape = (*source.shape[: x.axis], rows, *source.shape[x.axis + 1 :])
            made = Tensor(f"{source.name}/last{rows}", shape, source.dtype, source.scale, source.zero_point)
            self.windows[x.tensor, rows] = made
            if rows > x.new:
                self.ops.append(Op("window", [source], [made], {}, made.name))
            else:
                self._cut(source, made, x.axis, x.new - rows)
        return self.windows[x.tensor, rows]

    def _cut(self, source: Tensor, made: Tensor, axis: int, first: int) -> None:
        begin = tuple(first if i == axis else 0 for i in range(len(made.shape)))
        end = tuple(b + n for b, n in zip(begin, made.shape))
        attrs = {"begin": begin, "end": end, "strides": (1,) * len(begin)}
        self.ops.append(Op("strided_slice", [source], [made], attrs, made.name))


def _whole(s: _Rewrite, op: Op, inputs: list) -> None:
    """The op on all rows, in each run; they are kept."""
    s.append(op, [s.last(x, x.count) if isinstance(x, Frames) else x for x in inputs], op.output.shape)


def _each(s: _Rewrite, op: Op, inputs: list) -> None:
    """A function of one value, or of a row's values."""
    x = inputs[0]
    s.append_frames(op, [x.tensor, *inputs[1:]], x.axis, x.count, x.new)


def _softmax(s: _Rewrite, op: Op, inputs: list) -> None:
    x = inputs[0]
    (_whole if x.axis == len(x.tensor.shape) - 1 else _each)(s, op, inputs)


def _binary(s: _Rewrite, op: Op, inputs: list) -> None:
    """Two tensors that run alike, or one and a constant that is the same for all rows."""
    y, running = op.output, [x for x in inputs if isinstance(x, Frames)]
    behind = {len(x.tensor.shape) - x.axis for x in running}  # axes are matched from the last
    others = [x for x in inputs if not isinstance(x, Frames)]
    (last,) = behind if len(behind) == 1 else (0,)
    constant = all(x.data is not None and (len(x.shape) < last or x.shape[-last] == 1) for x in others)
    if not last or not constant or len({(x.count, x.new) for x in running}) > 1:
        s.refuse(op, "its inputs do not run in time alike")
    x = running[0]
    s.append_frames(op, [i.tensor if isinstance(i, Frames) else i for i in inputs], len(y.shape) - last, x.count, x.new)


def _concat(s: _Rewrite, op: Op, inputs: list) -> None:
    alike = all(isinstance(x, Frames) for x in inputs) and len({(x.axis, x.count, x.new) for x in inputs}) == 1
    if not alike or op.attrs["axis"] == inputs[0].axis:
        s.refuse(op, "its inputs do not run in time alike, or are joined in time")
    x = inputs[0]
    s.append_frames(op, [x.tensor for x in inputs], x.axis, x.count, x.new)


def _window(s: _Rewrite, op: Op, inputs: list) -> None:
    """A convolution or a pool."""
    x, shape = inputs[0], inputs[0].tensor.shape
    side = x.axis + 3 - len(shape)  # 0: height, 1: width
    if side not in (0, 1) or len(shape) not in (2, 3):
        s.refuse(op, WHOLE)
    stride, reach = op.attrs["stride"][side], _reach(op, side)
    before, after = op.attrs["padding"][2 * side : 2 * side + 2]
    if after > 0:
        s.refuse(op, f"it looks {after} rows ahead in time; pad in front (padding 'causal') or not at all (padding 'valid')")
    if before > 0 and op.kind not in ("conv2d", "depthwise_conv2d"):
        s.refuse(op, "a pool with padding in time leaves out what is not there; use padding 'valid'")
    count = op.output.shape[x.axis]
    unread = x.count + before - reach - (count - 1) * stride  # the last rows of the whole, where the stride does not fit
    new = min(-(-x.new // stride), count)
    if x.new % stride and new < count:
        raise _Uneven(op, x.new, stride)
    padding = tuple(0 if i // 2 == side else n for i, n in enumerate(op.attrs["padding"]))
    rows = s.last(x, reach + (new - 1) * stride + unread)
    if new == count:
        s.append(op, [rows, *inputs[1:]], op.output.shape, padding=padding)
    else:
        s.append_frames(op, [rows, *inputs[1:]], x.axis, count, new, padding=padding)


def _reach(op: Op, side: int) -> int:
    """Rows of a window, from the first to the last."""
    if op.kind in ("max_pool", "average_pool"):
        return op.attrs["kernel"][side]
    weights = op.inputs[1].shape
    kernel = weights[1:3] if op.kind == "conv2d" else weights[:2]
    return (kernel[side] - 1) * op.attrs["dilation"][side] + 1


def _fully_connected(s: _Rewrite, op: Op, inputs: list) -> None:
    x, y = inputs[0], op.output
    row = math.prod(x.tensor.shape[x.axis + 1 :])
    if op.inputs[1].shape[1] > row or len(y.shape) <= x.axis or y.shape[x.axis] != x.count:
        _whole(s, op, inputs)
    else:
        _each(s, op, inputs)


def _mean(s: _Rewrite, op: Op, inputs: list) -> None:
    x, axes = inputs[0], op.attrs["axes"]
    if x.axis in axes:
        _whole(s, op, inputs)
        return
    kept = len(op.output.shape) == len(x.tensor.shape)
    axis = x.axis - (0 if kept else sum(i < x.axis for i in axes))
    s.append_frames(op, [x.tensor], axis, x.count, x.new)


def _reshape(s: _Rewrite, op: Op, inputs: list) -> None:
    """Rows stay rows, or the time is given up."""
    x, shape = inputs[0], op.output.shape
    row = math.prod(x.tensor.shape[x.axis + 1 :])
    for axis, n in enumerate(shape):
        if n == x.count and math.prod(shape[:axis]) == 1 and math.prod(shape[axis + 1 :]) == row:
            s.append_frames(op, [x.tensor], axis, x.count, x.new)
            return
    _whole(s, op, inputs)


def _strided_slice(s: _Rewrite, op: Op, inputs: list) -> None:
    """Rows cut off in front are those that a stream has already forgotten; cut off at the end, what is behind waits."""
    x = inputs[0]
    begin, end, stride = (list(op.attrs[name]) for name in ("begin", "end", "strides"))
    first, stop = begin[x.axis], end[x.axis]
    count = op.output.shape[x.axis]
    if stride[x.axis] != 1 or first < 0 or stop > x.count or count != stop - first:
        _whole(s, op, inputs)
        return
    new = min(x.new, count)
    rows = s.last(x, new + x.count - stop)
    begin[x.axis], end[x.axis] = 0, new
    attrs = {"begin": tuple(begin), "end": tuple(end)}
    if new == count:
        s.append(op, [rows], op.output.shape, **attrs)
    else:
        s.append_frames(op, [rows], x.axis, count, new, **attrs)


def _transpose(s: _Rewrite, op: Op, inputs: list) -> None:
    x = inputs[0]
    axis = op.attrs["perm"].index(x.axis)
    if math.prod(op.output.shape[:axis]) == 1:
        s.append_frames(op, [x.tensor], axis, x.count, x.new)
    else:
        s.refuse(op, "the axis of time must stay the first one")


def _argmax(s: _Rewrite, op: Op, inputs: list) -> None:
    x = inputs[0]
    if op.attrs["axis"] == x.axis:
        _whole(s, op, inputs)
    else:
        s.append_frames(op, [x.tensor], x.axis - (op.attrs["axis"] < x.axis), x.count, x.new)


Rule = Callable[[_Rewrite, Op, list], None]

# Other families add theirs as STREAMS in families/<family>.py, kind to a function like those above: a recurrent layer appends
# itself on `x.tensor`, the rows a run adds, and lets its state live on.
_RULES: dict[str, Rule] = {
    **dict.fromkeys((*UNARY, "quantize", "dequantize"), _each),
    **dict.fromkeys(("add", "sub", "mul"), _binary),
    **dict.fromkeys(("conv2d", "depthwise_conv2d", "max_pool", "average_pool"), _window),
    "softmax": _softmax,
    "concat": _concat,
    "fully_connected": _fully_connected,
    "mean": _mean,
    "reshape": _reshape,
    "strided_slice": _strided_slice,
    "transpose": _transpose,
    "argmax": _argmax,
    **families.merged("STREAMS"),
}
