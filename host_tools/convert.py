"""The conversion, from a Keras model or a .tflite file to the bytes of a .upm file: one line for each pass."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from host_tools import compare, samples, verify, writer
from host_tools.compress import qat
from host_tools.errors import ConversionError
from host_tools.graph import Graph
from host_tools.metadata import metadata_of
from host_tools.passes import lower as lowering
from host_tools.passes import normalise as normalising
from host_tools.passes import order as ordering
from host_tools.passes import plan as planning
from host_tools.passes import coding, one_scale, rewire, tidy
from host_tools.passes.bits import Bits, set_bits
from host_tools.passes.bits import check as check_bits
from host_tools.passes.coding import CODINGS
from host_tools.passes.lower_wide import demand_int16_ops
from host_tools.passes.drop_constant_channels import drop_constant_channels
from host_tools.passes.fuse_last_step import fuse_last_step
from host_tools.passes.streaming import stream
from host_tools.passes.windows import make_windows
from host_tools.passes.fuse_transposes import fuse_transposes
from host_tools.planner import sizes
from host_tools.program import Program
from host_tools.readers import formats
from upyml.format import layout

Data = np.ndarray | Sequence[np.ndarray]
PASSES = (
    "read",
    *(step.__name__ for step in normalising.PASSES),
    "quantize",
    "fuse_quantized_padding",
    "fuse_last_step",
    "fuse_transposes",
    "drop_unused",
    "drop_constant_channels",
    "front_end",
    "lower",
    "order",
    "plan",
)


@dataclass
class Conversion:
    """A converted model: the file's bytes, the program they encode, and what the check against the source found.

    hop: frames that a streaming model takes a run, 0 where it is none.
    dropped_channels: of all layers, those that no input could change.
    """

    file: bytes
    program: Program
    check: compare.Check | None
    dropped_channels: int = 0
    hop: int = 0


def convert(
    source: Any,
    data: Data | str | Path | None = None,
    metadata: dict[str, str] | None = None,
    method: str = "mse",
    progress: Callable[[int, int], None] | None = None,
    show: Callable[[str, Graph | Program], None] | None = None,
    engine: Any = None,
    check: bool = True,
    ram: str | int = sizes.BALANCED,
    keep_channels: bool = False,
    caller_inputs: bool = False,
    codings: Sequence[str] = CODINGS,
    bits: Bits = 8,
    rounding: str | None = None,
    activations: int = 8,
    front_end: Any = None,
    streaming: bool | int = False,
    weight_scales: str = "auto",
) -> Conversion:
    """Converts a model.

    source: a Keras model, or a path to .keras, .h5 or .tflite; a model from quantization_aware keeps the scales that it
    learned. data: real-valued samples, one (n, *shape) array for each input, or a path to them (see samples.py); another
    Keras model is calibrated with them, and the written file is compared with its source on them. metadata: text
    for the file by key (name, labels, sample_rate, ...). method: "mse", "minmax" or "percentile" calibration. show is called with each pass's name and result. engine: the module
    that runs the check, by default the fastest there is; check=False leaves it out. ram: what the plan of the memory is
    made for, "smallest", "balanced", "fastest" or bytes (20480 or "20k"). keep_channels: also those whose value no input
    can change, as other engines compute them. caller_inputs: the inputs take no room in the arena, they lie in buffers that
    Model.bind() names on the board. codings: those that a layer's weights may have instead of int8 where that makes the file
    smaller, of "int4" and "sparse"; () for none: the outputs are the same to the bit. bits: of the weights of a Keras
    model's convolutions and dense layers, 8 or 4, or a dict of these by name of layer. rounding: of weights, "nearest" or
    "adaptive", which fits them to the data; None takes adaptive for 4 bits, where it brings much, and nearest for 8. activations: their
    bits in a Keras model, 8, or 16, which is more exact, and slower. front_end: a
    sound.MelFeatures that makes features of data, (n, samples) int16 clips; it becomes part of the file, which takes samples. streaming: the
    model takes only what is new of its window in time, the first axis of its input, and remembers the rest; True takes as few
    frames a run as its strides allow, a number takes so many. weight_scales: of a Keras model's dense layers, one for each
    output "channel" or one for the whole "layer", which saves 6 bytes a channel; "auto" takes one where that is worth it
    (passes/one_scale.py). Raises ConversionError, with what to do, where the model, the data or the RAM cannot be used, and
    FileNotFoundError.
    """
    ram = sizes.parse(ram)  # before the long work
    check_bits(bits)
    one_scale.check(weight_scales)
    if activations not in (8, 16):
        raise ConversionError(f"activations have 8 or 16 bits, received {activations}")
    if not set(codings) <= set(CODINGS):
        raise ConversionError(f"codings of weights are {' and '.join(CODINGS)}, received {', '.join(map(str, codings))}")
    if front_end and (_reader_of(source) == formats.TFLITE or activations != 8):
        raise ConversionError("a front end goes with a Keras model and activations of 8 bits")
    engine = engine or compare.best_engine()
    stages = _Stages(show)
    if _reader_of(source) == formats.TFLITE:
        _check_quantized(source, bits, rounding, activations, weight_scales)
        original: Any = str(source)
        graph = stages("read", _read_tflite(source), True)
        data = _loaded(data, graph)
    elif qat.is_quantization_aware(model := _loaded_keras(source)):
        _check_quantized(model.name, bits, rounding, activations, weight_scales)
        graph = stages("read", qat.read(model), True)
        original = rewire.copy(graph)  # the passes below change it in place
        clips = data = _loaded(data, graph)
        if front_end and data is not None:
            data = _features(front_end, clips, original)
    else:
        original = stages("read", _read_keras(model, data))
        clips = data = _loaded(data, original)
        if front_end:
            data = _features(front_end, clips, original)
        graph = _quantized(original, data, method, progress, stages, bits, rounding, activations, weight_scales)
    # A pad costs a copy of the image, a padded window nothing.
    graph = stages("fuse_quantized_padding", tidy.fuse_padding(graph), True)
    # A recurrent layer's other steps are not kept.
    graph = stages("fuse_last_step", fuse_last_step(graph), True)
    # A product reads its operands in any order of axes.
    graph = stages("fuse_transposes", fuse_transposes(graph), True)
    # Nothing is made for nobody.
    graph = stages("drop_unused", tidy.drop_unused(graph), True)
    if graph.states:
        graph = stages("make_windows", make_windows(graph), True)
    channels = _channels(graph)
    if not keep_channels and not _remembers(graph):  # last of the graph passes, when all sums are known
        graph = stages("drop_constant_channels", _without_constant_channels(graph, codings), True)
    dropped = channels - _channels(graph)
    streamed = None
    if streaming:
        streamed = stream(graph, None if streaming is True else int(streaming))
        graph = stages("stream", streamed.graph, True)
    if front_end:
        if clips is None:
            raise ConversionError("a front end needs the clips that it makes features of: give data, (n, samples) int16")
        if streamed:
            streamed = front_end.before_stream(streamed)
            clips = clips[:, : streamed.window]
        graph = stages("front_end", streamed.graph if streamed else front_end.before(graph, clips.shape[1]), True)
        given = {"sample_rate": str(front_end.sample_rate)} | ({} if streamed else {"window": str(clips.shape[1])})
        metadata = given | (metadata or {})
    program = stages("lower", lowering.lower(graph, tuple(codings)))
    program.caller_inputs = _may_lie_outside(program) if caller_inputs else False
    program = stages("order", ordering.order(program))  # before plan: it decides what is live together
    program = stages("plan", planning.plan(program, ram))
    verify.plan(program)
    program.metadata = metadata_of(program, source, metadata or {}, streamed)
    try:
        file = writer.write(program, engine)
    except (ValueError, OverflowError) as error:
        raise ConversionError(f"the model does not fit the file format: {error}") from error
    if data is None and isinstance(original, Graph):
        check = False
    given = clips.astype(np.float32) / 32768 if front_end else None
    found = compare.check(file, original, data, engine, streamed, given) if check else None
    return Conversion(file, program, found, dropped, streamed.hop if streamed else 0)


def _features(front_end, clips, graph: Graph) -> np.ndarray:
    """Of (n, samples) int16 clips, in the shape that the graph's input has."""
    made = front_end.real(front_end(clips))
    if len(graph.inputs) == 1 and made[0].size == graph.inputs[0].size:
        return made.reshape(len(made), *graph.inputs[0].shape)
    raise ConversionError(
        f"the front end makes features of shape {made.shape[1:]}, and the model takes "
        f"{' and '.join(str(tensor.shape) for tensor in graph.inputs)}"
    )


def _without_constant_channels(graph: Graph, codings: Sequence[str]) -> Graph:
    """Without channels that no input can change; where weights are sparse in blocks that this would cut, with some of them."""
    most = drop_constant_channels(graph)
    if most is graph or "sparse" not in codings:
        return most
    whole = drop_constant_channels(graph, whole_blocks=True)
    return whole if coding.weight_bytes(whole, codings) < coding.weight_bytes(most, codings) else most


def _remembers(graph: Graph) -> bool:
    """What a state holds is no matter of the inputs of one run alone."""
    return bool(graph.states) or any(op.kind == "window" for op in graph.ops)


def _may_lie_outside(program: Program) -> bool:
    count = len(program.inputs)
    if count > layout.MAX_CALLERS:
        raise ConversionError(f"{count} inputs: at most {layout.MAX_CALLERS} may lie with the caller")
    if any(program.base(y) is program.base(x) for y in program.outputs for x in program.inputs):
        raise ConversionError("an output of the model is its input: then that cannot lie with the caller")
    return True


def _channels(graph: Graph) -> int:
    return sum(op.output.shape[-1] for op in graph.ops if op.output.shape)


class _Stages:
    """Verifies what each pass made, and shows it to whoever wants to see it."""

    def __init__(self, show):
        self.show = show

    def __call__(self, name: str, made, quantized: bool = False):
        if isinstance(made, Program):
            verify.program(made, name)
        else:
            verify.graph(made, name, quantized)
        if self.show:
            self.show(name, made)
        return made


def _reader_of(source) -> str:
    if not isinstance(source, (str, Path)):
        formats.check_object(source)
        return formats.KERAS
    if not Path(source).exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(source))
    return formats.reader_of(source)


def _read_tflite(source) -> Graph:
    from host_tools.readers import tflite_reader

    return _not_empty(tflite_reader.read(source), source)


def _loaded_keras(source) -> Any:
    from host_tools.readers import keras_file

    return keras_file.load(source) if isinstance(source, (str, Path)) else source


def _read_keras(model, data) -> Graph:
    from host_tools.readers import keras_reader

    if data is None:
        raise ConversionError(
            "a Keras model needs sample data to be calibrated with: give --data samples.npz, some 100 "
            "inputs as the model will see them (convert(model, data))"
        )
    return _not_empty(keras_reader.read(model), model.name)


def _not_empty(graph: Graph, source) -> Graph:
    if not graph.ops:
        raise ConversionError(f"{source}: its outputs are its inputs, no layer computes anything: there is nothing to convert")
    return graph


def _loaded(data, graph: Graph):
    if isinstance(data, (str, Path)):
        return samples.load(data, [tensor.name for tensor in graph.inputs])
    return data


def _check_quantized(source, bits: Bits, rounding: str | None, activations: int, weight_scales: str) -> None:
    options = (("bits", bits, 8), ("rounding", rounding, None), ("activations", activations, 8))
    for name, given, usual in (*options, ("weight_scales", weight_scales, "auto")):
        if given != usual:
            raise ConversionError(f"{source}: it is quantized already; {name} needs the float Keras model")


def _quantized(graph: Graph, data, method, progress, stages, bits, rounding, activations, weight_scales) -> Graph:
    """The int8 graph of a float graph from Keras."""
    from host_tools.passes.search import search

    graph = normalising.normalise(graph, lambda made, name: stages(name, made))
    graph = set_bits(graph, bits)
    if activations == 16:
        demand_int16_ops(graph)
    return stages("quantize", search(graph, data, method, progress, rounding, activations, weight_scales), True)
