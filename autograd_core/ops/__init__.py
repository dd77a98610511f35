"""THE TABLE: every op one row, a file per family. Adding an op means adding its row, and nothing else.

Every row is reached by its name: `from autograd_core.ops import multiply`.
"""

from typing import Any

from ..op import TABLE, Op, row, rows
from . import (
    activations,
    arithmetic,
    comparisons,
    decompositions,
    elementwise,
    gaussian,
    indexing,
    linear_algebra,
    losses,
    neural,
    pairs,
    reductions,
    shapes,
)

__all__ = [
    "Op",
    "activations",
    "arithmetic",
    "comparisons",
    "decompositions",
    "elementwise",
    "gaussian",
    "indexing",
    "linear_algebra",
    "losses",
    "neural",
    "pairs",
    "reductions",
    "row",
    "rows",
    "shapes",
]


def __getattr__(name: str) -> Any:
    try:
        return TABLE[name]
    except KeyError:
        raise AttributeError(f"there is no row called {name!r} in the table") from None


def __dir__() -> list[str]:
    return [*__all__, *TABLE]
