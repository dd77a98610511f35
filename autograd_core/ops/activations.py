"""Activations: numerically safe in every range, with the slopes at kinks that docs/kinks.md lists.

A row that is not computed as it is defined carries its `definition` in primitives: tests hold the two equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import row
from .reductions import largest
from .samples import binary, shaped, unary

relu = row(
    # y is never negative, so its sign is the step from 0 to 1, in the dtype of y: y > 0 would mix truth values in
    lambda a: np.maximum(a, 0), name="relu", elementwise=True, a=lambda g, y: g * np.sign(y), latex=r"\operatorname{relu}(a)",
    samples=unary(0.2, 2.0), words="the gradient passes where the unit is on, and nothing where it is off",
)  # fmt: skip


def _leaky(a: Any, slope: Any) -> Any:
    return np.maximum(a, 0) + slope * np.minimum(a, 0)  # one of the two is 0: exact, and in half the time of where


leaky_relu = row(
    lambda a, slope=0.01: _leaky(a, slope), name="leaky_relu", elementwise=True, params={"slope": 0.01},
    a=lambda g, a, slope: np.where(a > 0, g, g * slope),
    definition=lambda a, slope=0.01: np.where(a > 0, a, a * slope), latex=r"\operatorname{leaky}(a)",
    samples=unary(slope=0.1), words="the gradient passes whole where the unit is on, scaled by the slope where it is off",
)  # fmt: skip
prelu = row(
    _leaky, name="prelu", elementwise=True,
    a=lambda g, a, slope: np.where(a > 0, g, g * slope), slope=lambda g, a: g * np.minimum(a, 0),
    definition=lambda a, slope: np.where(a > 0, a, a * slope), latex=r"\operatorname{prelu}(a, slope)",
    samples=binary((-2.0, 2.0), (0.1, 0.5)),
    words="as of a leaky relu; the slope gets the gradient times the input where the unit is off",
)  # fmt: skip
elu = row(
    lambda a, alpha=1.0: np.maximum(a, 0) + alpha * np.expm1(np.minimum(a, 0)), name="elu", elementwise=True, params={"alpha": 1.0},
    a=lambda g, a, y, alpha: np.where(a > 0, g, g * (y + alpha)),
    definition=lambda a, alpha=1.0: np.where(a > 0, a, alpha * (np.exp(a) - 1)), latex=r"\operatorname{elu}(a)",
    samples=unary(alpha=0.75), words="the gradient passes whole where the unit is on; below, α·eᵘ is the output plus α",
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
    # e^a alone would overflow on the right; np.logaddexp does the same in twice the time
    lambda a: np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))), name="softplus", elementwise=True,
    a=lambda g, a: g * sigmoid(a), definition=lambda a: np.log(1 + np.exp(a)), latex=r"\ln(1 + e^{a})",
    samples=unary(-4.0, 4.0), words="the slope of ln(1 + eᵘ) is σ(u)",
)  # fmt: skip


def _swish(a: Any, beta: Any) -> Any:
    s = _sigmoid(a * beta)
    return a * s, s


def _mish(a: Any) -> Any:
    e = np.exp(np.minimum(a, 20))  # further right, t is 1 to the last digit
    t = e * (e + 2)
    t = t / (t + 2)  # tanh(ln(1 + eᵃ)) with one exponential in place of three functions
    return a * t, t


swish = row(
    _swish, elementwise=True, saved={"s": lambda a, beta: sigmoid(a * beta)},
    a=lambda g, y, s, beta: g * (s + beta * y * (1 - s)), beta=lambda g, a, y, s: g * a * y * (1 - s),
    definition=lambda a, beta: a / (1 + np.exp(-beta * a)), latex=r"a \cdot \sigma(beta \cdot a)", text="a·σ(beta·a)", binds="*",
    samples=binary((-0.5, 3.0), (0.5, 2.0)),
    words="with s = σ(β·u): the gate s itself, and the input times the slope of the gate",
)  # fmt: skip
mish = row(
    _mish, elementwise=True, saved={"t": lambda a: np.tanh(softplus(a))},
    a=lambda g, a, t: g * (t + a * (1 - t * t) * sigmoid(a)),
    definition=lambda a: a * np.tanh(np.log(1 + np.exp(a))), latex=r"a \cdot \tanh(\ln(1 + e^{a}))", text="a·tanh(ln(1 + exp(a)))",
    binds="*", samples=unary(-4.0, 4.0),
    words="with t = tanh(ln(1 + eᵘ)): the gate t itself, and the input times the slope of the gate",
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
