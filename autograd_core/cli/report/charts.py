"""Drawings as SVG text: lines, bars, points. Colours stand in the page's style, so that one drawing serves light and dark.

Each is a picture with a name for those who cannot see it; the numbers stand beside it in the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

WIDE, HIGH = 460, 260
FEW = 8  # points that are shown as such
COLOURS = 6  # lines that can be told apart
LEFT, RIGHT, TOP, BELOW = 60, 12, 12, 38


def svg(parts: Sequence[str], label: str, wide: float = WIDE, high: float = HIGH) -> str:
    """The picture of its parts."""
    return f'<svg viewBox="0 0 {wide:g} {high:g}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from low to high.

    >>> ticks(0, 1), ticks(3, 97)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [20.0, 40.0, 60.0, 80.0])
    """
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    size = 10.0 ** math.floor(math.log10(span / about))
    step = next((size * m for m in (1, 2, 5) if span / (size * m) <= about), size * 10)
    first = math.ceil(low / step - 1e-9)
    return [round((first + i) * step, 12) for i in range(math.floor(high / step + 1e-9) - first + 1)]


def number(value: float) -> str:
    """A number on an axis or in a table, short.

    >>> number(0.1234), number(45753.1), number(2.5e7)
    ('0.123', '45753', '2.5e7')
    """
    if value == 0:
        return "0"
    if 1e3 <= abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e3 else f"{value:.1e}".replace("e+0", "e").replace("e-0", "e-")


class Plane:
    """Axes with round numbers: x(value) and y(value) are places on them."""

    def __init__(self, xs: tuple[float, float], ys: tuple[float, float], x_name: str, y_name: str, whole: bool = False):
        (self.x0, self.x1), (self.y0, self.y1) = (_wide(xs), _wide(ys))
        self.parts = []
        marks = ticks(self.x0, self.x1)
        for value in [t for t in marks if t == int(t)] if whole else marks:
            at = self.x(value)
            self.parts.append(
                f'<text class="tick" x="{at:.1f}" y="{HIGH - BELOW + 16}" text-anchor="middle">{number(value)}</text>'
            )
        for value in ticks(self.y0, self.y1):
            at = self.y(value)
            self.parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
            self.parts.append(
                f'<text class="tick" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{number(value)}</text>'
            )
        self.parts += [
            f'<line class="axis" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{HIGH - BELOW}" y2="{HIGH - BELOW}"/>',
            f'<text class="name" x="{(LEFT + WIDE - RIGHT) / 2}" y="{HIGH - 4}" text-anchor="middle">{escape(x_name)}</text>',
            f'<text class="name" x="12" y="{(HIGH - BELOW) / 2}" text-anchor="middle" '
            f'transform="rotate(-90 12 {(HIGH - BELOW) / 2})">{escape(y_name)}</text>',
        ]

    def x(self, value: float) -> float:
        """From the left."""
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDE - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """From above."""
        return HIGH - BELOW - (value - self.y0) / (self.y1 - self.y0) * (HIGH - BELOW - TOP)


def _wide(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def lines(
    series: dict[str, list[tuple[float, float]]], x_name: str, y_name: str, label: str, mark: float | None = None
) -> str:
    """A line for each name, with a legend; mark: a place on the x axis."""
    points = [p for line in series.values() for p in line if math.isfinite(p[1])]
    if not points:
        return ""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    room = 0.04 * (max(ys) - min(ys))
    plane = Plane((min(xs), max(xs)), (min(ys) - room, max(ys) + room), x_name, y_name, whole=True)
    parts = list(plane.parts)
    if mark is not None:
        at = plane.x(mark)
        parts.append(
            f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HIGH - BELOW}"><title>epoch {mark:g}</title></line>'
        )
    for i, line in enumerate(series.values()):
        path = " ".join(f"{plane.x(a):.1f},{plane.y(b):.1f}" for a, b in line if math.isfinite(b))
        parts.append(f'<polyline class="line s{i}" points="{path}"/>')
        if len(line) <= FEW:  # so that nobody takes a line for what was measured
            parts += [
                f'<circle class="dot s{i}" cx="{plane.x(a):.1f}" cy="{plane.y(b):.1f}" r="3"/>'
                for a, b in line
                if math.isfinite(b)
            ]
    return _legend(list(series)) + svg(parts, label)


def _legend(names: list[str]) -> str:
    keys = "".join(
        f'<li><span class="key s{i}" aria-hidden="true"></span>{escape(name)}</li>' for i, name in enumerate(names)
    )
    return f'<ul class="legend">{keys}</ul>' if len(names) > 1 else ""


def scatter(xs: list[float], ys: list[float], x_name: str, y_name: str, label: str) -> str:
    """Points, and the line on which both are equal."""
    low, high = min(*xs, *ys), max(*xs, *ys)
    plane = Plane((low, high), (low, high), x_name, y_name)
    ends = f'x1="{plane.x(low):.1f}" y1="{plane.y(low):.1f}" x2="{plane.x(high):.1f}" y2="{plane.y(high):.1f}"'
    dots = [
        f'<circle class="point" cx="{plane.x(a):.1f}" cy="{plane.y(b):.1f}" r="2.5"/>'
        for a, b in zip(xs, ys, strict=True)
    ]
    return svg([*plane.parts, f'<line class="mark" {ends}/>', *dots], label)


def histogram(counts: list[int], edges: list[float], x_name: str, label: str) -> str:
    """Bars over an axis of numbers."""
    plane = Plane((edges[0], edges[-1]), (0, max(counts)), x_name, "rows")
    bars = [
        f'<rect class="bar" x="{plane.x(edges[i]) + 0.5:.1f}" y="{plane.y(n):.1f}" '
        f'width="{max(plane.x(edges[i + 1]) - plane.x(edges[i]) - 1, 0.5):.1f}" height="{HIGH - BELOW - plane.y(n):.1f}">'
        f"<title>{number(edges[i])} to {number(edges[i + 1])}: {n}</title></rect>"
        for i, n in enumerate(counts)
    ]
    return svg([*plane.parts, *bars], label)


def small(counts: Sequence[float], label: str) -> str:
    """A histogram of the height of a line of text, without axes."""
    most, wide = max(*counts, 1), 120 / max(len(counts), 1)
    bars = [
        f'<rect class="bar" x="{i * wide:.1f}" y="{28 - 28 * n / most:.1f}" width="{max(wide - 1, 0.6):.1f}" height="{28 * n / most:.1f}"/>'
        for i, n in enumerate(counts)
    ]
    return svg(bars, label, 120, 28)


def calibration(bins: list[dict[str, Any]], label: str) -> str:
    """How often it is right, over how sure it is; areas as the number of rows."""
    plane = Plane((0.0, 1.0), (0.0, 1.0), "probability it gave", "share that was right")
    most = max(b["rows"] for b in bins)
    parts = [
        *plane.parts,
        f'<line class="mark" x1="{plane.x(0):.1f}" y1="{plane.y(0):.1f}" x2="{plane.x(1):.1f}" y2="{plane.y(1):.1f}"/>',
    ]
    parts.append(
        '<polyline class="line s0" points="'
        + " ".join(f"{plane.x(b['confidence']):.1f},{plane.y(b['right']):.1f}" for b in bins)
        + '"/>'
    )
    for b in bins:
        r = 3 + 7 * math.sqrt(b["rows"] / most)
        parts.append(
            f'<circle class="dot s0" cx="{plane.x(b["confidence"]):.1f}" cy="{plane.y(b["right"]):.1f}" r="{r:.1f}">'
            f"<title>{b['rows']} rows, probability {b['confidence']:.2f}, right {b['right']:.2f}</title></circle>"
        )
    return svg(parts, label)


def bars(rows: list[tuple[str, float, float]], label: str, said: Callable[[float], str] = number) -> str:
    """A bar for each name, to the right or the left of zero, with a whisker for its spread."""
    low, high = min(0.0, *(v - s for _, v, s in rows)), max(0.0, *(v + s for _, v, s in rows))
    span, left, wide, row = (high - low) or 1.0, 130, WIDE, 24
    place = lambda value: left + (value - low) / span * (wide - left - 60)
    parts = [f'<line class="axis" x1="{place(0):.1f}" x2="{place(0):.1f}" y1="0" y2="{row * len(rows)}"/>']
    for i, (name, value, spread) in enumerate(rows):
        a, b = sorted((place(0), place(value)))
        middle = i * row + row / 2
        shown = name if len(name) <= 18 else name[:17] + "…"
        parts += [
            f'<text class="tick" x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(shown)}<title>{escape(name)}</title></text>',
            f'<rect class="bar" x="{a:.1f}" y="{middle - 7}" width="{max(b - a, 0.5):.1f}" height="14"/>',
            f'<line class="whisker" x1="{place(value - spread):.1f}" x2="{place(value + spread):.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text class="tick" x="{place(max(value + spread, 0)) + 6:.1f}" y="{middle + 4}">{said(value)}</text>',
        ]
    return svg(parts, label, wide, row * len(rows))
