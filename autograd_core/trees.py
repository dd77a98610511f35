"""Nested lists, tuples and dicts, as arguments and results of functions: what is done to every leaf of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


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
