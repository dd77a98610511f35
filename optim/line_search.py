"""A line search: how far to go along a direction, until the strong Wolfe conditions hold.

They ask for two things of a step t: that the function has come down as its slope at 0 promised (f(t) <= f(0) + c₁·t·f'(0)),
and that it is flatter there (|f'(t)| <= c₂·|f'(0)|). Source: Nocedal & Wright 2006, "Numerical optimization", algorithms
3.5 and 3.6, with the cubic steps and safeguards of minFunc (Schmidt 2005), which are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple


class Point(NamedTuple):
    """A step along the line: the function there, its gradient, and its slope along the line."""

    t: float
    f: float
    g: Any
    slope: float


def cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic with the values and slopes of two points is lowest, within bounds; the middle where it has no minimum.

    >>> f, slope = lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)
    >>> cubic_minimum(*(Point(t, f(t), None, slope(t)) for t in (0.0, 3.0)), low=0.0, high=3.0)
    1.0
    """
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square >= 0:
        d2 = math.sqrt(square)
        width = b.slope - a.slope + 2 * d2
        t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / width) if width else math.nan
        if math.isfinite(t):
            return min(max(t, low), high)
    return (low + high) / 2


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    t: float,
    length: float,
    tolerance: float = 1e-9,
    most: int = 25,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """A step that meets the strong Wolfe conditions, or the best after `most` evaluations; and how many there were.

    evaluate: the point at a step. start: that at 0, with a slope below 0. t: the first step to try. length: the largest
    number in the direction: a bracket that moves nothing by more than the tolerance is left as it is.
    """

    def at(t: float) -> Point:
        p = evaluate(t)
        return p if p.f == p.f else p._replace(f=math.inf)  # NaN is no place to stay, either

    def too_high(p: Point) -> bool:
        return p.f > start.f + c1 * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    # forward, until a minimum lies between the last two points
    before, point, count, tries = start, at(t), 1, 0
    bracket = [start, point]
    while tries < most:
        if too_high(point) or (tries > 1 and point.f >= before.f):
            bracket = [before, point]
            break
        if flat(point):
            return point, count
        if point.slope >= 0:
            bracket = [before, point]
            break
        t = cubic_minimum(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10)
        before, point = point, at(t)
        count, tries = count + 1, tries + 1
        bracket = [start, point]

    # then closer, from both sides
    close_before, done = False, False
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    while not done and tries < most:
        left, right = sorted((bracket[0].t, bracket[1].t))
        if (right - left) * length < tolerance:
            break
        t = cubic_minimum(bracket[0], bracket[1], left, right)
        margin = 0.1 * (right - left)
        close = min(right - t, t - left) < margin
        if close and (close_before or t >= right or t <= left):  # twice at the edge is no progress: step inwards
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            close = False
        close_before = close
        point = at(t)
        count, tries = count + 1, tries + 1
        if too_high(point) or point.f >= bracket[low].f:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
        else:
            done = flat(point)
            if not done and point.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = point
    return bracket[low], count
