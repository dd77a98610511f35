"""Places that are read in a regular order: as the lengths and strides of a view.

>>> places = np.array([0, 1, 2, 10, 11, 12, 20, 21, 22])
>>> regular(places)
(0, [(3, 10), (3, 1)])
>>> common([[(6, 1)], [(2, 0), (3, 1)]])
([2, 3], [[3, 1], [0, 1]])
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

Steps = list[tuple[int, int]]  # (length, stride) of each axis, the outermost first


def regular(places: np.ndarray) -> tuple[int, Steps] | None:
    """Where the first is and how the axes run; None if the places are no such grid."""
    axes: Steps = []
    rest = places
    while rest.size > 1:
        stride = int(rest[1] - rest[0])
        other = np.diff(rest) != stride
        n = int(other.argmax()) + 1 if other.any() else rest.size
        if rest.size % n or len(axes) > 5:
            return None
        rows = rest.reshape(-1, n)
        if not np.array_equal(rows, rows[:, :1] + stride * np.arange(n)):
            return None
        axes.append((n, stride))
        rest = rows[:, 0]
    return int(places[0]), axes[::-1]


def common(several: list[Steps], cut: int = 1) -> tuple[list[int], list[list[int]]] | None:
    """The same elements in axes that all agree on: lengths, and the strides of each; one axis ends after `cut` elements."""
    ends = {cut}
    for axes in several:
        inner = 1
        for n, _ in reversed(axes):
            inner *= n
            ends.add(inner)
    edges = sorted(ends | {1})
    if any(b % a for a, b in pairwise(edges)):
        return None
    lengths = [b // a for a, b in pairwise(edges)]
    strides = []
    for axes in several:
        found, inner = [], 1
        for n, stride in reversed(axes):
            found += [stride * (e // inner) for e in edges if inner <= e < inner * n]
            inner *= n
        found += [0] * (len(lengths) - len(found))
        strides.append(found[::-1])
    return lengths[::-1], strides
