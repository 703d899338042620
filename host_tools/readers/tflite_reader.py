"""A .tflite file with int8 activations -> quantized Graph.

TFLite's tensors carry the batch, the graph's do not: a first axis of length 1 is left out, and ops that touch that axis
get reshapes around them (which cost nothing). Shape arithmetic on constants (SHAPE, PACK, ...) is folded here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host_tools import shapes, verify
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.fold_floats import fold_floats
from host_tools.passes.quantize_attention import tokens
from host_tools.readers import (
    advice,
    tflite_dilation,
    tflite_file,
    tflite_folding,
    tflite_ops,
    tflite_signal,
    tflite_stream,
)
from host_tools.readers.tflite_file import FileOp, FileTensor

_TYPES = ("float32", "int8", "uint8", "int16", "int32", "int64")


def read(source: str | Path | bytes) -> Graph:
    """The graph of a .tflite file, given as a path or as its bytes.

    Raises ConversionError, with one sentence that says what to do, where the file is no int8 model or is damaged.
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        return verify.graph(_Reader(tflite_file.parse(content)).graph(), "read", quantized=True)
    except ConversionError:
        raise
    except (verify.GraphError, *tflite_file.DAMAGED) as error:
        raise ConversionError(
            f"the .tflite file contradicts itself ({type(error).__name__}: {error}): convert it again"
        ) from error


class _Reader:
    """Builds the graph op by op; tflite_ops.py holds one function for each operator."""

    def __init__(self, file: tflite_file.File):
        self.file = file
        self.ops: list[Op] = []
        self._tensors: dict[int, Tensor] = {}
        self._made: set[int] = set(file.inputs)
        self.variables = tflite_stream.Variables()

    def graph(self) -> Graph:
        """The whole graph."""
        for number in self.file.inputs:
            self._check_input(self.file.tensors[number])
        tflite_dilation.fold(self.file)
        for op in tflite_signal.joined(self.file):
            self._convert(op)
        inputs = [self.tensor(number) for number in self.file.inputs]
        outputs = [self.tensor(number) for number in self.file.outputs]
        missing = [t.name for number, t in zip(self.file.outputs, outputs) if number not in self._made]
        if missing:
            raise ConversionError(
                f"no op computes the output {missing[0]!r}: the file is damaged, or the output is a constant"
            )
        _name(inputs, "input")
        _name(outputs, "output")
        metadata = {"description": self.file.description} if self.file.description else {}
        made = Graph(inputs, outputs, self.ops, metadata, self.variables.states())
        tokens(made)
        return fold_floats(made)

    def _check_input(self, tensor: FileTensor) -> None:
        if any(axis > 0 for axis in tensor.unknown):
            raise ConversionError(
                f"input {tensor.name!r} has unknown lengths (shape {tensor.shape}, axes "
                f"{tensor.unknown} open): only the batch may be unknown; fix the others and convert again"
            )
        if tensor.data is not None:
            raise ConversionError(f"input {tensor.name!r} is a constant: the file is damaged")

    def _convert(self, op: FileOp) -> None:
        folded = tflite_folding.fold(
            op,
            [self.constant(i) for i in op.inputs],
            [self.file.tensors[i].shape if i >= 0 else None for i in op.inputs],
        )
        if folded is not None:
            self.file.tensors[op.outputs[0]].data = folded
            return
        for i in op.inputs:
            tensor = self.file.tensors[i]
            if i >= 0 and i not in self._made and tensor.data is None and not tensor.variable:
                raise ConversionError(
                    f"{self.describe(op)} reads {self.file.tensors[i].name!r}, which nothing computes "
                    "before it: the file is damaged"
                )
        if any(i in self._made or self.file.tensors[i].data is not None for i in op.outputs):
            raise ConversionError(f"{self.describe(op)} computes what is there already: the file is damaged")
        if op.name not in tflite_ops.CONVERTERS:
            raise ConversionError(f"{self.describe(op)} {advice.unknown_op(op.name)}")
        tflite_ops.CONVERTERS[op.name](self, op)
        self._made.update(op.outputs)

    def describe(self, op: FileOp) -> str:
        """The op as an error message names it."""
        if not op.outputs:
            return f"op {op.name}"
        return f"op {op.name} ({self.file.tensors[op.outputs[0]].name!r})"

    def constant(self, number: int) -> np.ndarray | None:
        """The values of a tensor that is known at conversion."""
        return None if number < 0 else self.file.tensors[number].data

    def required_constant(self, op: FileOp, place: int, what: str) -> np.ndarray:
        """The values of an input that must be known. Raises ConversionError otherwise."""
        value = self.constant(op.inputs[place]) if place < len(op.inputs) else None
        if value is None:
            raise ConversionError(
                f"{self.describe(op)}: its {what} is computed while the model runs; upyml needs it as a constant"
            )
        return value

    def has_batch(self, number: int) -> bool:
        """True where the tensor's first axis is left out in the graph."""
        shape = self.file.tensors[number].shape
        return len(shape) >= 1 and shape[0] == 1

    def tensor(self, number: int) -> Tensor:
        """The graph's tensor, without the batch."""
        if number < 0:
            raise ConversionError("an op lacks one of its tensors: the file is damaged")
        if number not in self._tensors:
            source = self.file.tensors[number]
            shape = source.shape[1:] if self.has_batch(number) else source.shape
            if source.dtype not in _TYPES:
                instead = tflite_file.OTHER_TYPES.get(source.dtype, f": upyml takes {', '.join(_TYPES)}")
                raise ConversionError(f"tensor {source.name!r} holds {source.dtype} values{instead}")
            data = None if source.data is None else source.data.reshape(shape)
            scale = float(source.scales[0]) if len(source.scales) else None
            if source.dtype in ("int8", "uint8", "int16") and not scale:
                raise ConversionError(
                    f"tensor {source.name!r} is {source.dtype} without scale and zero point: convert "
                    "the model with full integer quantization"
                )
            zero_point = int(source.zero_points[0]) if len(source.zero_points) else 0
            self._tensors[number] = Tensor(source.name, shape, source.dtype, scale, zero_point, data)
        return self._tensors[number]

    def alias(self, number: int, tensor: Tensor) -> None:
        """Let the file's tensor be one that is there already."""
        self._tensors[number] = tensor

    def reshaped(self, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The tensor under another shape."""
        if tuple(shape) == tensor.shape:
            return tensor
        data = None if tensor.data is None else tensor.data.reshape(shape)
        out = Tensor(tensor.name, tuple(shape), tensor.dtype, tensor.scale, tensor.zero_point, data)
        if data is None:
            self.ops.append(Op("reshape", [tensor], [out], {}, tensor.name))
        return out

    def with_batch(self, number: int) -> Tensor:
        """The tensor with all axes of the file."""
        return self.reshaped(self.tensor(number), self.file.tensors[number].shape)

    def emit(self, op: FileOp, kind: str, inputs: list[Tensor], attrs: dict, place: int = 0) -> None:
        """Appends an op that makes the file op's output `place`, under whatever shape follows from the attributes."""
        target = self.tensor(op.outputs[place])
        new = Op(kind, inputs, [target], attrs, target.name)
        try:
            expected = shapes.output_shape(new)
        except ConversionError as error:
            raise ConversionError(f"{self.describe(op)}: {error}") from None
        if expected is None or expected == target.shape:
            self.ops.append(new)
            return
        made = Tensor(target.name, expected, target.dtype, target.scale, target.zero_point)
        if made.size != target.size:
            raise ConversionError(
                f"{self.describe(op)} makes shape {expected}, and the file says {target.shape}: convert "
                "the model again with a fixed batch of 1"
            )
        new.outputs = [made]
        self.ops.append(new)
        self.ops.append(Op("reshape", [made], [target], {}, target.name))


def _name(tensors: list[Tensor], default: str) -> None:
    """Names as the author wrote them: without TensorFlow's prefixes and output numbers; never empty, never twice."""
    taken: set[str] = set()
    for number, tensor in enumerate(tensors):
        name = tensor.name.split(";")[0].removeprefix("serving_default_")
        name = name.split("/")[-1] if "StatefulPartitionedCall" not in name else default
        name = name.rsplit(":", 1)[0] if name.rsplit(":", 1)[-1].isdigit() else name
        tensor.name = name if name and name not in taken else f"{default}_{number}"
        taken.add(tensor.name)
