"""Metrics: how good outputs are in the user's terms, computed over a whole set at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Metric = Callable[[Any, Any], float]


def accuracy(output: Any, target: Any) -> float:
    """The share of samples whose largest logit is the true class; with one logit, whose sign is.

    >>> accuracy(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    0.5
    """
    if output.ndim == 2 and output.shape[1] > 1:
        target = target.ravel() if target.size == len(output) else target.argmax(axis=1)
        return float((output.argmax(axis=1) == target).mean())
    return float(((output > 0).ravel() == (target > 0.5).ravel()).mean())


def r2(output: Any, target: Any) -> float:
    """The share of the targets' variance that is explained, averaged over outputs: 1 is perfect, 0 is the mean's.

    Targets that do not vary count 1 if they are met and 0 if not, as in scikit-learn.

    >>> r2(np.array([1.0, 2.0]), np.array([1.0, 2.0])), r2(np.array([1.5, 1.5]), np.array([1.0, 2.0]))
    (1.0, 0.0)
    """
    output, target = np.float64(output).reshape(len(target), -1), np.float64(target).reshape(len(target), -1)
    left, total = ((target - output) ** 2).sum(axis=0), ((target - target.mean(axis=0)) ** 2).sum(axis=0)
    share = np.where(total > 0, left / np.where(total > 0, total, 1), left > 0)
    return float(1 - share.mean())


def mae(output: Any, target: Any) -> float:
    """The mean absolute error."""
    return float(np.abs(output.reshape(target.shape) - target).mean())


METRICS: dict[str, Metric] = {"accuracy": accuracy, "r2": r2, "mae": mae}


def get(metrics: Any) -> dict[str, Metric]:
    """Metrics by their names, or functions of (outputs, targets) by theirs; ValueError for a name that is not there."""
    chosen: dict[str, Metric] = {}
    for metric in metrics:
        if isinstance(metric, str):
            if metric not in METRICS:
                raise ValueError(
                    f"there is no metric {metric!r}; there are {', '.join(METRICS)}, and functions of (outputs, targets)"
                )
            chosen[metric] = METRICS[metric]
        else:
            chosen[metric.__name__] = metric
    return chosen
