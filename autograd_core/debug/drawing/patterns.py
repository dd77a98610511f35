"""What repeats in a long row of words, and where a long row is best cut."""

from __future__ import annotations

import numpy as np

PERIOD = 100  # patterns up to this length are looked for everywhere


def repeating(kinds: np.ndarray) -> tuple[int, int, int]:
    """Where the longest repetition begins, how long its pattern is, and how often it comes; at least three times.

    >>> repeating(np.array([7, 1, 2, 1, 2, 1, 2, 5]))
    (1, 2, 3)
    """
    best = (0, 1, 0)
    for period in _periods(kinds):
        differ = np.flatnonzero(kinds[period:] != kinds[:-period])
        ends = np.concatenate([[-1], differ, [len(kinds) - period]])
        longest = int(np.argmax(np.diff(ends)))
        times = int(ends[longest + 1] - ends[longest] - 1) // period + 1
        if times >= 3 and times * period > best[1] * best[2]:
            best = (int(ends[longest]) + 1, period, times)
    return best


def _periods(kinds: np.ndarray) -> list[int]:
    """What lengths a pattern may have: any short one, and the distances at which rare words come back."""
    rare = np.argsort(np.bincount(kinds), kind="stable")
    far = {int(np.median(np.diff(at))) for word in rare[:8] if len(at := np.flatnonzero(kinds == word)) >= 3}
    most = len(kinds) // 3
    return sorted({*range(1, min(PERIOD, most) + 1), *(period for period in far if period <= most)})


def cuts(width: np.ndarray, pieces: int) -> list[int]:
    """Where to cut a row into so many pieces of about the same length: near the even places, where it is narrow.

    width: how narrow it is after each. Gives the beginnings, and the end.

    >>> cuts(np.array([5, 5, 5, 5, 1, 5, 5, 5, 5, 5, 5, 5]), 2)
    [0, 5, 12]
    """
    count = len(width)
    reach, found = max(1, count // (3 * pieces)), [0]
    for k in range(1, pieces):
        middle = count * k // pieces
        near = np.arange(middle - reach, min(middle + reach, count - 1) + 1)
        best = int(near[np.argmin(width[near - 1] + abs(near - middle) / (reach + 1))])
        found.append(best if best > found[-1] else middle)
    return [*found, count]
