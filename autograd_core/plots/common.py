"""What the drawings share: axes, colours, the arrays in tensors, a model in evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..tensor import Tensor

# Okabe and Ito 2008: all can tell them apart
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a500", "#555555"]


def pyplot() -> Any:
    """matplotlib.pyplot; ImportError that names the extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('plotting needs matplotlib: pip install "autograd-core[viz]"') from error
    return plt


def axes_of(ax: Any, size: tuple[float, float] | None = None) -> Any:
    """The axes that were given, or new ones."""
    return ax if ax is not None else pyplot().subplots(figsize=size or (5, 4), layout="constrained")[1]


def colour(i: int) -> str:
    """The i-th colour."""
    return COLOURS[i % len(COLOURS)]


def bare(x: Any) -> Any:
    """The array of a Tensor, or what is one already."""
    return x.value if isinstance(x, Tensor) else x


def indices(labels: Any, classes: Sequence[Any] = (), known: Any = None) -> tuple[Any, list[str]]:
    """Labels as indices of their classes, and the names of these.

    known: the classes in their order. Without them, whole numbers from 0 are indices, whose names are `classes`, if any;
    other labels are among `classes`, or are the classes, sorted. ValueError for what is no label, or none of the classes.

    >>> indices(["no", "yes", "no"]), indices([0, 2], ["a", "b", "c"])
    ((array([0, 1, 0]), ['no', 'yes']), (array([0, 2]), ['a', 'b', 'c']))
    """
    labels = np.asarray(bare(labels)).ravel()
    labels = labels if labels.dtype != object else np.array(labels.tolist())
    if labels.dtype.kind not in "iubfUS" or (labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels))):
        raise ValueError(f"labels are texts, integers or truth values, one for each sample; these are {labels.dtype}")
    if known is None and labels.dtype.kind in "iubf" and labels.min(initial=0) >= 0:
        return labels.astype(int), [str(c) for c in classes]
    if known is None:
        known = list(classes) or np.unique(labels)
    order = {label: i for i, label in enumerate(np.asarray(known).tolist())}
    if unknown := set(labels.tolist()) - order.keys():
        raise ValueError(f"{sorted(unknown)} are none of the classes {list(order)}")
    return np.array([order[label] for label in labels.tolist()], int), [str(c) for c in (classes or order)]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """The model in evaluation mode, and each of its modules in its own mode afterwards."""
    modules = list(model.modules()) if hasattr(model, "modules") else []
    modes = [m.training for m in modules]
    for m in modules:
        m.training = False
    try:
        yield
    finally:
        for m, mode in zip(modules, modes, strict=True):
            m.training = mode


def grid(x: Any, resolution: int, dtype: Any = np.float32) -> tuple[Any, Any, Any]:
    """Places along both axes around samples (n, 2), and the points (resolution², 2) of them all."""
    low, high = x.min(axis=0), x.max(axis=0)
    room = 0.12 * np.where(high > low, high - low, 1)
    xs, ys = (np.linspace(low[i] - room[i], high[i] + room[i], resolution) for i in (0, 1))
    return xs, ys, np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(dtype)
