"""One element of an array as a formula: for a product of matrices the sum that makes it, for a row that only moves numbers
the element that came there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...symbol import Symbol
from .writing import place

MOST = 6  # terms of a sum that are all written down
_MOVES = {
    "reshape", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "broadcast_to", "flip", "roll", "getitem", "cast",
    "concatenate", "stack", "take_along_axis",
}  # fmt: skip
_SUMS = {"sum", "mean", "unbroadcast"}


def element(x: Any, at: tuple[int, ...], style: str = "text") -> Any:
    """The element at an index of a formula, as a formula of elements.

    >>> a, b = Symbol("a", np.eye(2)), Symbol("b", np.arange(4.0).reshape(2, 2))
    >>> element(a @ b, (1, 0)), element((a + b).T, (0, 1))
    (Symbol('a[1, 0]·b[0, 0] + a[1, 1]·b[1, 0]', 2), Symbol('a[1, 0] + b[1, 0]', 2))
    """
    if not isinstance(x, Symbol):
        return np.asarray(x)[at].item() if np.ndim(x) else x
    if not x.ndim:
        at = ()
    if x.op is None:
        return _chosen(x, x.name, at, style) if at else x
    op, values = x.op, [v.value if isinstance(v, Symbol) else v for v in x.inputs]
    if op.elementwise:
        return op(*(element(v, beneath(at, np.shape(v)), style) for v in x.inputs), **x.params)
    if op.name in _MOVES:
        return _moved(x, values, at, style)
    if op.name in _SUMS:
        places = _summed(x, values[0], at)
        count = len(places) if op.name == "mean" else 1
        y = total(len(places), lambda k: element(x.inputs[0], places[k], style), x.value[at] * count)
        return y / count if count > 1 else y
    if op.name in ("matmul", "dot") and min(map(np.ndim, values)) and (op.name == "matmul" or np.ndim(values[1]) < 3):
        return _product(x, values, at, style)
    if op.definition is not None and x.params.get("reduction", "none") == "none":
        params = {name: value for name, value in x.params.items() if name != "reduction"}
        return element(op.definition(*x.inputs, **params), at, style)
    if op.name == "scatter":
        origin = np.arange(x.size).reshape(x.shape)[x.params["index"]]
        places = [tuple(map(int, p)) for p in np.argwhere(origin == np.ravel_multi_index(at, x.shape))] if at else [()]
        return total(len(places), lambda k: element(x.inputs[0], places[k], style), x.value[at]) if places else 0.0
    name = x.spell("latex" if style == "latex" else "text")
    bracketed = rf"\left({name}\right)" if style == "latex" else f"({name})"
    return _chosen(x, name if name.endswith(")") else bracketed, at, style) if at else Symbol(name, x.value)


def _chosen(x: Symbol, name: str, at: tuple[int, ...], style: str) -> Symbol:
    """An element under the name of its array, which it remembers as its input."""
    y = Symbol(place(name, at, style), x.value[at])
    y.inputs = (x,)
    return y


def beneath(at: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The element that broadcasting an array of this shape repeats at an index."""
    return tuple(0 if n == 1 else i for i, n in zip(at[len(at) - len(shape) :], shape, strict=True))


def total(count: int, term: Callable[[int], Any], value: Any) -> Any:
    """A sum of so many terms; of many, the first three and the last are written down."""
    if count <= MOST:
        y = term(0) if count else 0.0
        for k in range(1, count):
            y = y + term(k)
        return y
    written = [term(0), term(1), term(2), Symbol("…", 0.0), term(count - 1)]
    y = written[0]
    for t in written[1:]:
        y = y + t
    y.value = value
    return y


def broadcast_sum(x: Any, shape: tuple[int, ...], at: tuple[int, ...], value: Any, style: str) -> Any:
    """The element of what is left of x when broadcasting is undone, so that `shape` is left."""
    full = np.broadcast_shapes(np.shape(x), shape)
    if full == shape:
        return element(x, beneath(at, np.shape(x)), style)
    places = _where(np.broadcast_to(np.arange(int(np.prod(shape))).reshape(shape), full), at, shape)
    return total(len(places), lambda k: element(x, beneath(places[k], np.shape(x)), style), value)


def _where(origins: Any, at: tuple[int, ...], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The places at which the element of an array of this shape stands in `origins`, an array of its flat indices."""
    wanted = np.ravel_multi_index(at, shape) if at else 0
    return [tuple(map(int, p)) for p in np.argwhere(origins == wanted)]


def _moved(x: Symbol, values: list[Any], at: tuple[int, ...], style: str) -> Any:
    """The element that stands here after the row has moved it: the row is asked to move the elements' numbers."""
    assert x.op is not None
    starts = np.cumsum([0, *map(np.size, values)])
    flat = [np.arange(np.size(v)).reshape(np.shape(v)) + s for v, s in zip(values, starts, strict=False)]
    params = x.params | ({"dtype": np.int64} if x.op.name == "cast" else {})
    if x.op.name == "take_along_axis":
        flat[1] = values[1]
    moved = x.op.kernel(*flat, **params)
    number = int((moved[0] if x.op.saved else moved)[at])
    which = int(np.searchsorted(starts, number, side="right")) - 1
    which = min(which, len(values) - 1)
    source = tuple(map(int, np.unravel_index(number - starts[which], np.shape(values[which]))))
    return element(x.inputs[which], source, style)


def _summed(x: Symbol, value: Any, at: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The places of the elements that were added up to this one."""
    origins = np.arange(x.size).reshape(x.shape)
    if "axis" in x.params and x.params["axis"] is not None and not x.params["keepdims"]:
        origins = np.expand_dims(origins, x.params["axis"])
    return _where(np.broadcast_to(origins, np.shape(value)), at, x.shape)


def _product(x: Symbol, values: list[Any], at: tuple[int, ...], style: str) -> Any:
    """Row times column."""
    a, b = x.inputs
    row = at[:-1] if np.ndim(values[1]) > 1 else at
    if np.ndim(values[0]) == 1:
        row = ()
    column = at[-1:] if np.ndim(values[1]) > 1 else ()
    batch = at[: len(at) - (np.ndim(values[0]) > 1) - (np.ndim(values[1]) > 1)]

    def term(k: int) -> Any:
        left = (*beneath(batch, np.shape(values[0])[:-2]), *row[len(batch) :], k) if np.ndim(values[0]) > 1 else (k,)
        right = (*beneath(batch, np.shape(values[1])[:-2]), k, *column) if np.ndim(values[1]) > 1 else (k,)
        if x.op is not None and x.op.name == "dot":  # no batches: all axes but the last are the first factor's own
            left, right = (*row, k), (k, *column)
        return element(a, left, style) * element(b, right, style)

    return total(np.shape(values[0])[-1], term, x.value[at])
