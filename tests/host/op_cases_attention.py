"""Random models of one TFLite op each, of products of activations and look-ups; see op_cases.py."""

import numpy as np
from op_case_tools import activation, random_scale, same_as
from tflite_builder import TfliteBuilder


def batch_matmul(rng):
    """BATCH_MATMUL of three or four axes, transposed on either side, broadcast batches, now and then a constant."""
    b = TfliteBuilder()
    heads = [int(rng.integers(1, 4))] if rng.random() < 0.6 else []
    batches = [[1, *heads], [1, *heads]]
    if heads and rng.random() < 0.3:
        batches[int(rng.integers(2))] = [1, 1]
    rows, columns, depth = (int(n) for n in rng.integers(1, 14, 3))
    adj_x, adj_y = bool(rng.integers(2)), bool(rng.integers(2))
    left = (*batches[0], *((depth, rows) if adj_x else (rows, depth)))
    right = (*batches[1], *((columns, depth) if adj_y else (depth, columns)))
    x1 = activation(b, rng, left)
    constant = rng.random() < 0.2
    if constant:
        x2 = b.constant(rng.integers(-127, 128, right), "int8", random_scale(rng), 0)
    else:
        x2 = activation(b, rng, right)
    scales = [b.tensors[x]["scale"] for x in (x1, x2)]
    real = float(np.prod(scales)) * 80 * np.sqrt(depth) * rng.uniform(0.3, 2)
    batch = np.broadcast_shapes(*batches)
    y = activation(b, rng, (*batch, rows, columns), float(np.float32(real)))
    b.op("BATCH_MATMUL", [x1, x2], [y], "BatchMatMulOptions", AdjX=adj_x, AdjY=adj_y)
    return b.file([x1] if constant else [x1, x2], [y])


def gather(rng):
    """GATHER by constant indices along any axis."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 7, int(rng.integers(1, 4)))))
    axis = int(rng.integers(1, len(shape)))
    indices = rng.integers(0, shape[axis], tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(1, 3)))))
    x = activation(b, rng, shape)
    out = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    if len(out) > 4:
        return gather(rng)
    y = same_as(b, x, out)
    b.op("GATHER", [x, b.constant(indices)], [y], "GatherOptions", Axis=axis - (len(shape) if rng.random() < 0.3 else 0))
    return b.file([x], [y])


def neg(rng):
    """NEG between DEQUANTIZE and QUANTIZE, as the converter writes it, to the same scale or another."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 256), random_scale(rng))
    a, c = b.tensor((1, 256), "float32"), b.tensor((1, 256), "float32")
    y = activation(b, rng, (1, 256), b.tensors[x]["scale"] * float(rng.choice([1.0, rng.uniform(0.5, 2)])))
    b.op("DEQUANTIZE", [x], [a], "DequantizeOptions")
    b.op("NEG", [a], [c], "NegOptions")
    b.op("QUANTIZE", [c], [y], "QuantizeOptions")
    return b.file([x], [y])


CASES = {"batch_matmul": batch_matmul, "gather": gather, "neg": neg}
