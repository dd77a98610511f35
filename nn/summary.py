"""A model at a glance: its layers, the shape that each gives to an input, and how many numbers it learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core import no_grad

if TYPE_CHECKING:
    from .module import Module


def table(model: Module, x: Any = None) -> str:
    """What `Module.summary` gives."""
    shapes: dict[Module, str] = {}
    layers = [(path, m) for path, m in model.named_modules() if not list(m.named_children())]
    x = example(model) if x is None else x
    if x is not None:
        _observe(model, {m for _, m in layers}, x, shapes)
    rows = [("layer", "output", "parameters")]
    for path, layer in layers:
        count = sum(p.size for p in layer.parameters())
        rows.append((f"{path}: {layer}" if path else repr(layer), shapes.get(layer, "?"), f"{count:,}"))
    total = sum(p.size for p in model.parameters())
    trained = sum(p.size for p in model.parameters() if p.requires_grad)
    rows.append(("total" if total == trained else f"total ({trained:,} trained)", "", f"{total:,}"))
    a, b, c = (max(len(row[i]) for row in rows) for i in range(3))
    lines = [f"{r[0]:<{a}}  {r[1]:<{b}}  {r[2]:>{c}}" for r in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def example(model: Module) -> Any:
    """Two samples of zeros of the length that the first layer with parameters asks for; None where it does not say."""
    first = next((m for m in model.modules() if list(m.parameters()) and not list(m.named_children())), None)
    features = getattr(first, "in_features", None)
    if first is None or not features or getattr(first, "kernel_size", None) is not None:
        return None
    return np.zeros((2, features), next(first.parameters()).dtype)


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """The model in evaluation and unrecorded; afterwards each module is in its own mode again."""
    before = {module: module.training for module in model.modules()}
    try:
        with no_grad():
            model.eval()
            yield
    finally:
        for module, mode in before.items():
            module.training = mode


def _observe(model: Module, layers: set[Module], x: Any, shapes: dict[Module, str]) -> None:
    """Run the model once, in evaluation mode and unrecorded, and note the shape that each layer gives."""

    def noting(layer: Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*inputs: Any) -> Any:
            out = forward(*inputs)
            shapes[layer] = str(("batch", *out.shape[1:])).replace("'", "").replace(",)", ")")
            return out

        return noted

    for layer in layers:
        layer.forward = noting(layer, layer.forward)  # type: ignore[method-assign]
    try:
        with evaluating(model):
            model(x)
    finally:
        for layer in layers:
            del layer.forward
