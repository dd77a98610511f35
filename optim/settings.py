"""What settings make sense: a range is a test and the words for it, and holds for every group of parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Range = tuple[Callable[[Any], Any], str]

POSITIVE: Range = (lambda v: 0 < v < math.inf, "above 0 and finite")
NOT_NEGATIVE: Range = (lambda v: 0 <= v < math.inf, "at least 0 and finite")
SHARE: Range = (lambda v: 0 <= v < 1, "at least 0 and below 1")
SHARES: Range = (lambda v: len(v) == 2 and all(0 <= b < 1 for b in v), "two numbers, each at least 0 and below 1")
COUNT: Range = (lambda v: v == int(v) and v >= 1, "a whole number, at least 1")


def one_of(*choices: Any) -> Range:
    """The range of a setting that has a few names."""
    return (lambda v: v in choices, " or ".join(map(repr, choices)))


def check(settings: Mapping[str, Any], ranges: Mapping[str, Range]) -> None:
    """ValueError, with the name, the range and what was found, for a setting outside its range.

    >>> check({"lr": 0.1, "momentum": -0.5}, {"momentum": SHARE})
    Traceback (most recent call last):
    ValueError: momentum must be at least 0 and below 1, it is -0.5
    """
    for name, (fits, words) in ranges.items():
        if name in settings:
            value = settings[name]
            try:
                fine = bool(fits(value))
            except (TypeError, ValueError, OverflowError):  # a text, None, infinity as a whole number
                fine = False
            if not fine:
                spoken = "the learning rate" if name == "lr" else name
                raise ValueError(f"{spoken} must be {words}, it is {value!r}")


def per_group(optimizer: Any, name: str, given: Any) -> list[Any]:
    """A setting for each group of an optimizer: one for all, or a list of them; ValueError for another length."""
    count = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * count
    if len(given) != count:
        raise ValueError(
            f"{name} has {len(given)} entries for {count} groups of parameters: give one each, or one for all"
        )
    return list(given)
