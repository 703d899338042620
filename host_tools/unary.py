"""Functions of one number: the ops that change each element by itself.

One table for everybody who needs their values: the float runtime, and the tables that int8 ops are lowered to.
A function takes an array of real values and the op's attributes and gives real values of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

TINY = 1e-6  # what stands for 0 where a function has no value there
Function = Callable[[np.ndarray, dict[str, Any]], np.ndarray]


def _logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow for large negative x."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _elu(x: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _threshold_relu(x: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    """x from the threshold on, below it slope * (x - threshold), never above `max_value` (None: no limit)."""
    y = np.where(x >= attrs["threshold"], x, attrs["negative_slope"] * (x - attrs["threshold"]))
    return y if attrs["max_value"] is None else np.minimum(y, attrs["max_value"])


def _gelu(x: np.ndarray, approximate: bool) -> np.ndarray:
    """Gaussian error linear unit, with erf by the rational fit 7.1.26 of Abramowitz and Stegun (error < 1.5e-7).

    approximate: Keras's other form, with tanh, which differs from it by up to 5e-4.
    """
    if approximate:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    z = np.abs(x) / np.sqrt(2.0)
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return 0.5 * x * (1 + erf)


def _power(x: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    exponent = attrs["exponent"]
    x = x if float(exponent).is_integer() else np.maximum(x, 0)
    return np.power(np.where(np.abs(x) < TINY, TINY, x), exponent) if exponent < 0 else np.power(x, exponent)


FUNCTIONS: dict[str, Function] = {
    "relu": lambda x, attrs: np.maximum(x, 0),
    "relu6": lambda x, attrs: np.clip(x, 0, 6),
    "clip": lambda x, attrs: np.clip(x, attrs["low"], attrs["high"]),
    "leaky_relu": lambda x, attrs: np.where(x >= 0, x, attrs["alpha"] * x),
    "threshold_relu": _threshold_relu,
    "logistic": lambda x, attrs: _logistic(x),
    "tanh": lambda x, attrs: np.tanh(x),
    "hard_swish": lambda x, attrs: x * np.clip(x + 3, 0, 6) / 6,
    "hard_sigmoid": lambda x, attrs: np.clip(x + 3, 0, 6) / 6,
    "silu": lambda x, attrs: x * _logistic(x),
    "elu": lambda x, attrs: _elu(x, attrs["alpha"]),
    "selu": lambda x, attrs: 1.0507009873554805 * _elu(x, 1.6732632423543772),
    "gelu": lambda x, attrs: _gelu(x, attrs.get("approximate", False)),
    "softplus": lambda x, attrs: _softplus(x),
    "softsign": lambda x, attrs: x / (1 + np.abs(x)),
    "exp": lambda x, attrs: np.exp(x),
    "affine": lambda x, attrs: x * attrs["scale"] + attrs["offset"],
    "abs": lambda x, attrs: np.abs(x),
    "neg": lambda x, attrs: -x,
    "square": lambda x, attrs: np.square(x),
    "sqrt": lambda x, attrs: np.sqrt(np.maximum(x, 0)),  # outside of their domain these take its nearest number
    "rsqrt": lambda x, attrs: 1 / np.sqrt(np.maximum(x, TINY)),
    "reciprocal": lambda x, attrs: 1 / np.where(np.abs(x) < TINY, TINY, x),
    "log": lambda x, attrs: np.log(np.maximum(x, TINY)),
    "sin": lambda x, attrs: np.sin(x),
    "cos": lambda x, attrs: np.cos(x),
    "ceil": lambda x, attrs: np.ceil(x),
    "floor": lambda x, attrs: np.floor(x),
    "round": lambda x, attrs: np.rint(x),
    "sign": lambda x, attrs: np.sign(x),
    "log_sigmoid": lambda x, attrs: -_softplus(-x),
    "tanh_shrink": lambda x, attrs: x - np.tanh(x),
    "soft_shrink": lambda x, attrs: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "hard_shrink": lambda x, attrs: np.where(np.abs(x) > 0.5, x, 0),
    "squareplus": lambda x, attrs: (x + np.sqrt(np.square(x) + 4)) / 2,
    "sparse_plus": lambda x, attrs: np.where(np.abs(x) < 1, np.square(x + 1) / 4, np.maximum(x, 0)),
    "sparse_sigmoid": lambda x, attrs: np.clip((x + 1) / 2, 0, 1),
    "pow": _power,
}


def activate(x: np.ndarray, activation: Any) -> np.ndarray:
    """Apply the activation fused into an op: None, "relu", "relu6" or (lowest, highest) real value."""
    if activation is None:
        return x
    low, high = limits(activation)
    return np.clip(x, low, high)


def limits(activation: Any) -> tuple[float, float]:
    """The lowest and highest real value that a fused activation lets through."""
    if activation is None:
        return (-np.inf, np.inf)
    if isinstance(activation, str):
        return {"relu": (0.0, np.inf), "relu6": (0.0, 6.0)}[activation]
    return activation
