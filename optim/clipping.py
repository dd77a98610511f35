"""Clipping: gradients cut down before the step, so that one wild batch does not throw the parameters far away."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_core.modes import followed, observer
from autograd_core.tensor import Tensor

from .settings import NOT_NEGATIVE, check


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients by one factor, so that together they are no longer than max_norm; returns how long they were.

    The length is that of all gradients as one vector, by the norm of order norm_type (math.inf: the largest number); the
    factor is max_norm/(length + 1e-6) where that is below 1. torch.nn.utils.clip_grad_norm_; source: Pascanu, Mikolov &
    Bengio 2013, arXiv 1211.5063. ValueError for a length that is no number, if error_if_nonfinite.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * np.array([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_([w], 1.0), w.grad.value.round(3)
    (5.0, array([0.6, 0.8]))
    """
    check({"max_norm": max_norm}, {"max_norm": NOT_NEGATIVE})
    order = {"norm_type": norm_type}
    check(order, {"norm_type": (lambda v: v > 0, "above 0")})
    owners = _with_gradient(parameters)
    lengths = [float(np.linalg.norm(np.ravel(g), norm_type)) for _, g in owners]
    total = float(np.linalg.norm(lengths, norm_type)) if lengths else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise ValueError(
            f"the gradients are {total} long and cannot be clipped: look for NaN, or a rate that is too high"
        )
    factor = max_norm / (total + 1e-6)
    if not factor >= 1:
        for p, g in owners:
            p.gradient = g * factor
    return total


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Clip every number of every gradient to ±clip_value (torch.nn.utils.clip_grad_value_).

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * np.array([3.0, -0.5])).sum().backward()
    >>> clip_grad_value_([w], 1.0); w.grad
    Tensor([ 1. , -0.5])
    """
    check({"clip_value": clip_value}, {"clip_value": NOT_NEGATIVE})
    for p, g in _with_gradient(parameters):
        p.gradient = np.clip(g, -clip_value, clip_value)


def _with_gradient(parameters: Any) -> list[tuple[Tensor, Any]]:
    """The parameters that have a gradient, each with its bare array."""
    owners: Iterable[Tensor] = [parameters] if isinstance(parameters, Tensor) else parameters
    found = [(p, p.gradient) for p in owners if p.gradient is not None]
    if found and followed():  # how long they are decides what is done: no program can say so
        observer().cut("clipping gradients", found[0][0])
    return [(p, g.value if isinstance(g, Tensor) else g) for p, g in found]
