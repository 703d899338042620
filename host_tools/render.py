"""Graphs and programs as text, for --dump-after."""

from __future__ import annotations

import numpy as np

from host_tools.graph import Graph, Tensor
from host_tools.program import Program


def text(made: Graph | Program) -> str:
    """One line for each op: what it makes, from what, with which attributes."""
    lines = [f"{'in':>5}  {_tensor(tensor)}" for tensor in made.inputs]
    if isinstance(made, Graph):
        for number, op in enumerate(made.ops):
            attrs = " ".join(f"{key}={value}" for key, value in op.attrs.items())
            lines.append(_line(number, op.kind, op.inputs, op.outputs, attrs))
    else:
        for number, step in enumerate(made.steps):
            attrs = " ".join(f"{key}={_value(value)}" for key, value in step.params.items() if key != "reserved")
            places = [made.offsets.get(made.base(tensor)) for tensor in step.outputs]
            if made.offsets:
                attrs = f"at={places[0]} order={step.order} top={step.top} {attrs}"
            lines.append(_line(number, step.kind, step.inputs, step.outputs, attrs))
    lines += [f"{'out':>5}  {_tensor(tensor)}" for tensor in made.outputs]
    return "\n".join(lines)


def _line(number, kind, inputs, outputs, attrs) -> str:
    return (
        f"{number:>5}  {', '.join(map(_tensor, outputs))} = {kind}({', '.join(map(_tensor, inputs))}) {attrs}".rstrip()
    )


def _value(value) -> str:
    if isinstance(value, list):  # of a transposed convolution
        return f"<{len(value)} convolutions>"
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def _tensor(tensor: Tensor) -> str:
    shape = "x".join(map(str, tensor.shape)) or "1"
    if tensor.scale is None:
        return f"{tensor.name}:{tensor.dtype}[{shape}]"
    scales = np.atleast_1d(tensor.scale)
    scale = f"{scales[0]:.4g}" if len(scales) == 1 else f"{scales.min():.4g}..{scales.max():.4g}"
    return f"{tensor.name}:{tensor.dtype}[{shape}]*{scale}{-tensor.zero_point:+d}"
