"""What a model gives for data as it is, in evaluation mode and unrecorded: its outputs, and how good they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd_core import no_grad

from .metrics import Metric
from .plumbing import bare, evaluating

CHUNK = 4096  # samples at a time


def outputs(model: Any, x: Any) -> Any:
    """The outputs for inputs, as one array."""
    with evaluating(model), no_grad():
        return np.concatenate([bare(model(x[i : i + CHUNK])) for i in range(0, max(len(x), 1), CHUNK)])


def measured(model: Any, loss: Any, metrics: Mapping[str, Metric], batches: Iterable[Any]) -> dict[str, Any]:
    """Loss and metrics over a whole set; ValueError where there are no batches."""
    parts, targets, total = [], [], 0.0
    with evaluating(model), no_grad():
        for x, t in batches:
            output = model(x)
            total += bare(loss(output, t)).item() * len(x)
            parts.append(bare(output))
            targets.append(t)
    if not parts:
        raise ValueError(
            "there is no data to measure: the batches ended before the first. Pass something that can be iterated anew"
        )
    output, target = np.concatenate(parts), np.concatenate(targets)
    return {"loss": total / len(target), **{name: f(output, target) for name, f in metrics.items()}}
