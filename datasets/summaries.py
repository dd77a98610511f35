"""A table at a glance, column by column, before anything is done to it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .columns import DATES, Column, canonical
from .tables import DataError, Table

MOST = 10


def describe(table: Table) -> list[dict[str, Any]]:
    """What each column holds: a dict of its name, kind ("numbers", "dates", "categories", "mixed" or "empty"), and how
    many cells are missing and distinct; of numbers and dates (days since 1970) also min, median, mean, max and 20 bins,
    of others the most frequent words with their counts. All are plain values. pandas has a ``describe`` as well.

    >>> from autograd_core import datasets
    >>> age, port = datasets.describe(datasets.read_table({"age": [30, None, 20], "port": ["C", "S", "S"]}))
    >>> age["kind"], age["missing"], age["median"], port["top"]
    ('numbers', 1, 25.0, [['S', 2], ['C', 1]])
    """
    return [_facts(Column(table, place)) for place in range(len(table.names))]


def _facts(column: Column) -> dict[str, Any]:
    words: Counter[str] = Counter()
    for cell, times in Counter(column.filled).items():
        words[canonical(cell)] += times
    facts = {"name": column.name, "missing": int(column.missing.sum()), "distinct": len(words)}
    try:
        kind = column.kind()
        values = column.values(kind)[~column.missing] if kind != "categories" else np.empty(0)
    except DataError:  # said of it when it is encoded
        kind, values = "mixed", np.empty(0)
    if not len(values):
        return facts | {"kind": kind if words else "empty", "top": [list(pair) for pair in words.most_common(MOST)]}
    counts, edges = np.histogram(values, bins=20)
    return facts | {
        "kind": "dates" if kind in DATES else kind,
        "min": float(values.min()),
        "median": float(np.median(values)),
        "mean": float(values.mean()),
        "max": float(values.max()),
        "counts": counts.tolist(),
        "edges": edges.tolist(),
    }
