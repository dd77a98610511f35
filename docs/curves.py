"""Pictures of functions of one number and their slopes, both as the engine computes them."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.op import Op


def domain(op: Op) -> tuple[float, float, dict[str, Any]]:
    """From where to where a row is checked, and with which parameters first."""
    assert op.samples is not None
    rng = np.random.default_rng(0)
    ends: list[float] = []

    def draw(shape: Any = (), low: float = -2.0, high: float = 2.0) -> Any:
        ends.extend([low, high])
        return rng.uniform(low, high, shape)

    params = op.samples(draw)[0][1]
    return min(ends), max(ends), params


def curve(op: Op) -> dict[str, Any]:
    """What a picture shows: the function and its slope as the engine gives it, each a line and the dots at its jumps."""
    low, high, params = domain(op)

    def both(x: Any) -> list[Any]:
        t = Tensor(x, requires_grad=True)
        with np.errstate(all="ignore"):
            y = op(t, **params)
            y.sum().backward()
        return [np.where(np.isfinite(v), v, np.nan) for v in (y.value, t.grad.value)]  # type: ignore[union-attr]

    reach = math.ceil(150 * max(-low, high))
    x = np.arange(-reach, reach + 1) / 100  # meets the kinks exactly
    try:
        values = both(x)
    except ValueError:  # it is defined where it is checked and nowhere else
        x = x[(x > low) & (x < high)]
        values = both(x)
    inside = (abs(x) >= low) & (abs(x) <= high) if low > 0 else (x >= low) & (x <= high)  # what avoids 0 has two sides
    shown = np.array([v[inside] for v in values])
    bottom, top = np.nanmin(shown), np.nanmax(shown)
    height = (top - bottom) or 1.0
    bottom, top = max(np.nanmin(values), bottom - height / 3), min(np.nanmax(values), top + height / 3)
    defined = x[np.isfinite(values[0])]
    found: dict[str, Any] = {"lines": [], "dots": []}
    found["x"], found["y"] = (defined[0], defined[-1]), (bottom - height / 15, top + height / 15)
    for v, before, after in zip(values, both(x - 1e-7), both(x + 1e-7), strict=True):
        jumps = np.abs(after - before) > height / 100
        places = np.concatenate([x, x[jumps] - 1e-7, x[jumps] + 1e-7])
        line = np.concatenate([np.where(jumps, np.nan, v), before[jumps], after[jumps]])
        order = np.argsort(places, kind="stable")
        places, line = places[order], line[order]
        outside = np.where(line > top, 1, np.where(line < bottom, -1, 0))
        line[1:][outside[1:] * outside[:-1] < 0] = np.nan  # a pole between two places
        found["lines"].append((places, line))
        found["dots"].append((x[jumps], v[jumps]))
    return found


def draw_picture(op: Op, path: Path) -> None:
    try:
        from matplotlib.figure import Figure
        from PIL import Image  # matplotlib brings it along
    except ImportError as error:
        raise ImportError('drawing pictures needs matplotlib: pip install "autograd-core[viz]"') from error
    shown = curve(op)
    figure = Figure(figsize=(3.2, 2.0), dpi=100, facecolor="white", layout="constrained")
    axes = figure.subplots()
    for (x, y), (at, dots), colour, style, label in zip(
        shown["lines"], shown["dots"], ("#1f5fbf", "#d9541e"), ("-", "--"), ("$f$", "$f'$"), strict=True
    ):
        axes.plot(x, y, style, color=colour, linewidth=1.5, label=label)
        axes.plot(at, dots, "o", color=colour, markersize=3)
    axes.axhline(0, color="#999999", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#999999", linewidth=0.6, zorder=0)
    axes.set(xlim=shown["x"], ylim=shown["y"])
    axes.tick_params(labelsize=7, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=2, fontsize=9, frameon=False, borderpad=0)
    drawn = io.BytesIO()
    figure.savefig(drawn)
    Image.open(drawn).convert("RGB").quantize(32).save(path, optimize=True)  # a third of the bytes
