"""Activations: numerically safe in every range, with the slopes at kinks that docs/kinks.md lists.

A row that is not computed as it is defined carries its `definition` in primitives: tests hold the two equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import row
from .reductions import largest
from .samples import shaped, unary

relu = row(
    # y is never negative, so its sign is the step from 0 to 1, in the dtype of y: y > 0 would mix truth values in
    lambda a: np.maximum(a, 0), name="relu", elementwise=True, a=lambda g, y: g * np.sign(y), latex=r"\operatorname{relu}(a)",
    samples=unary(0.2, 2.0), words="the gradient passes where the unit is on, and nothing where it is off",
)  # fmt: skip
leaky_relu = row(
    lambda a, slope: np.where(a > 0, a, a * slope), name="leaky_relu", elementwise=True, params={"slope": 0.01},
    a=lambda g, a, slope: np.where(a > 0, g, g * slope), latex=r"\operatorname{leaky}(a)",
    samples=unary(slope=0.1), words="the gradient passes whole where the unit is on, scaled by the slope where it is off",
)  # fmt: skip


def _sigmoid(a: Any) -> Any:
    e = np.exp(-np.abs(a))  # never above 1: exp(-a) would overflow on the left, exp(a) on the right
    return np.where(a >= 0, 1, e)[()] / (1 + e)


sigmoid = row(
    _sigmoid, elementwise=True, a=lambda g, y: g * (y * (1 - y)), definition=lambda a: 1 / (1 + np.exp(-a)),
    latex=r"\sigma(a)", text="σ(a)", samples=unary(-4.0, 4.0),
    words="the slope of σ is σ·(1 − σ): at most a quarter, and next to nothing where it saturates",
)  # fmt: skip
softplus = row(
    lambda a: np.logaddexp(a, 0), name="softplus", elementwise=True, a=lambda g, a: g * sigmoid(a),
    definition=lambda a: np.log(1 + np.exp(a)), latex=r"\ln(1 + e^{a})", samples=unary(-4.0, 4.0),
    words="the slope of ln(1 + eᵘ) is σ(u)",
)  # fmt: skip


def _softmax(a: Any, axis: int = -1) -> Any:
    y = np.exp(a - largest(a, axis))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


softmax = row(
    _softmax, params={"axis": -1},
    a=lambda g, y, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True)),
    definition=lambda a, axis=-1: np.exp(a) / np.sum(np.exp(a), axis=axis, keepdims=True),
    latex=r"\operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each output depends on all inputs: the slope is y_k(δ_jk − y_j)",
)  # fmt: skip


def _log_softmax(a: Any, axis: int = -1) -> Any:
    y = a - largest(a, axis)  # first, so that large logits lose no digits
    return y - np.log(np.sum(np.exp(y), axis=axis, keepdims=True))


log_softmax = row(
    _log_softmax, params={"axis": -1},
    a=lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    definition=lambda a, axis=-1: a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True)),
    latex=r"\ln \operatorname{softmax}(a)", samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 0}), (((4,),), {})),
    words="each input gets its own gradient less its probability times the sum of all",
)  # fmt: skip
