"""Where a row is checked: makers of the `samples` field, each `draw -> [(inputs, params), ...]`.

They are functions of a `draw(shape, low, high)`, so that building the table draws nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Draw = Callable[..., Any]
Samples = Callable[[Draw], list[tuple[tuple[Any, ...], dict[str, Any]]]]

SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 3)]
PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()), ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 3)), ((2, 1, 3), (2, 1)),
]  # fmt: skip


def unary(low: float = -2.0, high: float = 2.0, **params: Any) -> Samples:
    """One input, from `low` to `high`, in several shapes."""
    return lambda draw: [((draw(shape, low, high),), params) for shape in SHAPES]


def binary(a: tuple[float, float] = (-2.0, 2.0), b: tuple[float, float] = (-2.0, 2.0)) -> Samples:
    """Two inputs, each from its own range, in every pattern of broadcasting."""
    return lambda draw: [((draw(s, *a), draw(t, *b)), {}) for s, t in PAIRS]


def shaped(*cases: tuple[tuple[tuple[int, ...], ...], dict[str, Any]], low: float = -2.0, high: float = 2.0) -> Samples:
    """Inputs of stated shapes with stated parameters, one tuple a case."""
    return lambda draw: [(tuple(draw(s, low, high) for s in shapes), params) for shapes, params in cases]


def reduced(*extra: dict[str, Any], low: float = -2.0, high: float = 2.0) -> Samples:
    """One input reduced over nothing named, one axis, several axes, with and without keepdims."""
    ways: list[dict[str, Any]] = [
        {}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (-1, 0), "keepdims": True}, *extra,
    ]  # fmt: skip
    return lambda draw: [((draw((2, 3, 2), low, high),), way) for way in ways]
