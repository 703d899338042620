"""Writes ops.txt: what TFLite Micro answers for single ops. Needs tensorflow-cpu (for the schema) and tflite-micro.

    python tests/vectors/make_ops.py

Each line after the first is one case as JSON: op, options (as in the TFLite schema), inputs and output, each with shape
(batch first), type, scale(s), zero_point and data (hexadecimal bytes, little-endian); `constant` tells weights apart.
"""

import importlib.metadata
import json
from pathlib import Path

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tflite_micro.python.tflite_micro import runtime

TYPES = {"int8": 9, "uint8": 3, "int16": 7, "int32": 2, "float32": 0}
RANDOM = np.random.default_rng(2026)


def tensor(shape, kind="int8", scale=0.05, zero_point=0, data=None):
    """An input; `data` makes it a constant."""
    return {"shape": list(shape), "type": kind, "scale": scale, "zero_point": zero_point, "data": data}


def random(kind, shape):
    """Values over the whole range of an integer type."""
    limits = np.iinfo(kind)
    return RANDOM.integers(limits.min, limits.max, shape, kind, endpoint=True)


def model(op, options, inputs, output):
    """The .tflite file of one op."""
    buffers, tensors = [schema.BufferT()], []
    for number, one in enumerate([*inputs, output]):
        t = schema.TensorT()
        t.name, t.shape, t.type = f"t{number}".encode(), one["shape"], TYPES[one["type"]]
        if one["scale"] is not None:
            q = schema.QuantizationParametersT()
            q.scale = np.atleast_1d(np.float32(one["scale"]))
            q.zeroPoint = np.broadcast_to(np.int64(one["zero_point"]), q.scale.shape)
            q.quantizedDimension = 3 if op == "DEPTHWISE_CONV_2D" else 0
            t.quantization = q
        if one["data"] is not None:
            b = schema.BufferT()
            b.data = np.frombuffer(one["data"].tobytes(), np.uint8)
            buffers.append(b)
            t.buffer = len(buffers) - 1
        tensors.append(t)
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = 3
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = list(range(len(inputs))), [len(inputs)]
    if options:
        name, fields = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        operator.builtinOptions = getattr(schema, name + "T")()
        for field, value in fields.items():
            assert hasattr(operator.builtinOptions, field), field
            setattr(operator.builtinOptions, field, value)
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, [operator]
    graph.inputs = [i for i, one in enumerate(inputs) if one["data"] is None]
    graph.outputs = [len(inputs)]
    whole = schema.ModelT()
    whole.version, whole.operatorCodes, whole.subgraphs, whole.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def case(op, options, inputs, output):
    """One line of the file: runs TFLite Micro on random inputs."""
    interpreter = runtime.Interpreter.from_bytes(model(op, options, inputs, output), arena_size=1 << 20)
    number = 0
    for one in inputs:
        one["constant"] = one["data"] is not None
        if not one["constant"]:
            values = one.pop("values", None)
            one["data"] = random(one["type"], one["shape"]) if values is None else values
            interpreter.set_input(one["data"], number)
            number += 1
    interpreter.invoke()
    output["data"] = interpreter.get_output(0)
    for one in [*inputs, output]:
        one["data"] = np.ascontiguousarray(one["data"]).tobytes().hex()
        if one["scale"] is not None:
            one["scale"] = np.atleast_1d(np.float64(np.float32(one["scale"]))).tolist()
    return {"op": op, "options": options[1] if options else {}, "inputs": inputs, "output": output}


def windows():
    """Convolutions and pools."""
    for height, width, depth, kernel, stride, dilation, padding, count, activation in (
        (5, 5, 3, (3, 3), (1, 1), (1, 1), 0, 4, 0),
        (7, 6, 2, (3, 2), (2, 1), (1, 1), 0, 5, 1),
        (8, 8, 3, (3, 3), (2, 2), (1, 1), 1, 3, 3),
        (9, 9, 1, (3, 3), (1, 1), (2, 2), 1, 2, 0),
        (1, 12, 4, (1, 5), (1, 2), (1, 1), 0, 6, 1),
        (4, 4, 7, (1, 1), (1, 1), (1, 1), 1, 9, 0),
    ):
        size = (height, width)
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        out = [-(-n // s) if padding == 0 else (n - r) // s + 1 for n, s, r in zip(size, stride, reach)]
        shared = {"padding": padding, "strideH": stride[0], "strideW": stride[1],
                  "fusedActivationFunction": activation}
        x = {"shape": (1, *size, depth), "scale": 0.043, "zero_point": -9}
        conv = {**shared, "dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
        scales = RANDOM.uniform(0.001, 0.01, count)
        yield case("CONV_2D", ("Conv2DOptions", conv), [
            tensor(**x), tensor((count, *kernel, depth), scale=scales, data=weights((count, *kernel, depth))),
            tensor((count,), "int32", np.float32(0.043) * np.float32(scales), data=bias(count)),
        ], tensor((1, *out, count), scale=0.11, zero_point=-128 if activation else 4))
        times = 1 + count % 3
        count = depth * times
        scales = RANDOM.uniform(0.002, 0.02, count)
        yield case("DEPTHWISE_CONV_2D", ("DepthwiseConv2DOptions", {**conv, "depthMultiplier": times}), [
            tensor(**x), tensor((1, *kernel, count), scale=scales, data=weights((1, *kernel, count))),
            tensor((count,), "int32", np.float32(0.043) * np.float32(scales), data=bias(count)),
        ], tensor((1, *out, count), scale=0.07, zero_point=-20))
        if dilation == (1, 1):
            pool = ("Pool2DOptions", {**shared, "filterHeight": kernel[0], "filterWidth": kernel[1]})
            for op in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
                yield case(op, pool, [tensor(**x)], tensor((1, *out, depth), scale=0.043, zero_point=-9))


def weights(shape):
    return RANDOM.integers(-127, 128, shape, np.int8)


def bias(count):
    return RANDOM.integers(-3000, 3000, count, np.int32)


def elementwise():
    """Two inputs; the last shapes broadcast."""
    for op, options in (("ADD", "AddOptions"), ("SUB", "SubOptions"), ("MUL", "MulOptions")):
        for shapes, scales, activation in (
            (((1, 3, 4, 5), (1, 3, 4, 5)), (0.05, 0.02, 0.07), 0),
            (((1, 3, 4, 5), (1, 3, 4, 5)), (0.9, 0.0007, 0.4), 1),
            (((1, 3, 4, 5), (1, 1, 1, 5)), (0.01, 0.3, 0.2), 3),
            (((1, 3, 1, 5), (1, 3, 4, 1)), (0.031, 0.032, 0.05), 0),
        ):
            shape = np.broadcast_shapes(*shapes)
            inputs = [tensor(s, scale=k, zero_point=z) for s, k, z in zip(shapes, scales, (7, -31))]
            yield case(op, (options, {"fusedActivationFunction": activation}), inputs,
                       tensor(shape, scale=scales[2], zero_point=-5))


def rows():
    """FULLY_CONNECTED, SOFTMAX, MEAN, ARG_MAX."""
    for count, k, batch, activation in ((10, 33, 1, 0), (3, 64, 4, 1), (1, 5, 1, 3)):
        yield case("FULLY_CONNECTED", ("FullyConnectedOptions", {"fusedActivationFunction": activation}), [
            tensor((batch, k), scale=0.02, zero_point=12),
            tensor((count, k), scale=0.006, data=weights((count, k))),
            tensor((count,), "int32", np.float32(0.02) * np.float32(0.006), data=bias(count)),
        ], tensor((batch, count), scale=0.09, zero_point=-3))
    for scale in (0.001, 0.0123, 0.05, 0.25, 1.0, 4.0):
        for classes, beta in ((2, 1.0), (10, 1.0), (130, 1.0), (7, 0.5)):
            values = random("int8", (3, classes))
            values[1] = values[1, 0]
            values[2, : classes // 2] = 127
            yield case("SOFTMAX", ("SoftmaxOptions", {"beta": beta}),
                       [tensor((3, classes), scale=scale, zero_point=3) | {"values": values}],
                       tensor((3, classes), scale=1 / 256, zero_point=-128))
    for axes, out in (((1, 2), (1, 1, 1, 6)), ((1,), (1, 1, 7, 6)), ((3,), (1, 5, 7, 1))):
        yield case("MEAN", ("ReducerOptions", {"keepDims": True}), [
            tensor((1, 5, 7, 6), scale=0.04, zero_point=17),
            tensor((len(axes),), "int32", None, data=np.array(axes, np.int32)),
        ], tensor(out, scale=0.031, zero_point=-8))


def resizes():
    """RESIZE_BILINEAR."""
    for size, out in (((4, 5), (8, 10)), ((7, 3), (4, 8)), ((5, 5), (5, 13)), ((2, 2), (1, 1))):
        for align, half in ((False, False), (True, False), (False, True)):
            fields = {"alignCorners": align, "halfPixelCenters": half}
            yield case("RESIZE_BILINEAR", ("ResizeBilinearOptions", fields), [
                tensor((1, *size, 3), scale=0.1, zero_point=2),
                tensor((2,), "int32", None, data=np.array(out, np.int32)),
            ], tensor((1, *out, 3), scale=0.1, zero_point=2))


def edges():
    """Between number types."""
    for kind, zero_point in (("int8", -7), ("int16", 0), ("uint8", 130)):
        for scale in (0.1, 0.0037, 1 / 256):
            values = np.concatenate([RANDOM.normal(0, 30 * scale, 40),
                                     scale * (RANDOM.integers(-100, 100, 40) + 0.5)]).astype(np.float32)
            if kind != "uint8":
                yield case("QUANTIZE", ("QuantizeOptions", {}),
                           [tensor((1, 80), "float32", None) | {"values": values.reshape(1, 80)}],
                           tensor((1, 80), kind, scale, zero_point))
            yield case("DEQUANTIZE", ("DequantizeOptions", {}), [tensor((1, 80), kind, scale, zero_point)],
                       tensor((1, 80), "float32", None))
    for one, other in (("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("int16", "int8"), ("int8", "int16")):
        for scale in (0.05, 0.0121):
            yield case("QUANTIZE", ("QuantizeOptions", {}),
                       [tensor((1, 60), one, 0.05 if one != "int16" else 0.0002, 0 if one == "int16" else 3)],
                       tensor((1, 60), other, scale, 0 if other == "int16" else 9))


def main():
    """Writes the file."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("tflite-micro", "tensorflow-cpu"))
    lines = [f"# Made by make_ops.py with {versions}. One case a line; make_ops.py says what its fields are."]
    for group in (windows, elementwise, rows, resizes, edges):
        for one in group():
            lines.append(json.dumps(one))
    Path(__file__).with_name("ops.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} cases")


if __name__ == "__main__":
    main()
