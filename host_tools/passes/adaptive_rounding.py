"""Round the weights of a layer so that their errors cancel in its output.

Nearest rounding makes each weight's error least; what counts is the error of the sums. With the second moments H of the
layer's inputs, the squared error of an output is e H e' for the errors e of its weights. Weights are rounded one after
another, and each one's error is made up for by those that are still free (Frantar et al., 2022, "GPTQ"; after "Optimal
Brain Surgeon" of Hassibi and Stork, 1993); then each is moved to the best whole number that the others leave it, until
a few sweeps are done. The inputs are those that the quantized layers before really give, and the weights first take
back, as far as weights can, what went wrong there (the asymmetric form of Nagel et al., 2020, "Up or Down?").
A constant error does not count: the bias takes it back. Weights that are 0 (pruned ones) stay 0. Some samples are kept
out, to find layers for which the data is too little: they keep nearest rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools import float_ops
from host_tools.graph import Op

WINDOWS = 1 << 13  # of the image that the moments are taken of, at most
PROOF = 4  # each fourth sample is kept to prove that it is an improvement
BATCH = 8  # samples at a time: columns take kernel height * width as much memory as the image
FEWEST = 0.2  # windows for each value of one: with fewer all is chance
DAMPING = 0.01  # of the mean moment: what is added to each, for inputs that the data leaves out
BLOCK = 128  # weights after which the rest of the row is brought up to date, as one product of matrices
WIDEST = 2048  # inputs of an output that are dealt with together
SWEEPS = 3
TINY = 1e-30


@dataclass
class Moments:
    """Of the inputs of one op: a group for each input channel of a depthwise op, one group for other ops.

    own: (groups, K, K), covariance of the K inputs that an output reads, as the quantized layers before give them.
    drift: (groups, K, K), covariance of exact minus quantized (rows) with quantized inputs (columns).
    count: of the windows that they were taken of.
    """

    own: np.ndarray
    drift: np.ndarray
    count: int


def moments(op: Op, exact: np.ndarray, held: np.ndarray) -> tuple[Moments, Moments] | None:
    """The moments of an op's inputs on three quarters of the samples, to round by, and on the rest, to prove it by.

    exact and held: (n, *shape), as the float and the quantized layers before give them. None where there are
    too few windows to tell what the values of a window have in common.
    """
    proof = np.arange(len(held)) % PROOF == PROOF - 1
    windows = (~proof).sum() * (op.output.size // op.output.shape[-1])
    inputs = op.inputs[1].size // op.output.shape[-1]
    if not proof.any() or windows < FEWEST * inputs:
        return None
    return _moments(op, exact[~proof], held[~proof]), _moments(op, exact[proof], held[proof])


def _moments(op: Op, exact: np.ndarray, held: np.ndarray) -> Moments:
    windows = len(held) * (op.output.size // op.output.shape[-1])
    chance = np.random.default_rng(1)
    sums: list[np.ndarray] = []
    count = 0
    for start in range(0, len(held), BATCH):
        x, y = (float_ops.columns(op, part[start : start + BATCH]) for part in (held, exact))
        if windows > WINDOWS:
            chosen = np.sort(chance.permutation(x.shape[1])[: max(x.shape[1] * WINDOWS // windows, 1)])
            x, y = x[:, chosen], y[:, chosen]
        y = y - x
        parts = [part.astype(np.float64) for part in (x.sum(1), y.sum(1), _squares(x, x), _squares(y, x))]
        sums = [a + b for a, b in zip(sums, parts)] if sums else parts
        count += x.shape[1]
    mean, drift_mean, own, drift = (part / count for part in sums)
    return Moments(own - mean[:, :, None] * mean[:, None], drift - drift_mean[:, :, None] * mean[:, None], count)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.transpose(0, 2, 1) @ b


def round_rows(
    rows: np.ndarray, scale: np.ndarray, nearest: np.ndarray, seen: tuple[Moments, Moments], most: int
) -> np.ndarray:
    """Whole numbers in [-most, most], as float64, for rows of weights (outputs, K); scale: one for each output.

    Those of nearest rounding where these do no worse on the samples that adaptive rounding has not seen.
    """
    fit, proof = seen
    groups, wide = len(fit.own), rows.shape[-1]
    w, near = (part.reshape(groups, -1, wide) for part in (rows, nearest))
    s = np.asarray(scale, np.float64).reshape(groups, -1, 1)
    q = np.zeros(w.shape)
    for start in range(0, wide, WIDEST):
        part = slice(start, start + WIDEST)
        own, drift = _trusted(fit, part)
        zero = w[..., part] == 0
        wanted = w[..., part] + w[..., part] @ drift @ np.linalg.inv(own)
        q[..., part] = _sweep(_compensate(wanted, s, own, zero, most), wanted, s, own, zero, most)
    return (q if _error(w, q * s, proof) < _error(w, near * s, proof) else near).reshape(rows.shape)


def _trusted(seen: Moments, part: slice) -> tuple[np.ndarray, np.ndarray]:
    """own and drift of some inputs, less of what they seem to have in common the fewer windows tell so."""
    own, drift = seen.own[:, part, part], seen.drift[:, part, part]
    trust = seen.count / (seen.count + own.shape[1])
    eye = np.eye(own.shape[1])
    diagonal = np.diagonal(own, axis1=1, axis2=2)
    level = np.maximum(DAMPING * diagonal.mean(axis=1), TINY)[:, None, None]
    return trust * own + (1 - trust) * diagonal[:, None] * eye + level * eye, trust * drift


def _error(w: np.ndarray, rounded: np.ndarray, seen: Moments) -> float:
    """The outputs' mean squared error, but for what no weights change.

    W exact - Q held = W (exact - held) + (W - Q) held.
    """
    off = w - rounded
    return float(((off @ seen.own + 2 * (w @ seen.drift)) * off).sum())


def _compensate(w: np.ndarray, s: np.ndarray, own: np.ndarray, zero: np.ndarray, most: int) -> np.ndarray:
    """Round one weight after the other, those with the largest inputs first; the free ones make up for its error."""
    order = np.argsort(-np.diagonal(own, axis1=1, axis2=2), axis=1, kind="stable")
    back = np.argsort(order, axis=1)
    own = np.take_along_axis(np.take_along_axis(own, order[:, :, None], 1), order[:, None], 2)
    w, zero = (np.take_along_axis(part, order[:, None], 2) for part in (w, zero))
    factor = np.linalg.cholesky(np.linalg.inv(own)).transpose(0, 2, 1)  # upper: row j is what weight j does to later ones
    q = np.zeros(w.shape)
    count = w.shape[-1]
    for start in range(0, count, BLOCK):
        end = min(start + BLOCK, count)
        errors = np.zeros((*w.shape[:2], end - start))
        for j in range(start, end):
            whole = np.clip(np.rint(w[..., j] / s[..., 0]), -most, most)
            q[..., j] = np.where(zero[..., j], 0, whole)
            error = (w[..., j] - q[..., j] * s[..., 0]) / factor[:, j, j, None]
            w[..., j + 1 : end] -= error[..., None] * factor[:, None, j, j + 1 : end]
            errors[..., j - start] = error
        w[..., end:] -= errors @ factor[:, start:end, end:]
    return np.take_along_axis(q, back[:, None], 2)


def _sweep(q: np.ndarray, w: np.ndarray, s: np.ndarray, own: np.ndarray, zero: np.ndarray, most: int) -> np.ndarray:
    """Move each weight to the whole number that is best beside the others; the error never grows."""
    pull = (q * s - w) @ own  # half the slope of the error by each weight
    for _ in range(SWEEPS):
        before = q.copy()
        for start in range(0, q.shape[-1], BLOCK):
            end = min(start + BLOCK, q.shape[-1])
            here = pull[..., start:end].copy()
            for j in range(start, end):
                best = np.rint(q[..., j] - here[..., j - start] / (own[:, j, j, None] * s[..., 0]))
                step = np.where(zero[..., j], 0, np.clip(best, -most, most) - q[..., j])
                q[..., j] += step
                here += (step * s[..., 0])[..., None] * own[:, None, j, start:end]
            pull += ((q - before)[..., start:end] * s) @ own[:, start:end]
        if (q == before).all():
            break
    return q
