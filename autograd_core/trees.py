"""Nested lists, tuples and dicts, as arguments and results of functions: what is done to every leaf of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same nest with f of every leaf.

    >>> mapped(lambda x: x + 1, {"a": 1, "b": (2, [3])})
    {'a': 2, 'b': (3, [4])}
    """
    if isinstance(tree, dict):
        return {k: mapped(f, v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [mapped(f, v) for v in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)  # a named tuple takes them apart
    return f(tree)


def leaves(tree: Any) -> list[Any]:
    """All leaves, from left to right.

    >>> leaves({"a": 1, "b": (2, [3])})
    [1, 2, 3]
    """
    found: list[Any] = []
    mapped(found.append, tree)
    return found


def rebuilt(tree: Any, leaves: Iterable[Any]) -> Any:
    """The same nest with other leaves, from left to right.

    >>> rebuilt({"a": 1, "b": (2, [3])}, "xyz")
    {'a': 'x', 'b': ('y', ['z'])}
    """
    each = iter(leaves)
    return mapped(lambda _: next(each), tree)


def leaves_like(tree: Any, other: Any, what: str, model: str) -> list[Any]:
    """The leaves of `other` in the order of those of `tree`, by key; ValueError unless the two are of one form.

    >>> leaves_like({"a": 1.0, "b": 2.0}, {"b": 7.0, "a": 5.0}, "a tangent", "the primal")
    [5.0, 7.0]
    """
    if isinstance(tree, dict):
        if isinstance(other, dict) and other.keys() == tree.keys():
            return [leaf for k in tree for leaf in leaves_like(tree[k], other[k], what, model)]
    elif isinstance(tree, (list, tuple)):
        if isinstance(other, (list, tuple)) and len(other) == len(tree):
            return [leaf for pair in zip(tree, other, strict=True) for leaf in leaves_like(*pair, what, model)]
    elif not isinstance(other, (dict, list, tuple)) and np.shape(other) == np.shape(tree):
        return [other]
    raise ValueError(
        f"{what} must have the form of {model} it goes with: {form(tree)} is needed, {form(other)} was given"
    )


def form(tree: Any) -> str:
    """What a nest is at its top, in words.

    >>> form({"a": 1}), form([1, 2])
    ("a dict with keys ['a']", 'a list of 2')
    """
    if isinstance(tree, dict):
        return f"a dict with keys {list(tree)}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return f"an array of shape {np.shape(tree)}"


def equal(x: Any, y: Any) -> bool:
    """Whether two nests are the same, of equal arrays, numbers of one type and things that are equal; NaN equals NaN.

    >>> equal({"a": np.array([1.0, np.nan])}, {"a": np.array([1.0, np.nan])}), equal([1], (1,)), equal(1, 1.0)
    (True, False, False)
    """
    if isinstance(x, dict):
        return isinstance(y, dict) and x.keys() == y.keys() and all(equal(x[k], y[k]) for k in x)
    if isinstance(x, (list, tuple)):
        return type(x) is type(y) and len(x) == len(y) and all(map(equal, x, y))
    if isinstance(x, (np.ndarray, np.generic, int, float)):
        return type(x) is type(y) and np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f")
    return x is y or bool(x == y)
