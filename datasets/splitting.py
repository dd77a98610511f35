"""Rows dealt out into parts, every row to exactly one of them.

Each class is dealt out by itself, so that every part sees its share of the rare ones too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def deal(
    y: NDArray[Any],
    classes: Sequence[str],
    fractions: tuple[float, ...],
    seed: int | np.random.Generator,
    stratify: bool,
) -> list[NDArray[np.intp]]:
    """The shuffled row numbers of each part; ``Dataset.split`` says by what rule. ValueError as there.

    >>> from autograd_core.datasets.splitting import deal
    >>> [len(rows) for rows in deal(np.array([0, 0, 1, 1]), ["no", "yes"], (0.5, 0.5), seed=0, stratify=True)]
    [2, 2]
    """
    weights = _weights(fractions)
    rng = np.random.default_rng(seed)
    groups = {"the data set": np.arange(len(y))}
    if classes and stratify:
        groups = {f"class {c!r}": np.flatnonzero(y == k) for k, c in enumerate(classes)}
        # A class that an earlier selection removed altogether has no rows to share out.
        groups = {label: rows for label, rows in groups.items() if len(rows)} or groups
    parts: list[list[NDArray[np.intp]]] = [[] for _ in fractions]
    owed = np.zeros(len(fractions))
    for label, rows in groups.items():
        counts = _apportion(len(rows), weights, owed)
        if counts.min() == 0:
            advice = ", or stratify=False" if classes and stratify else ""
            raise ValueError(
                f"{label} has {count(len(rows), 'row')}, too few for each of the parts "
                f"{', '.join(map(str, fractions))} to get one; "
                f"use fewer parts or larger fractions{advice}"
            )
        owed += len(rows) * weights - counts
        for part, dealt in zip(parts, np.split(rng.permutation(rows), np.cumsum(counts)[:-1]), strict=True):
            part.append(dealt)
    return [rng.permutation(np.concatenate(part)) for part in parts]


def _weights(fractions: tuple[float, ...]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = np.asarray(fractions, dtype=np.float64)
    positive = bool(np.all(weights > 0))
    if len(weights) < 2 or not positive or not abs(weights.sum() - 1) < 1e-6:
        raise ValueError(
            "split needs at least two positive fractions that sum to 1, such as split(0.8, 0.2); "
            f"got {fractions} with sum {weights.sum():g}"
        )
    weights /= weights.sum()
    return weights


def _apportion(total: int, weights: NDArray[np.float64], owed: NDArray[np.float64]) -> NDArray[np.intp]:
    shares = total * weights
    counts = np.floor(shares).astype(np.intp)
    # Equal remainders go to the part that earlier classes left furthest behind: always favouring
    # the first part would let the sizes drift by one row per class. Rounding makes 0.5 equal 0.5.
    order = np.lexsort((-owed.round(9), -(shares - counts).round(9)))
    counts[order[: total - counts.sum()]] += 1
    while counts.min() == 0 and counts.max() > 1:  # a rare class is in every part, if there are rows enough
        counts[counts.argmin()] += 1
        counts[counts.argmax()] -= 1
    return counts
