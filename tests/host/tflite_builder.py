"""Writes small .tflite files field by field with flatbuffers, for tests that compare single ops with another program.

b = TfliteBuilder()
x = b.tensor((1, 8, 8, 3), scale=0.1, zero_point=-5)
y = b.tensor((1, 4, 4, 3), scale=0.1, zero_point=-5)
b.op("MAX_POOL_2D", [x], [y], "Pool2DOptions", StrideH=2, StrideW=2, FilterHeight=2, FilterWidth=2, Padding=1)
content = b.file([x], [y])
"""

import flatbuffers
import numpy as np
import tflite

_TYPES = {
    "float32": "<f4", "int8": "i1", "int4": "i1", "uint8": "u1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint32": "<u4",
    "uint64": "<u8",
}  # fmt: skip


class TfliteBuilder:
    """Collects tensors and ops of one subgraph."""

    def __init__(self):
        self.tensors, self.ops = [], []

    def tensor(
        self, shape, dtype="int8", scale=None, zero_point=0, data=None, axis=0, signature=None, name=None, variable=False
    ):
        """A new tensor's number. scale: a float, or one for each index along `axis`; data: a constant's values;
        variable: it is kept from run to run."""
        self.tensors.append(
            {
                "shape": tuple(shape),
                "dtype": dtype,
                "scale": scale,
                "zero_point": zero_point,
                "data": data,
                "axis": axis,
                "signature": signature,
                "name": name or f"t{len(self.tensors)}",
                "variable": variable,
            }
        )
        return len(self.tensors) - 1

    def constant(self, values, dtype="int32", scale=None, zero_point=0, axis=0):
        """A new constant's number."""
        values = np.asarray(values, _TYPES[dtype])
        return self.tensor(values.shape, dtype, scale, zero_point, values, axis)

    def op(self, name, inputs, outputs, options=None, **fields):
        """Adds an operator. name: as in the schema, or CUSTOM:name; options: the table's name with its fields,
        numbers or lists of integers, or a custom operator's bytes."""
        self.ops.append((name, list(inputs), list(outputs), options, fields))

    def variable(self, name):
        """The number of a tensor that names a variable."""
        handle = self.tensor((), "resource")
        self.op("VAR_HANDLE", [], [handle], "VarHandleOptions", SharedName=name, Container="")
        return handle

    def file(self, inputs, outputs, subgraphs=1, first=None):
        """The file's bytes. first: another builder, of the subgraph that CALL_ONCE calls."""
        self.fb = flatbuffers.Builder(1024)
        self.buffers = [self._buffer(None)]
        names = sorted({op[0] for each in (self, first) if each for op in each.ops})
        codes = [self._code(name) for name in names]
        graphs = [self._subgraph(self, names, inputs, outputs)] * subgraphs
        if first:
            graphs.append(self._subgraph(first, names, [], []))
        fields = {
            "OperatorCodes": self._offsets(codes),
            "Subgraphs": self._offsets(graphs),
            "Buffers": self._offsets(self.buffers),
            "Description": self.fb.CreateString("made by a test"),
        }
        self.fb.Finish(self._table("Model", Version=3, **fields), b"TFL3")
        return bytes(self.fb.Output())

    def _subgraph(self, source, names, inputs, outputs):
        tensors = []
        for tensor in source.tensors:
            number = 0
            if tensor["data"] is not None:
                number = len(self.buffers)
                self.buffers.append(self._buffer(_bytes(tensor["data"], tensor["dtype"])))
            tensors.append(self._tensor(tensor, number))
        ops = [self._op(names.index(op[0]), *op[1:]) for op in source.ops]
        fields = {
            "Tensors": self._offsets(tensors),
            "Operators": self._offsets(ops),
            "Inputs": self._ints(inputs),
            "Outputs": self._ints(outputs),
        }
        return self._table("SubGraph", **fields)

    def _table(self, kind, **fields):
        getattr(tflite, kind + "Start")(self.fb)
        for name, value in fields.items():
            getattr(tflite, f"{kind}Add{name}")(self.fb, value)
        return getattr(tflite, kind + "End")(self.fb)

    def _offsets(self, offsets):
        self.fb.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.fb.PrependUOffsetTRelative(offset)
        return self.fb.EndVector()

    def _ints(self, values):
        return self.fb.CreateNumpyVector(np.asarray(values, np.int32))

    def _buffer(self, data):
        if data is None:
            return self._table("Buffer")
        return self._table("Buffer", Data=self.fb.CreateNumpyVector(np.frombuffer(data, np.uint8)))

    def _tensor(self, tensor, buffer):
        fields = {
            "Type": getattr(tflite.TensorType, tensor["dtype"].upper()),
            "Buffer": buffer,
            "Name": self.fb.CreateString(tensor["name"]),
            "Shape": self._ints(tensor["shape"]),
            "IsVariable": tensor["variable"],
        }
        if tensor["signature"] is not None:
            fields["ShapeSignature"] = self._ints(tensor["signature"])
        if tensor["scale"] is not None:
            scales = np.atleast_1d(np.asarray(tensor["scale"], np.float32))
            zero_points = np.broadcast_to(np.asarray(tensor["zero_point"], np.int64), scales.shape)
            fields["Quantization"] = self._table(
                "QuantizationParameters",
                Scale=self.fb.CreateNumpyVector(scales),
                ZeroPoint=self.fb.CreateNumpyVector(np.ascontiguousarray(zero_points)),
                QuantizedDimension=tensor["axis"],
            )
        return self._table("Tensor", **fields)

    def _value(self, value):
        if isinstance(value, str):
            return self.fb.CreateString(value)
        return self._ints(value) if isinstance(value, (list, tuple)) else value

    def _code(self, name):
        custom = name.startswith("CUSTOM:")
        number = getattr(tflite.BuiltinOperator, "CUSTOM" if custom else name)
        extra = {"CustomCode": self.fb.CreateString(name[7:])} if custom else {}
        return self._table(
            "OperatorCode", DeprecatedBuiltinCode=min(number, 127), BuiltinCode=number, Version=1, **extra
        )

    def _op(self, code, inputs, outputs, options, fields):
        table = {}
        if isinstance(options, (bytes, bytearray)):
            table = {"CustomOptions": self.fb.CreateNumpyVector(np.frombuffer(options, np.uint8))}
        elif options is not None:
            fields = {key: self._value(value) for key, value in fields.items()}
            table = {
                "BuiltinOptions": self._table(options, **fields),
                "BuiltinOptionsType": getattr(tflite.BuiltinOptions, options),
            }
        return self._table(
            "Operator", OpcodeIndex=code, Inputs=self._ints(inputs), Outputs=self._ints(outputs), **table
        )


def _bytes(values, dtype):
    """A constant's bytes; int4 packs two values into one, the first into its lower half."""
    data = np.ascontiguousarray(values).astype(_TYPES[dtype])
    if dtype != "int4":
        return data.tobytes()
    halves = np.append(data.reshape(-1) & 15, np.zeros(data.size % 2, "i1")).reshape(-1, 2)
    return (halves[:, 0] | halves[:, 1] << 4).astype("u1").tobytes()
