"""The bytes of a .tflite file as plain Python values, by the schema package `tflite`.

Everything that touches the flatbuffer is here. A flatbuffer is full of offsets that a damaged or hostile file can point
anywhere; reading one ends in one of many exceptions, and all of them become one ConversionError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import tflite

from host_tools.errors import ConversionError
from host_tools.readers.advice import TFLITE_ADVICE

_OP_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
_TYPE_NAMES = {code: name.lower() for name, code in vars(tflite.TensorType).items() if isinstance(code, int)}
_OPTION_NAMES = {code: name for name, code in vars(tflite.BuiltinOptions).items() if isinstance(code, int)}
_NUMPY = {"int4": "i1", "int8": "i1", "uint8": "u1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "float32": "<f4", "bool": "?"}
_WITHOUT_OUTPUT = ("CALL_ONCE", "ASSIGN_VARIABLE")
_MOST_SUBGRAPHS = 16
_FULL = "convert with full integer quantization (Optimize.DEFAULT and a representative_dataset), or give upyml the Keras model"
_OTHER_TYPE = f"; upyml takes int8 weights and int32 biases: {_FULL}"
# What to say of tensors of types that no op takes.
OTHER_TYPES = {
    **dict.fromkeys(("float16", "bfloat16"), f": this is a float16 model, which needs floats on the board; {_FULL}"),
    "string": ", and a board has no strings: look words up in your program, and give the model their numbers",
    **dict.fromkeys(("complex64", "complex128"), ", and a board computes with real ones: give it the parts as channels"),
}
DAMAGED = (
    struct.error,
    ValueError,
    IndexError,
    TypeError,
    KeyError,
    OverflowError,
    MemoryError,
    UnicodeDecodeError,
    AttributeError,
    RecursionError,
)


@dataclass(eq=False)
class FileTensor:
    """A tensor as the file has it: `shape` with the batch, `data` for constants, None where it is computed."""

    name: str
    shape: tuple[int, ...]
    unknown: tuple[int, ...]  # axes whose length the file leaves open; `shape` has 1 there
    dtype: str
    scales: np.ndarray  # float32, empty without quantization
    zero_points: np.ndarray
    axis: int  # of the scales, where there are several
    data: np.ndarray | None
    variable: bool = False  # it is kept from run to run


@dataclass(eq=False)
class FileOp:
    """An operator: tensor numbers (-1: left out) and its options, read by name through `option`; a custom one's are bytes."""

    name: str
    inputs: list[int]
    outputs: list[int]
    options: object | None

    def option(self, name: str, default=None):
        """The field of the operator's options; the default where it has none."""
        return default if self.options is None else getattr(self.options, name)()


@dataclass(eq=False)
class File:
    """The subgraph of a file that runs, and the (tensors, ops) of all its subgraphs, this one's too."""

    tensors: list[FileTensor]
    ops: list[FileOp]
    inputs: list[int]
    outputs: list[int]
    description: str
    subgraphs: list[tuple[list[FileTensor], list[FileOp]]]


def parse(content: bytes) -> File:
    """The file's contents. Raises ConversionError where the bytes are not a whole .tflite file of one subgraph; others may
    be called once, to set variables."""
    if len(content) < 8 or content[4:8] != b"TFL3":
        raise ConversionError(
            "this is not a .tflite file (no TFL3 mark at byte 4): give the file TFLiteConverter wrote"
        )
    try:
        model = tflite.Model.GetRootAsModel(content, 0)
        subgraphs = model.SubgraphsLength()
        if subgraphs == 1 or (1 < subgraphs <= _MOST_SUBGRAPHS and _calls_once(model, model.Subgraphs(0))):
            return _file(model)
        raise ConversionError(_several(model, subgraphs))
    except ConversionError:
        raise
    except DAMAGED as error:
        raise ConversionError(f"the .tflite file is cut or damaged ({type(error).__name__}): copy it again") from None


_CONTROL = ("WHILE", "IF", "CALL", "STABLEHLO_WHILE", "STABLEHLO_CASE")


def _several(model, subgraphs: int) -> str:
    """Why a file has not one subgraph: control flow, signatures, or else."""
    if not subgraphs:
        return "the .tflite file is empty: it has no subgraph. Convert the model again"
    graph = model.Subgraphs(0)
    for i in range(_count(graph.OperatorsLength())):
        op = graph.Operators(i)
        name = _op_name(model, op)
        if name in _CONTROL:
            output = graph.Tensors(_numbers(op.OutputsAsNumpy(), graph.TensorsLength())[0])
            return f"op {name} ({_text(output.Name())!r}) is control flow. {TFLITE_ADVICE[name]}."
    names = [_text(model.SignatureDefs(i).SignatureKey()) for i in range(_count(model.SignatureDefsLength()))]
    if len(names) > 1:
        return (
            f"the .tflite file has {len(names)} signatures ({', '.join(names)}); upyml takes one: convert the model again "
            "with the one that a board shall run (signature_keys=[...] of TFLiteConverter.from_saved_model)"
        )
    return (
        f"the .tflite file has {subgraphs} subgraphs; upyml takes one: convert the model without "
        "control flow (unroll loops) and with one signature"
    )


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


def _calls_once(model, graph) -> bool:
    """Does the subgraph call another one for a start, and none for anything else?"""
    names = {_op_name(model, graph.Operators(i)) for i in range(_count(graph.OperatorsLength()))}
    return "CALL_ONCE" in names and not names & {"IF", "WHILE", "CALL"}


def _subgraph(model, graph) -> tuple[list[FileTensor], list[FileOp]]:
    inner = _intermediates(graph)
    count = _count(graph.TensorsLength())
    tensors = [_PLACEHOLDER if i in inner else _tensor(model, graph.Tensors(i)) for i in range(count)]
    return tensors, [_op(model, graph.Operators(i), len(tensors)) for i in range(_count(graph.OperatorsLength()))]


def _file(model) -> File:
    subgraphs = [_subgraph(model, model.Subgraphs(i)) for i in range(model.SubgraphsLength())]
    graph, (tensors, ops) = model.Subgraphs(0), subgraphs[0]
    inputs, outputs = _numbers(graph.InputsAsNumpy(), len(tensors)), _numbers(graph.OutputsAsNumpy(), len(tensors))
    if not inputs or not outputs or min(inputs + outputs) < 0:
        raise ConversionError("the .tflite file has no inputs or no outputs: there is nothing to run")
    _name_by_signature(model, tensors)
    return File(tensors, ops, inputs, outputs, _text(model.Description()), subgraphs)


# An LSTM's scratch tensors, which have no size.
_PLACEHOLDER = FileTensor("intermediate", (), (), "intermediate", np.zeros(0, np.float32), np.zeros(0, np.int64), 0, None)


def _intermediates(graph) -> set[int]:
    """Numbers of the tensors that only one op knows, for itself."""
    numbers: set[int] = set()
    for i in range(_count(graph.OperatorsLength())):
        numbers.update(int(n) for n in _array(graph.Operators(i).IntermediatesAsNumpy(), np.int64))
    return numbers


def _count(n: int) -> int:
    if n > 1 << 16:
        raise ValueError("too many")
    return n


def _numbers(array, tensors: int) -> list[int]:
    numbers = [int(i) for i in np.atleast_1d(array)] if isinstance(array, np.ndarray) else []
    if any(not -1 <= i < tensors for i in numbers):
        raise IndexError("tensor number")
    return numbers


def _array(vector, dtype) -> np.ndarray:
    """flatbuffers gives 0 instead of an empty vector."""
    return vector.astype(dtype) if isinstance(vector, np.ndarray) else np.zeros(0, dtype)


def _tensor(model, tensor) -> FileTensor:
    name = _text(tensor.Name())
    shape = tuple(int(n) for n in _array(tensor.ShapeAsNumpy(), np.int64))
    signature = _array(tensor.ShapeSignatureAsNumpy(), np.int64)
    unknown = tuple(i for i, n in enumerate(signature) if n < 0) + tuple(i for i, n in enumerate(shape) if n < 0)
    shape = tuple(1 if n < 0 else n for n in shape)
    dtype = _TYPE_NAMES[tensor.Type()]
    if len(shape) > 8 or any(n < 1 for n in shape) or np.prod(shape, dtype=float) > 1 << 28:
        raise ConversionError(
            f"tensor {name!r} has shape {shape}: every axis must have elements, and at most 2^28 of them together"
        )
    if tensor.Sparsity() is not None:
        raise ConversionError(
            f"tensor {name!r} is stored sparse: convert the model without Optimize.EXPERIMENTAL_SPARSITY; upyml stores "
            "zeros in few bytes by itself"
        )
    scales, zero_points, axis = np.zeros(0, np.float32), np.zeros(0, np.int64), 0
    quantization = tensor.Quantization()
    if quantization is not None:
        scales = _array(quantization.ScaleAsNumpy(), np.float32)
        zero_points = _array(quantization.ZeroPointAsNumpy(), np.int64)
        axis = int(quantization.QuantizedDimension())
        _check_quantization(name, dtype, scales, zero_points)
    data = _data(model, tensor, shape, dtype, name)
    if dtype == "int4" and data is not None:
        dtype = "int8"  # the pass `coding` packs small weights
    variable = bool(tensor.IsVariable())
    return FileTensor(name, shape, tuple(sorted(set(unknown))), dtype, scales, zero_points, axis, data, variable)


def _check_quantization(name, dtype, scales, zero_points) -> None:
    if not np.all((scales == 0) | ((scales > 1e-20) & (scales < 1e20))):
        raise ConversionError(
            f"tensor {name!r} has a scale that is no positive number of a usual size: the file is damaged"
        )
    low, high = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}.get(
        dtype, (-(1 << 31), (1 << 31) - 1)
    )
    if len(zero_points) not in (0, 1, len(scales)) or np.any(zero_points < low) or np.any(zero_points > high):
        raise ConversionError(f"tensor {name!r} has a zero point outside of {dtype}: the file is damaged")


def _data(model, tensor, shape, dtype, name) -> np.ndarray | None:
    number = tensor.Buffer()
    if number == 0:
        return None
    buffer = model.Buffers(number)
    if buffer.Offset() > 1:
        raise ConversionError(
            "the .tflite file keeps its weights outside the flatbuffer (larger than 2 GB): no board holds such a model"
        )
    raw = buffer.DataAsNumpy()
    if not isinstance(raw, np.ndarray) or raw.size == 0:
        return None
    if dtype not in _NUMPY:
        raise ConversionError(f"the constant {name!r} holds {dtype} values{OTHER_TYPES.get(dtype, _OTHER_TYPE)}")
    code = np.dtype(_NUMPY[dtype])
    elements = int(np.prod(shape, dtype=np.int64))
    if dtype == "int4":
        raw = _unpacked(raw, elements)
    if raw.nbytes != elements * code.itemsize:
        raise ConversionError(f"the constant {name!r} of shape {shape} has {raw.nbytes} bytes: the file is damaged")
    values = np.frombuffer(raw.tobytes(), code).reshape(shape)
    if dtype == "float32" and np.isnan(values).any():
        raise ConversionError(
            f"the constant {name!r} holds nan, which no board can compute with. Its training went astray: train again with "
            "a lower learning rate"
        )
    return values


def _unpacked(raw: np.ndarray, elements: int) -> np.ndarray:
    """int4, two in a byte, the first in its lower half, as int8; all of raw's halves where they are too few."""
    low, high = (raw << 4).view(np.int8) >> 4, raw.view(np.int8) >> 4
    return np.stack((low, high), 1).reshape(-1)[: elements if raw.size == -(-elements // 2) else None]


def _op_name(model, op) -> str:
    code = model.OperatorCodes(op.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _OP_NAMES.get(number, f"number {number}")
    return "CUSTOM " + _text(code.CustomCode()) if name == "CUSTOM" else name


def _op(model, op, tensors: int) -> FileOp:
    name = _op_name(model, op)
    table, options = op.BuiltinOptions(), None
    if table is not None and op.BuiltinOptionsType() in _OPTION_NAMES:
        kind = getattr(tflite, _OPTION_NAMES[op.BuiltinOptionsType()], None)
        if kind is not None:
            options = kind()
            options.Init(table.Bytes, table.Pos)
    if name.startswith("CUSTOM ") and op.CustomOptionsLength():
        options = op.CustomOptionsAsNumpy().tobytes()
    inputs, outputs = _numbers(op.InputsAsNumpy(), tensors), _numbers(op.OutputsAsNumpy(), tensors)
    if (not outputs and name not in _WITHOUT_OUTPUT) or min(outputs, default=0) < 0:
        raise IndexError("an op without outputs")
    return FileOp(name, inputs, outputs, options)


def _name_by_signature(model, tensors) -> None:
    """Inputs and outputs get the names the model's author gave them, where the file keeps these."""
    if model.SignatureDefsLength() != 1:
        return
    signature = model.SignatureDefs(0)
    for count, get in ((signature.InputsLength(), signature.Inputs), (signature.OutputsLength(), signature.Outputs)):
        for i in range(_count(count)):
            entry = get(i)
            if entry.TensorIndex() < len(tensors) and entry.Name():
                tensors[entry.TensorIndex()].name = _text(entry.Name())
