"""A program as data: values, and the calls that make them, one after the other.

A record speaks of rows; here each row has become the NumPy calls that it is made of. What is a fused kernel to eager code
(cross-entropy, a standard score) is written out, so that passes see every single array.
"""

from __future__ import annotations

import math
from operator import ge
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from ..op import Op
from ..tensor import Tensor
from ..trees import leaves

PRINTED = (bool, int, float, complex, str, slice, EllipsisType, NoneType)  # whose text says all that they are


class Value:
    """One array of a program. source: for an argument its place, for what is read anew the Tensor, for a constant the number."""

    __slots__ = ("axes", "dtype", "kind", "made", "name", "shape", "source")

    def __init__(self, kind: str, like: Any, source: Any = None, name: str = ""):
        self.kind, self.source, self.name = kind, source, name
        self.shape, self.dtype = np.shape(like), like.dtype if hasattr(like, "dtype") else np.dtype(type(like))
        self.axes = axes_in_memory(like) if kind == "made" else None
        self.made: Call | None = None

    @property
    def room(self) -> Any:
        """What memory it needs; sums add up in the order in which numbers lie in it."""
        return self.shape, self.dtype, self.axes

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or (self.made.op.name if self.made else '')} {self.shape}>"


class Call:
    """A row of the table, or a private one of `lowering.py`, that is applied to values and plain numbers.

    note: the row of which it is a part, and the user's line.
    """

    __slots__ = ("inputs", "note", "op", "outs", "params")

    def __init__(self, op: Op, inputs: list[Any], params: dict[str, Any], outs: list[Value], note: str = ""):
        self.op, self.inputs, self.params, self.outs, self.note = op, inputs, params, outs, note

    @property
    def out(self) -> Value:
        return self.outs[0]

    @property
    def values(self) -> list[Value]:
        """The inputs that are values."""
        return [x for x in self.inputs if isinstance(x, Value)]


class Calls:
    """What passes work on. results: the values that are asked for, by what they are asked for.

    outside: Tensors that are read anew, by id. kept: what must live as long as values are known by ids.
    """

    def __init__(self, arguments: list[Value], calls: list[Call], outside: dict[int, Value]):
        self.arguments, self.calls, self.outside = arguments, calls, outside
        self.results: dict[Any, Value] = {}
        self.kept: list[Any] = []

    def users(self) -> dict[Value, list[Call]]:
        """Who reads each value."""
        found: dict[Value, list[Call]] = {}
        for call in self.calls:
            for x in dict.fromkeys(call.values):
                found.setdefault(x, []).append(call)
        return found

    def replace(self, old: Value, new: Any) -> None:
        """Have everybody read another value in place of one."""
        for call in self.calls:
            if old in call.values:
                call.inputs = [new if x is old else x for x in call.inputs]
        for key, value in self.results.items():
            if value is old:
                self.results[key] = new


def axes_in_memory(array: Any) -> tuple[int, ...] | None:
    """The axes of a dense array from the outermost in memory to the innermost; None if that is their order anyway."""
    if np.ndim(array) < 2 or array.flags.c_contiguous:
        return None
    axes = tuple(sorted(range(array.ndim), key=lambda i: -array.strides[i]))
    return axes if array.transpose(axes).flags.c_contiguous else None


def unusual(array: Any) -> tuple[int, ...] | None:
    """The strides of an array whose numbers do not lie in the order of its axes; sums of such a one are other bits."""
    if array.flags.c_contiguous or (array.strides[-1] > 0 and all(map(ge, array.strides, array.strides[1:]))):
        return None
    strides: tuple[int, ...] = array.strides
    return strides


def constant(number: Any) -> Value:
    return Value("constant", number, number)


def is_number(x: Any, number: float) -> bool:
    """Whether an input is this very number, 0 or more; -0.0 is not 0."""
    x = x.source if isinstance(x, Value) and x.kind == "constant" and not x.shape else x
    return isinstance(x, (int, float, np.generic, np.ndarray)) and bool(x == number) and not str(x).startswith("-")


def key_of(x: Any) -> Any:
    """What is equal for a parameter of a row and its equals alone: print shortens long arrays, and rounds short ones."""
    if isinstance(x, dict):
        return tuple((name, key_of(part)) for name, part in x.items())
    if isinstance(x, (list, tuple)):
        return type(x), *map(key_of, x)
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype != object:
        return x.dtype, x.shape, x.tobytes()
    return (type(x), repr(x)) if isinstance(x, PRINTED) else id(x)


def tensors(tree: Any) -> list[Tensor]:
    return [x for x in leaves(tree) if isinstance(x, Tensor)]
