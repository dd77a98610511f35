"""What targets of classes say, in the one form that losses compute with: rows like those of the outputs."""

from __future__ import annotations

from typing import Any, Literal

from autograd_core.ops import losses as rows

from .activations import log_softmax, sigmoid, softmax, softplus
from .losses import _matched

Activation = Literal["softmax", "sigmoid"]


def code(name: str, output: Any, target: Any) -> Any:
    """Class indices as one-hot rows, one-hot rows and probabilities as they are; in the output's dtype.

    ValueError for labels that are no class, for indices that are no integers, and for shapes that do not go together.
    """
    if target.dtype.kind in "iu":
        if output.ndim == 1 and not target.ndim:
            return rows.one_hot(target.reshape(1), output.reshape(1, -1)).reshape(-1)
        return rows.one_hot(target, output)
    if target.ndim == output.ndim - 1:
        raise ValueError(f"class indices are integers, and these targets are {target.dtype}: write target.astype(int)")
    return _matched(f"{name} with probabilities as targets", output, target)


def columns(output: Any, target: Any) -> tuple[Any, Any]:
    """One output a sample, (n,), as rows of one, (n, 1), and so its target."""
    if output.ndim > 1 or target.ndim != output.ndim:
        return output, target
    return output.reshape(*output.shape, 1), target.reshape(*target.shape, 1)


def coded(name: str, logits: Any, target: Any, activation: Activation) -> tuple[Any, Any]:
    """Logits and targets as rows. Outputs (n,) are one sample's for softmax, n samples' for the sigmoid."""
    if activation not in ("softmax", "sigmoid"):
        raise ValueError(f'activation is "softmax" or "sigmoid"; it is {activation!r}')
    if activation == "sigmoid" and logits.shape == target.shape:
        return columns(logits, _matched(name, logits, target))
    if not logits.ndim:
        raise ValueError(f'{name} got a single number, of which softmax makes nothing: write activation="sigmoid"')
    return logits, code(name, logits, target)


def probabilities(logits: Any, activation: Activation) -> Any:
    """softmax(z) or σ(z)."""
    return softmax(logits) if activation == "softmax" else sigmoid(logits)


def log_probabilities(logits: Any, activation: Activation) -> Any:
    """ln softmax(z) or ln σ(z), which is finite where p itself has become 0."""
    return log_softmax(logits) if activation == "softmax" else -softplus(-logits)


def signs(name: str, output: Any, target: Any) -> tuple[Any, Any]:
    """Outputs and targets of ±1 as rows; class indices make rows with one +1. ValueError for other numbers."""
    if output.shape == target.shape:
        output, target = columns(output, _matched(name, output, target))
    else:
        target = code(name, output, target)
    return output, rows.signs(target)
