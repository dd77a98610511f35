"""Layer by layer: what comes out of each, and what gradients come back to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..backward import backprop
from ..modes import no_grad
from .common import COLOURS, bare, evaluating, pyplot


def activation_histograms(model: Any, x: Any, bins: int = 40) -> Any:
    """What each layer of a network gives for inputs x, in the order of calls; returns the array of axes.

    >>> from autograd_core import nn
    >>> activation_histograms(nn.MLP([2, 8, 1], rng=0), np.ones((5, 2), np.float32)).shape
    (3,)
    """
    found: list[tuple[str, Any]] = []
    with _listened(model, found), evaluating(model), no_grad():
        model(x)
    return _histograms([(name, np.asarray(bare(y)).ravel()) for name, y in found], bins, COLOURS[0], "activations")


def gradient_histograms(model: Any, loss: Callable[..., Any], x: Any, t: Any, bins: int = 40) -> Any:
    """The gradients that arrive at the parameters of each layer for one batch; `.grad` is left as it was. Returns the axes.

    >>> from autograd_core import nn
    >>> model, x = nn.MLP([2, 8, 1], rng=0), np.ones((5, 2), np.float32)
    >>> [ax.get_title() for ax in gradient_histograms(model, nn.MSELoss(), x, np.ones((5, 1), np.float32))]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    named = dict(model.named_parameters())
    gradients = backprop(loss(model(x), t), list(named.values()))
    return _histograms(
        [(n, bare(g).ravel()) for n, g in zip(named, gradients, strict=True)], bins, COLOURS[1], "gradients"
    )


def _histograms(rows: list[tuple[str, Any]], bins: int, colour: str, what: str) -> Any:
    plt = pyplot()
    _, axes = plt.subplots(1, len(rows), figsize=(2.3 * len(rows) + 0.4, 2.4), layout="constrained", squeeze=False)
    for ax, (name, values) in zip(axes[0], rows, strict=True):
        finite = values[np.isfinite(values)]
        ax.hist(finite, bins=bins, color=colour)
        lost = f", {len(values) - len(finite)} no number" if len(finite) < len(values) else ""
        ax.set_title(name, fontsize=9)
        ax.set_xlabel(
            f"mean {finite.mean():.2g}, dev. {finite.std():.2g}{lost}" if len(finite) else "no number", fontsize=8
        )
        ax.tick_params(labelsize=7)
        ax.locator_params(axis="x", nbins=4)
        ax.set_yticks([])
    axes[0][0].set_ylabel(what, fontsize=9)
    return axes[0]


@contextmanager
def _listened(model: Any, found: list[tuple[str, Any]]) -> Iterator[None]:
    """While this is entered, what the modules without modules inside give is kept, with their paths and kinds."""
    leaves = [(path, m) for path, m in model.named_modules() if not list(m.named_children())]

    def listening(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def heard(*args: Any, **kwargs: Any) -> Any:
            found.append((name, y := forward(*args, **kwargs)))
            return y

        return heard

    for path, m in leaves:
        m.forward = listening(f"{path}: {type(m).__name__}", m.forward)
    try:
        yield
    finally:
        for _, m in leaves:
            del m.forward
