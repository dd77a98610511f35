"""States come back from files that anybody may have written, so they are looked at before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .wording import listed, quoted


def checked(state: Any, fields: Mapping[str, type], what: str) -> dict[str, Any]:
    """The entries of ``state`` that ``fields`` names, each of its type; ValueError names the first that is not.

    >>> from autograd_core.datasets.states import checked
    >>> checked({"epoch": 3, "more": None}, {"epoch": int}, "a DataLoader")
    {'epoch': 3}
    """
    if not isinstance(state, dict):
        raise ValueError(f"the state of {what} is a dict with {', '.join(fields)}, got {type(state).__name__}")
    if lacking := [field for field in fields if field not in state]:
        raise ValueError(f"the state of {what} lacks {listed(lacking)}; it was written by something else")
    for field, needed in fields.items():
        if type(state[field]) is not needed and not (needed is float and type(state[field]) is int):
            raise ValueError(f"{field} in the state of {what} is a {needed.__name__}, got {quoted(str(state[field]))}")
    try:
        return {field: needed(state[field]) for field, needed in fields.items()}
    except OverflowError:
        raise ValueError(f"the state of {what} holds a number that is too large for one; it is damaged") from None


def texts(values: Any, distinct: bool = False) -> bool:
    """Whether these are all texts, and no two alike.

    >>> from autograd_core.datasets.states import texts
    >>> texts(["a", "b"]), texts(["a", 1]), texts(["a", "a"], distinct=True)
    (True, False, False)
    """
    return all(isinstance(value, str) for value in values) and (not distinct or len(set(values)) == len(values))
