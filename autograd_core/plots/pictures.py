"""Results and weights as pictures: what is taken for what, what units look for, which way an optimizer went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..modes import no_grad
from .common import axes_of, bare, colour, grid, indices, pyplot


def confusion_matrix(target: Any, said: Any, classes: Sequence[str] = (), ax: Any = None) -> Any:
    """How often samples of a class (rows) were taken for another (columns). target, said: labels (n,), of any kind.

    Whole numbers from 0 are the indices of the classes, which `classes` names; other labels name them themselves, and
    `classes` says in which order.

    >>> ax = confusion_matrix([0, 0, 1], [0, 1, 1], classes=["no", "yes"])
    >>> [t.get_text() for t in ax.texts]
    ['1', '1', '0', '1']
    """
    target, said = np.asarray(target).ravel(), np.asarray(said).ravel()
    if target.shape != said.shape or (target.dtype.kind in "US") != (said.dtype.kind in "US"):
        raise ValueError(
            f"labels of the same samples are needed, (n,), of one kind; got {target.dtype} {target.shape} and {said.dtype} {said.shape}"
        )
    both, names = indices(np.concatenate([target, said]), classes)
    k = max(int(both.max(initial=0)) + 1, len(names))
    names = names or [str(c) for c in range(k)]
    table = np.zeros((k, k), int)
    np.add.at(table, (both[: len(target)], both[len(target) :]), 1)
    ax = axes_of(ax, (1.6 + 0.55 * k, 1.4 + 0.5 * k) if k > 5 else None)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i in range(k):
        for j in range(k):
            ink = "white" if share[i, j] > 0.55 else "black" if table[i, j] else "0.6"
            ax.text(j, i, str(table[i, j]), ha="center", va="center", color=ink, fontsize=9)
    turned = max(map(len, names)) > 3
    ax.set_xticks(range(k), names, rotation=45 if turned else 0, ha="right" if turned else "center")
    ax.set_yticks(range(k), names)
    ax.set(xlabel="said", ylabel="true")
    return ax


def weight_images(weight: Any, shape: tuple[int, int] | None = None, most: int = 32) -> Any:
    """The rows of a weight matrix (units, inputs) as images, all on one scale: blue pulls down, red pushes up, white is 0.

    shape: of an image; square if left out. Convolution kernels (units, channels, h, w) show their first channel. At most
    `most` units. Returns the array of axes. ValueError for inputs that do not make such an image.

    >>> from autograd_core import nn
    >>> weight_images(nn.Linear(64, 10, rng=0).weight).shape
    (2, 8)
    """
    values = np.asarray(bare(weight))
    if values.ndim == 4:
        values, shape = values[:, 0], (values.shape[2], values.shape[3])
    values = values.reshape(len(values), -1)
    side = round(values.shape[1] ** 0.5)
    shape = shape or (side, side)
    if shape[0] * shape[1] != values.shape[1]:
        raise ValueError(
            f"{values.shape[1]} weights a unit are no image of {shape[0]} × {shape[1]}: pass shape=(rows, columns)"
        )
    plt = pyplot()
    n = min(len(values), most)
    columns = min(n, 8)
    rows = -(-n // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.1 * columns, 1.2 * rows), layout="constrained", squeeze=False)
    limit = float(np.abs(values[:n]).max()) or 1.0
    for i, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if i < n:
            drawn = ax.imshow(values[i].reshape(shape), cmap="RdBu_r", vmin=-limit, vmax=limit)
            ax.set_title(str(i), fontsize=7, pad=2)
    figure.colorbar(drawn, ax=axes, shrink=0.7)
    return axes


def optimizer_path(
    f: Callable[[Any], Any], path: Any, names: Sequence[str] = (), ax: Any = None, levels: int = 24
) -> Any:
    """The points (n, 2) that an optimizer went through, on the contours of the function f of a point (2,) that it descends.

    path: one such array, or several, with their `names` for the legend. The levels lie closer where f is small.

    >>> ax = optimizer_path(lambda p: p[0] ** 2 + 4 * p[1] ** 2, [[3.0, 1.0], [1.0, -0.5], [0.2, 0.1]])
    >>> len(ax.lines)
    3
    """
    paths = [np.asarray(path, float)] if np.ndim(path[0]) < 2 else [np.asarray(p, float) for p in path]
    if any(p.ndim != 2 or p.shape[1] != 2 for p in paths):
        raise ValueError(f"a path is an array of points (n, 2); got shapes {', '.join(str(p.shape) for p in paths)}")
    every = np.concatenate(paths)
    ax = axes_of(ax)
    xs, ys, points = grid(every[np.isfinite(every).all(axis=1)], 80, np.float64)
    with no_grad():
        heights = np.array([float(bare(f(point))) for point in points]).reshape(len(ys), len(xs))
    low = float(np.nanmin(heights))
    lifted = np.log(heights - low + 1e-3 * (float(np.nanmax(heights)) - low) + 1e-300)
    ax.contour(xs, ys, lifted, levels=levels, cmap="Greys_r", linewidths=0.8, alpha=0.8)
    for i, p in enumerate(paths):
        shade = colour(i)
        ax.plot(
            *p.T, "-", color=shade, linewidth=1.6, marker="o", markersize=3, label=names[i] if i < len(names) else None
        )
        ax.plot(*p[0], "s", color=shade, markersize=7, markerfacecolor="white")
        ax.plot(*p[-1], "*", color=shade, markersize=12, markeredgecolor="white")
    if names:
        ax.legend(fontsize=8)
    return ax
