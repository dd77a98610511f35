"""Recording: run a function once with Tensors and note every row that it reads, its backward pass included.

While somebody observes, the backward pass feeds its rules with Tensors, so that what the rules compute are rows as
well. The record is a flat list: no graph, no Python of the user's is left in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..modes import observers, set_grad_enabled
from ..op import Op
from ..tensor import Tensor


class CannotRecord(Exception):
    """The function looked at a number, so that another input could take another way; the message says how."""


@dataclass
class Record:
    """What a function did: the rows it read, in order, and what became of its arguments.

    arguments: the Tensors that stood for the arrays. steps: (result, row, inputs, params). result: what it returned.
    """

    arguments: list[Tensor]
    steps: list[tuple[Tensor, Op, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    result: Any = None
    follows = True
    thread: int = field(default_factory=threading.get_ident)  # what other threads do meanwhile is none of its business

    def row(self, out: Tensor, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> None:
        """A row was read."""
        if threading.get_ident() == self.thread:
            self.steps.append((out, op, inputs, params))

    def wrote(self, tensor: Tensor) -> None:
        """Memory was written to, which a program of rows cannot say."""
        self.cut("a write to a tensor")

    def cut(self, how: str) -> None:
        """A Tensor is about to become a plain number, which the record could not follow."""
        if threading.get_ident() == self.thread:
            raise CannotRecord(f"{how} cannot be followed while the function is recorded")


def record(f: Callable[..., Any], arrays: tuple[Any, ...]) -> Record:
    """Run f on Tensors of these arrays and note what it does; CannotRecord where it looks at a value."""
    found = Record([Tensor(a) for a in arrays])
    observers.append(found)
    try:
        with set_grad_enabled(True):
            found.result = f(*found.arguments)
    finally:
        observers.remove(found)
    return found


def same(a: Record, b: Record) -> bool:
    """Whether two records of one function are the same program: rows, parameters, wiring and constants."""
    if len(a.steps) != len(b.steps):
        return False
    places: dict[int, int] = {id(x): i for i, x in enumerate([*a.arguments, *(s[0] for s in a.steps)])}
    others: dict[int, int] = {id(x): i for i, x in enumerate([*b.arguments, *(s[0] for s in b.steps)])}
    for (_, op, inputs, params), (_, op2, inputs2, params2) in zip(a.steps, b.steps, strict=True):
        if op is not op2 or len(inputs) != len(inputs2) or not _equal(params, params2):
            return False
        for x, y in zip(inputs, inputs2, strict=True):
            if places.get(id(x), -1) != others.get(id(y), -1):
                return False
            if id(x) not in places and not _equal(getattr(x, "value", x), getattr(y, "value", y)):
                return False
    return True


def _equal(x: Any, y: Any) -> bool:
    if isinstance(x, dict):
        return x.keys() == y.keys() and all(_equal(x[k], y[k]) for k in x)
    if isinstance(x, tuple):
        return isinstance(y, tuple) and len(x) == len(y) and all(map(_equal, x, y))
    if isinstance(x, (np.ndarray, np.generic, int, float)):
        return type(x) is type(y) and np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f")
    return x is y or bool(x == y)
