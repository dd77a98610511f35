"""A look at the layers of a network, by one forward and one backward pass that leave everything as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core import Tensor, backprop, no_grad

from . import generators
from .health import Row
from .plumbing import bare
from .stepping import clipping, needs_more

FLAT = 0.05  # of the steepest slope of an activation: less is saturated
NOTHING = 1e-4  # a slope below is no slope


class Probe:
    """The layers of a training that can be looked at: the modules without modules inside, by their paths."""

    def __init__(self, trainer: Any):
        self.model, self.loss, self.optimizer = trainer.model, trainer.loss, trainer.optimizer
        self.clip = clipping(trainer.clip)
        named = self.model.named_modules() if hasattr(self.model, "named_modules") else []
        self.layers = [(path, m) for path, m in named if not list(m.named_children())]
        self.slopes: dict[Any, float] = {}  # of a layer that is flat at both ends, where it is steepest; else 0

    def look(self, x: Any, t: Any) -> list[Row]:
        """A row for each layer, in the order in which they are called; none where the loss is no number."""
        things = [thing for thing in (self.model, self.loss) if hasattr(thing, "named_parameters")]
        buffers = [(b, np.array(b.value)) for thing in things for b in thing.buffers()]
        drawn = generators.states(self.model, self.loss)
        seen: dict[Any, tuple[Any, Any]] = {}
        for _, layer in self.layers:
            layer.forward = _noting(layer, layer.forward, seen)
        try:
            with np.errstate(all="ignore"):
                loss = self.loss(self.model(x), t)
        finally:
            for _, layer in self.layers:
                del layer.forward
            for buffer, value in buffers:
                buffer.data = value
            generators.restore(drawn, self.model, self.loss)
        if not isinstance(loss, Tensor) or not loss.tracked or loss.size != 1 or not math.isfinite(loss.value.item()):
            return []
        with np.errstate(all="ignore"):
            shares = {layer: self._shares(layer, *seen[layer]) for layer in seen}
            parameters = [p for _, layer in self.layers for p in layer.parameters() if p.requires_grad]
            parameters = list(dict.fromkeys(parameters))
            found = dict(zip(parameters, backprop(loss, parameters), strict=True)) if parameters else {}
            changes = self._changes(found)
            paths = {layer: path for path, layer in self.layers}
            return [self._row(paths[layer], layer, y, shares[layer], found, changes) for layer, (_, y) in seen.items()]

    def _row(self, path: str, layer: Any, y: Any, shares: Any, gradients: Any, changes: Any) -> Row:
        own = [p for p in layer.parameters() if p in gradients]
        values = bare(y)
        return {
            "layer": path or type(layer).__name__, "kind": type(layer).__name__, "parameters": sum(p.size for p in own),
            "gradient": _number(_length([gradients[p].value for p in own])) if own else None,
            "update": _ratio(own, changes), "dead": shares[0], "saturated": shares[1],
            "mean": _number(values.mean(dtype=np.float64)), "variance": _number(values.var(dtype=np.float64)),
        }  # fmt: skip

    def _shares(self, layer: Any, x: Any, y: Any) -> tuple[float | None, float | None]:
        """The shares of dead units and of saturated values, from the slopes of an activation; None of what is none."""
        if not _is_activation(layer, x, y):
            return None, None
        (slopes,) = backprop(y, x, np.ones_like(y.value), retain_graph=True)
        steep = np.abs(slopes.value)
        units = 1 if steep.ndim == 4 else steep.ndim - 1  # channels of images, else features
        most = steep.max(axis=tuple(axis for axis in range(steep.ndim) if axis != units))
        if layer not in self.slopes:
            self.slopes[layer] = _bounded(layer, x)
        most_of_all = self.slopes[layer]
        return float(np.mean(most < NOTHING)), float(np.mean(steep < FLAT * most_of_all)) if most_of_all else None

    def _changes(self, gradients: dict[Any, Any]) -> dict[Any, Any]:
        """By how much the next step would change each parameter by these gradients: the optimizer's rule on copies."""
        flats = getattr(self.optimizer, "_flats", None)
        if needs_more(self.optimizer) or not flats:
            return {}
        kept = [(p, p.gradient) for group in self.optimizer.param_groups for p in group["params"]]
        try:
            for p, _ in kept:
                p.gradient = np.array(gradients[p].value, order="K") if p in gradients else None
            if self.clip is not None:
                self.clip(self.optimizer)
            return {
                p: change
                for group, parts in zip(self.optimizer.param_groups, flats, strict=True)
                for flat in parts
                for p, change in _step(self.optimizer, group, flat)
            }
        finally:
            for p, gradient in kept:
                p.gradient = gradient


def _step(optimizer: Any, group: dict[str, Any], flat: Any) -> list[tuple[Any, Any]]:
    """The change of each parameter of a flat buffer that has a gradient."""
    values, grads = np.zeros_like(flat.values), np.zeros_like(flat.values)
    for i, p in enumerate(flat.params):
        flat._view(values, i)[...] = p.value
        if p.gradient is not None:
            flat._view(grads, i)[...] = bare(p.gradient)
    state = {name: array.copy() for name, array in flat.state.items()}
    optimizer.apply(max(flat.steps) + 1, values, grads, state, group)
    return [(p, flat._view(values, i) - p.value) for i, p in enumerate(flat.params) if p.gradient is not None]


def _noting(layer: Any, forward: Callable[..., Any], seen: dict[Any, tuple[Any, Any]]) -> Callable[..., Any]:
    def noted(*inputs: Any, **keywords: Any) -> Any:
        y = forward(*inputs, **keywords)
        seen[layer] = (inputs[0] if inputs else None), y
        return y

    return noted


def _is_activation(layer: Any, x: Any, y: Any) -> bool:
    """Whether each number of y is made of one number of x, by what the layer did, and without chance (as in dropout)."""
    if not isinstance(x, Tensor) or not isinstance(y, Tensor) or x is y:
        return False
    if x.shape != y.shape or not y.ndim or not x.tracked:
        return False
    if any(isinstance(value, np.random.Generator) for value in vars(layer).values()):
        return False
    waiting, known = [y], set()
    while waiting:
        node = waiting.pop()
        if node is x or not isinstance(node, Tensor) or not node.tracked or node in known or node.op is None:
            continue
        if not node.op.elementwise:
            return False
        known.add(node)
        waiting += node.inputs
    return y.tracked


def _bounded(layer: Any, x: Any) -> float:
    """The slope near 0 of an activation that bends to a constant far out on both sides, as tanh; 0 for others."""
    far = np.array([-1e4, -0.6, -0.5, 0.5, 0.6, 1e4], x.dtype)
    try:
        with no_grad():
            y = bare(layer(np.broadcast_to(far.reshape(-1, *[1] * (x.ndim - 1)), (6, *x.shape[1:])).copy()))
    except Exception:  # a layer of the user's own may want other inputs
        return 0.0
    a, b, c, d, e, f = y.reshape(6, -1).mean(axis=1).tolist()
    left, right = abs(c - b) / 0.1, abs(e - d) / 0.1
    both = min(left, right) > FLAT * max(left, right)
    return max(left, right) if both and max(abs(a), abs(f)) < 100 else 0.0


def _length(arrays: list[Any]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(a, dtype=np.float64))) for a in arrays))


def _ratio(own: list[Any], changes: dict[Any, Any]) -> float | None:
    known = [p for p in own if p in changes]
    size = _length([p.value for p in known])
    return _number(_length([changes[p] for p in known]) / size) if size else None


def _number(value: Any) -> float | None:
    """For JSON, which has no infinity."""
    return float(value) if math.isfinite(value) else None
