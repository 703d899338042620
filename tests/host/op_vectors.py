"""The cases of tests/vectors/ops.txt as .upm files of one op.

The parameters are worked out here from the scales, apart from the converter: a mistake in one shows against the other.
"""

import json
import math
from pathlib import Path

import numpy as np
from small_models import quantized_multiplier

from upyml.format import encode, layout

VECTORS = Path(__file__).parents[1] / "vectors" / "ops.txt"
DTYPES = {"int8": layout.INT8, "uint8": layout.UINT8, "int16": layout.INT16, "int32": layout.INT32,
          "float32": layout.FLOAT32}


def read():
    """All cases, as dicts."""
    return [json.loads(line) for line in VECTORS.read_text().splitlines()[1:]]


def values(part):
    """A tensor's numbers with its shape."""
    kind = np.dtype(part["type"]).newbyteorder("<")
    return np.frombuffer(bytes.fromhex(part["data"]), kind).reshape(part["shape"])


def scale(part):
    """A tensor's only scale."""
    return part["scale"][0] if part["scale"] else 0.0


def model(case):
    """(bytes of the .upm file, raw bytes of each input); inputs lie one after another, padded to four bytes."""
    live = [part for part in case["inputs"] if not part["constant"]]
    tensors, end = [], 0
    for part in [*live, case["output"]]:
        rows = case["op"] in ("FULLY_CONNECTED", "SOFTMAX")  # their batch becomes rows
        shape = tuple(part["shape"]) if rows else tuple(part["shape"][1:])
        tensors.append({"kind": layout.ARENA, "dtype": DTYPES[part["type"]], "shape": shape, "scale": scale(part),
                        "zero_point": part["zero_point"], "offset": end})
        end += (len(part["data"]) // 2 + 3) // 4 * 4
    name, params = LOWERED[case["op"]](case)
    op = {"opcode": layout.opcode(name), "order": layout.DISJOINT, "top": end,
          "inputs": list(range(len(live))), "outputs": [len(live)], "params": params}
    file = encode.encode(tensors, [op], range(len(live)), [len(live)], {})
    return file, [bytes.fromhex(part["data"]) for part in live]


def clamps(case):
    """clamp_min and clamp_max of the fused activation (0 none, 1 relu, 3 relu6)."""
    kind, y = case["options"]["fusedActivationFunction"], case["output"]
    low, high = -128, 127
    if kind:
        low = max(low, y["zero_point"])
    if kind == 3:
        high = min(high, y["zero_point"] + math.floor(6 / scale(y) + 0.5))
    return {"clamp_min": low, "clamp_max": high}


def window(case, kernel):
    """The fields that convolution and pooling share."""
    o, shape, out = case["options"], case["inputs"][0]["shape"], case["output"]["shape"]
    stride, dilation = (o["strideH"], o["strideW"]), (o.get("dilationHFactor", 1), o.get("dilationWFactor", 1))
    pads = [max(0, (n - 1) * s + (k - 1) * d + 1 - m) // 2 if o["padding"] == 0 else 0
            for n, s, k, d, m in zip(out[1:3], stride, kernel, dilation, shape[1:3])]
    return {"kernel_h": kernel[0], "kernel_w": kernel[1], "stride_h": stride[0], "stride_w": stride[1],
            "dilation_h": dilation[0], "dilation_w": dilation[1], "pad_top": pads[0], "pad_left": pads[1],
            **clamps(case)}


def channels(case, weights):
    """The block of bias, multipliers, shifts and accumulator bits; weights of shape (output channels, K)."""
    x, w, b = case["inputs"]
    pairs = [quantized_multiplier(scale(x) * s / scale(case["output"])) for s in w["scale"]]
    bias = values(b).astype(np.int64) - x["zero_point"] * weights.astype(np.int64).sum(1)
    bits = encode.accumulator_bits(weights, bias)
    return encode.pack_channels(bias, [m for m, _ in pairs], [s for _, s in pairs], bits)


def conv_2d(case):
    w = values(case["inputs"][1])
    block = channels(case, w.reshape(len(w), -1))
    return "CONV2D", {**window(case, w.shape[1:3]), "weights": encode.pack_conv2d(w), "channels": block}


def depthwise_conv_2d(case):
    w = values(case["inputs"][1])[0]
    return "DEPTHWISE_CONV2D", {
        **window(case, w.shape[:2]), "weights": encode.pack_depthwise(w),
        "multiplier": case["options"]["depthMultiplier"],
        "channels": channels(case, w.reshape(-1, w.shape[2]).T),
    }


def fully_connected(case):
    w = values(case["inputs"][1])
    return "FULLY_CONNECTED", {"weights": encode.pack_weights(w), "per_channel": int(len(w) == 1), **clamps(case),
                               "channels": channels(case, w)}


def pool(name):
    def lower(case):
        return name, window(case, (case["options"]["filterHeight"], case["options"]["filterWidth"]))

    return lower


def sum_of(name):
    def lower(case):
        x1, x2, y = (scale(part) for part in (*case["inputs"], case["output"]))
        twice = 2 * max(x1, x2)
        m1, s1 = quantized_multiplier(x1 / twice)
        m2, s2 = quantized_multiplier(x2 / twice)
        m, s = quantized_multiplier(twice / ((1 << 20) * y))
        return name, {"multiplier1": m1, "shift1": s1, "multiplier2": m2, "shift2": s2, "multiplier": m, "shift": s,
                      "left_shift": 20, **clamps(case)}

    return lower


def mul(case):
    x1, x2, y = (scale(part) for part in (*case["inputs"], case["output"]))
    m, s = quantized_multiplier(x1 * x2 / y)
    return "MUL", {"multiplier": m, "shift": s, **clamps(case)}


def mean(case):
    """TFLite Micro divides the multiplier by the count, after a shift to the left that keeps its bits."""
    x, axes = case["inputs"]
    shape, axes = x["shape"], sorted(values(axes).tolist())
    count = math.prod(shape[axis] for axis in axes)
    m, s = quantized_multiplier(scale(x) / scale(case["output"]))
    bits = min(int(math.log2(count)), 32, 31 + s)
    return "MEAN", {"outer": math.prod(shape[: axes[0]]), "count": count, "inner": math.prod(shape[axes[-1] + 1 :]),
                    "multiplier": (m << bits) // count, "shift": s - bits, "clamp_min": -128, "clamp_max": 127}


def softmax(case):
    real = min(case["options"]["beta"] * scale(case["inputs"][0]) * (1 << 26), (1 << 31) - 1)
    m, s = quantized_multiplier(real)
    return "SOFTMAX", {"multiplier": m, "shift": s, "diff_min": -math.floor(31 * (1 << 26) / (1 << s))}


def resize_bilinear(case):
    o = case["options"]
    return "RESIZE_BILINEAR", {"align_corners": int(o["alignCorners"]),
                               "half_pixel_centers": int(o["halfPixelCenters"])}


def quantize(case):
    x, y = case["inputs"][0], case["output"]
    if x["type"] == "float32":
        return "QUANTIZE", {}
    m, s = quantized_multiplier(scale(x) / scale(y))
    return "REQUANTIZE", {"multiplier": m, "shift": s}


def dequantize(case):
    return "DEQUANTIZE", {}


# TFLite op -> function(case) -> (our op, its parameters).
LOWERED = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": pool("MAX_POOL"),
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL"),
    "ADD": sum_of("ADD"),
    "SUB": sum_of("SUB"),
    "MUL": mul,
    "MEAN": mean,
    "SOFTMAX": softmax,
    "RESIZE_BILINEAR": resize_bilinear,
    "QUANTIZE": quantize,
    "DEQUANTIZE": dequantize,
}
