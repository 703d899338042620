"""Everything a .upm file says, as plain values: what `upyml dump` prints and `upyml report` counts with."""

from __future__ import annotations

import math
import struct
from typing import Any

from upyml.format import check, decode, layout, ops_recurrent, ops_wide
from upyml.format.explain import explain


def describe(file: bytes) -> dict[str, Any]:
    """Header, tensors, ops, metadata and test vectors by name.

    Raises ValueError, in one sentence, where the file is not a whole .upm file this version reads.
    """
    arena = check.check(file)
    if arena < 0:
        raise ValueError(explain(arena, file))
    head = decode.header(file)
    tensors = [_tensor(decode.tensor(file, head, i)) for i in range(head["tensor_count"])]
    ops = [_op(file, decode.op(file, head, i), tensors, i) for i in range(head["op_count"])]
    return {
        "file_size": head["file_size"],
        "format_version": head["format_version"],
        "engine_version": head["engine_version"],
        "crc32": f"{head['crc32']:08x}",
        "arena_size": max(arena, head["state_size"] + head["arena_size"]) + 3 & ~3,
        "state_size": head["state_size"],
        "data_size": head["data_size"],
        "signature_size": head["signature_size"],
        "inputs": list(decode.inputs(file, head)),
        "outputs": list(decode.outputs(file, head)),
        "metadata": decode.metadata(file, head),
        "tensors": tensors,
        "ops": ops,
        "vectors": [_vector(*decode.vector(file, head, i)) for i in range(head["vector_count"])],
    }


def _vector(seed: int, crcs) -> dict[str, Any]:
    return {"seed": seed, "crcs": [f"{crc:08x}" for crc in crcs]}


def _tensor(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": layout.KINDS[record["kind"]].lower(),
        "dtype": layout.DTYPES[record["dtype"]][0].lower(),
        "shape": list(record["shape"]),
        "scale": record["scale"],
        "zero_point": record["zero_point"],
        "offset": record["offset"],
        "bytes": decode.nbytes(record),
        "ring_rows": record["ring_rows"],
    }


def _op(file: bytes, record: dict[str, Any], tensors, number: int) -> dict[str, Any]:
    name, fields = layout.OPS[record["opcode"]]
    coded = record["opcode"] in layout.CODED
    left_out = ("reserved",) if coded else ("reserved", "coding")
    params = {key: record["params"][key] for key, _ in fields if key not in left_out}
    x, y = tensors[record["inputs"][0]], tensors[record["outputs"][0]]
    wide = x["dtype"] == "int16"
    weights, macs = _cost(file, name.removesuffix("_16"), params, x["shape"], y["shape"], wide)
    if name == "BATCH_MATMUL":  # the length of the axis that goes away
        macs = math.prod(y["shape"]) * (*x["shape"], 1, 1, 1, 1)[params["left"][3]]
    coding = layout.CODINGS[params["coding"]].lower() if coded else ""
    return {
        "number": number,
        "op": name.lower(),
        "inputs": list(record["inputs"]),
        "outputs": list(record["outputs"]),
        "order": layout.ORDERS[record["order"]].lower(),
        "fused": record["fused"],
        "strip": record["strip"],
        "top": record["top"],
        "coding": coding,  # of weights that may have several
        "macs": macs,
        "constant_bytes": weights
        + sum(tensors[i]["bytes"] for i in record["inputs"] if tensors[i]["kind"] == "constant"),
        "params": params,
    }


def _weight_bytes(file: bytes, p: dict[str, Any], rows: int, run: int, blocks: int) -> int:
    """Of a CONV2D's or FULLY_CONNECTED's weights, a run of k in each kernel row."""
    coding = p.get("coding", layout.INT8_WEIGHTS)
    if coding == layout.SPARSE_WEIGHTS:
        return struct.unpack_from("<I", file, p["weights"] + 4 * blocks)[0]  # where the last block ends
    if coding == layout.INT4_WEIGHTS:
        return 16 * blocks * rows * -(-run // 8)
    return 16 * blocks * rows * -(-run // 4)


def _phases_cost(file: bytes, p: dict[str, Any], x: list[int], y: list[int]) -> tuple[int, int]:
    """As _cost(), of the convolutions that a transposed one is."""
    fields = layout.OPS[layout.CONV2D][1]
    height, width, channels = ([1, 1] + y)[-3:]
    weights = macs = 0
    for number in range(p["stride_h"] * p["stride_w"]):
        row, column = divmod(number, p["stride_w"])
        out = [-(-(height - row) // p["stride_h"]), -(-(width - column) // p["stride_w"]), channels]
        own = decode.record(fields, file, p["phases"] + number * decode.size(fields))
        costs = _cost(file, "CONV2D", own, x, out)
        weights, macs = weights + costs[0] + decode.size(fields), macs + costs[1]
    return weights, macs


def _cost(file: bytes, name: str, p: dict[str, Any], x: list[int], y: list[int], wide: bool = False) -> tuple[int, int]:
    """(bytes of weights, biases and tables in the file; multiply-accumulates of a run). wide: of int16 activations."""

    def four(n):
        return n + -n % 4

    channels, size = y[-1], math.prod(y)
    blocks = four(channels) // 4
    if name == "TABLE":
        return 2 * ops_wide.TABLE_16_ENTRIES if wide else 256, 0
    if name == "SOFTMAX" and wide:
        return 4 * ops_wide.TABLE_16_ENTRIES, 0
    if name == "LAYER_NORM":
        return 6 * p["count"], 0
    if name == "RESIZE_NEAREST":
        return 2 * sum(([1, 1] + y)[-3:-1]), 0
    if name == "CONV2D":
        macs = p["kernel_h"] * p["kernel_w"] * x[-1] * size
        weights = _weight_bytes(file, p, p["kernel_h"], p["kernel_w"] * x[-1], blocks)
    elif name == "DEPTHWISE_CONV2D":
        macs = p["kernel_h"] * p["kernel_w"] * size
        weights = 4 * blocks * four(p["kernel_h"] * p["kernel_w"])
    elif name == "TRANSPOSE_CONV2D":
        return _phases_cost(file, p, x, y)
    elif name == "FULLY_CONNECTED":
        inputs = math.prod(x) * channels // size
        weights, macs = _weight_bytes(file, p, 1, inputs, blocks), inputs * size
    elif name in ops_recurrent.NAMES:
        gates = ops_recurrent.GATES[layout.opcode(name)]
        channels = four(gates * y[-1])
        weights = channels * (four(x[-1]) + four(y[-1]) + 2 * (13 if wide else 10)) + ops_recurrent.TABLE_BYTES
        return weights, x[0] * gates * y[-1] * (x[-1] + y[-1])
    else:
        return 0, 0
    count = four(channels) if p.get("per_channel", 1) else 1
    return weights + (8 if wide else 4) * four(channels) + 4 * count + (1 if wide else 2) * four(count), macs
