"""Sums of products in Einstein's notation, as dense layers where one operand is constant, else as batch_matmul."""

from __future__ import annotations

import math
import string
from dataclasses import dataclass

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder


@dataclass(frozen=True)
class Spec:
    """Letters of both operands and the output, without the batch."""

    left: str
    right: str
    output: str

    @property
    def batch(self) -> str:
        """Letters that all three have."""
        return "".join(c for c in self.output if c in self.left and c in self.right)

    @property
    def summed(self) -> str:
        """Letters that go away."""
        return "".join(c for c in self.left if c in self.right and c not in self.output)

    @property
    def rows(self) -> str:
        """Letters of the output that the left operand has alone."""
        return "".join(c for c in self.output if c in self.left and c not in self.right)

    @property
    def columns(self) -> str:
        """Letters of the output that the right operand has alone."""
        return "".join(c for c in self.output if c in self.right and c not in self.left)


def without_batch(equation: str, ranks: tuple[int, int], name: str, batched: tuple[bool, bool] = (True, False)) -> Spec:
    """The letters of an equation of two operands; ranks: of them, without the batch where they have one.

    The batch is the first letter of each operand that is `batched`, and of the output.
    """
    terms, arrow, output = equation.replace(" ", "").partition("->")
    parts = terms.split(",")
    if not arrow or len(parts) != 2:
        raise ConversionError(f"{name}: the equation {equation!r} has no output or not two operands.")
    spare = [c for c in string.ascii_letters if c not in equation]
    most = max(rank + with_batch - len(part.replace("...", "")) for part, rank, with_batch in zip(parts, ranks, batched))
    dots = "".join(spare[: max(most, 0)])

    def letters(part: str, rank: int) -> str:
        count = rank - len(part.replace("...", ""))
        return part.replace("...", dots[len(dots) - count :] if count else "")

    left, right = (letters(part, rank + bool(b)) for part, rank, b in zip(parts, ranks, batched))
    output = output.replace("...", dots)
    first = {term[:1] for term, b in ((left, batched[0]), (right, batched[1]), (output, True)) if b}
    if len(first) != 1:
        raise ConversionError(f"{name}: in {equation!r} the batch is not the first axis of every tensor.")
    left, right, output = left[batched[0] :], right[batched[1] :], output[1:]
    spec = Spec(left, right, output)
    known = set(spec.batch + spec.summed + spec.rows + spec.columns)
    doubled = any(len(set(term)) < len(term) for term in (left, right, output))
    if doubled or set(left + right + output) != known or not spec.summed:
        raise ConversionError(f"{name}: {equation!r} is no product of matrices; the engine has only those.")
    return spec


def _in_order(build: Builder, x: Tensor, letters: str, wanted: str, name: str) -> Tensor:
    """x with its axes as wanted."""
    perm = tuple(letters.index(c) for c in wanted)
    if perm == tuple(range(len(perm))):
        return x
    if x.data is not None:
        return build.constant(x.data.transpose(perm), name)
    return build.op("transpose", [x], [x.shape[axis] for axis in perm], name, perm=perm)


def by_constant(build: Builder, spec: Spec, x: Tensor, kernel: np.ndarray, bias: np.ndarray | None, name: str) -> Tensor:
    """x by a kernel; the bias broadcasts to the output's last axes."""
    if spec.batch:
        y = between(build, spec, x, build.constant(kernel, f"{name}/kernel"), f"{name}/product" if bias is not None else name)
        if bias is None:
            return y
        return build.op("add", [y, build.constant(bias, f"{name}/bias")], y.shape, name, activation=None)
    matrix = kernel.transpose([spec.right.index(c) for c in spec.summed + spec.columns])
    sizes = dict(zip(spec.left, x.shape)) | dict(zip(spec.right, kernel.shape))
    inputs = math.prod(sizes[c] for c in spec.summed)
    matrix = matrix.reshape(inputs, -1)
    x = _in_order(build, x, spec.left, spec.rows + spec.summed, f"{name}/moved")
    rows = tuple(sizes[c] for c in spec.rows)
    if len(spec.summed) != 1:
        x = build.op("reshape", [x], (*rows, inputs), f"{name}/flat")
    constants = [build.constant(matrix.T, f"{name}/kernel")]
    late = None
    if bias is not None:
        # The bias has its own letters among the output's; only those of columns are a dense layer's.
        full = (1,) * (len(spec.output) - bias.ndim) + bias.shape
        of_rows = [n for c, n in zip(spec.output, full) if c in spec.rows]
        if all(n == 1 for n in of_rows):
            shape = [sizes[c] if c in spec.columns else 1 for c in spec.output]
            wide = np.broadcast_to(bias.reshape(full), shape)
            order = [spec.output.index(c) for c in spec.rows + spec.columns]
            constants.append(build.constant(wide.transpose(order).reshape(-1), f"{name}/bias"))
        else:
            late = build.constant(bias.reshape(full), f"{name}/bias")
    made = (*rows, *(sizes[c] for c in spec.columns))
    y = build.op("fully_connected", [x, *constants], (*rows, matrix.shape[1]), f"{name}/dense", activation=None)
    y = build.op("reshape", [y], made, f"{name}/split")
    y = _in_order(build, y, spec.rows + spec.columns, spec.output, f"{name}/ordered")
    return y if late is None else build.op("add", [y, late], y.shape, name, activation=None)


def between(build: Builder, spec: Spec, a: Tensor, b: Tensor, name: str) -> Tensor:
    """The product of two tensors. Groups of several letters become one axis each, after a transpose where they lie apart."""
    sizes = dict(zip(spec.left, a.shape)) | dict(zip(spec.right, b.shape))
    for letters, x in ((spec.left, a), (spec.right, b)):
        if any(sizes[c] != n for c, n in zip(letters, x.shape)):
            raise ConversionError(f"{name}: multiplies tensors of {a.shape} and {b.shape}; their axes must be equally long.")
    batch = [spec.batch] if len(spec.batch) > 2 else list(spec.batch)
    a, left = _merged(build, a, spec.left, [*batch, spec.rows, spec.summed], f"{name}/left")
    b, right = _merged(build, b, spec.right, [*batch, spec.summed, spec.columns], f"{name}/right")
    parts = [*batch, spec.rows, spec.columns]
    lying = _lying(spec.output, parts) or list(range(len(parts)))
    shape = [math.prod(sizes[c] for c in parts[i]) for i in lying]
    output = tuple(lying.index(i) for i in range(len(parts)))
    y = build.op("batch_matmul", [a, b], shape, f"{name}/matrices", left=left, right=right, output=output)
    letters = "".join(parts[i] for i in lying)
    y = build.op("reshape", [y], [sizes[c] for c in letters], f"{name}/split")
    return _in_order(build, y, letters, spec.output, f"{name}/ordered")


def _lying(letters: str, groups: list[str]) -> list[int] | None:
    """The numbers of the groups as they follow each other in the letters, empty ones last; None where one is torn."""
    found = sorted(range(len(groups)), key=lambda i: letters.find(groups[i]) if groups[i] else len(letters))
    return found if "".join(groups[i] for i in found) == letters else None


def _merged(build: Builder, x: Tensor, letters: str, groups: list[str], name: str) -> tuple[Tensor, tuple[int, ...]]:
    """x with one axis for each group, and which that is."""
    lying = _lying(letters, groups)
    if lying is None:
        x = _in_order(build, x, letters, "".join(groups), f"{name}/moved")
        letters, lying = "".join(groups), list(range(len(groups)))
    sizes = dict(zip(letters, x.shape))
    shape = tuple(math.prod(sizes[c] for c in groups[i]) for i in lying)
    if shape != tuple(x.shape):
        x = build.constant(x.data.reshape(shape), name) if x.data is not None else build.op("reshape", [x], shape, name)
    return x, tuple(lying.index(i) for i in range(len(groups)))
