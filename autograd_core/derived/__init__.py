"""NumPy's functions that need no row of their own: each is said by others that have one, and so has their gradients.

    @derived("vstack")
    def vstack(tup):
        return np.concatenate([np.atleast_2d(x) for x in tup])

Three lists, looked up when a function meets a Tensor and the table has no row for it: DERIVED is computed with
gradients, PASSED is asked of the bare numbers and answered with bare numbers, and all else is refused, where NEAREST
says what to write instead. A name that this version of NumPy does not have yet is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..modes import observer, observers
from ..op import BY_NUMPY, Readable
from ..trees import mapped

DERIVED: dict[Any, Callable[..., Any]] = {}
PASSED: set[Any] = set()
LEAVING: set[Any] = set()  # of those, the ones that take numbers out of the graph which could have a gradient
NEAREST: dict[Any, str] = {}
REDUCED: dict[tuple[Any, str], Callable[..., Any]] = {}  # (ufunc, method) -> what np.add.reduce and its kin mean


def named(name: str) -> Any:
    """The NumPy function of a name such as "linalg.det"; None if this version has none."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def derived(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say that a function answers for the NumPy functions of these names, taking their arguments."""

    def note(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            if (theirs := named(name)) is not None:
                DERIVED[theirs] = function
        return function

    return note


def passed(*names: str, values: bool = False) -> None:
    """Say that functions have no gradient and answer with plain numbers; values: with some of those they were given."""
    found = [f for name in names if (f := named(name)) is not None]
    PASSED.update(found)
    LEAVING.update(found if values else ())


def refused(nearest: str, *names: str) -> None:
    """Say what to write instead of functions that have neither."""
    NEAREST.update({f: nearest for name in names if (f := named(name)) is not None})


def answer(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = "__call__") -> Any:
    """What a NumPy function without a row gives for Tensors or Symbols; TypeError for one that is refused."""
    name = spelled(function) + ("" if method == "__call__" else f".{method}")
    found = DERIVED.get(function) if method == "__call__" else REDUCED.get((function, method))
    if found is not None:
        return found(*args, **kwargs)
    if function in PASSED and method == "__call__":
        if observers:
            observer().cut(name)
        if function in LEAVING:
            mapped(lambda x: x._leaving(name) if hasattr(x, "_leaving") else None, [*args, *kwargs.values()])
        return function(*mapped(_bare, list(args)), **mapped(_bare, kwargs))
    remedy = NEAREST.get(function, "write it with functions that have one (docs/numpy.md lists them), or add a row")
    raise TypeError(f"{name} has no row in the table; {remedy}, or take x.detach().numpy() out of the graph")


def spelled(function: Any) -> str:
    """A NumPy function as users write it.

    >>> spelled(np.linalg.det), spelled(np.exp)
    ('np.linalg.det', 'np.exp')
    """
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module}.{function.__name__}".replace("numpy", "np", 1)


def has_row(function: Any) -> bool:
    """Whether a NumPy function is a row with a derivative."""
    return function in BY_NUMPY and BY_NUMPY[function].differentiable


def _bare(x: Any) -> Any:
    return x.value if isinstance(x, Readable) else x


from . import (  # noqa: E402, F401  they fill the lists
    elementwise,
    filling,
    linear_algebra,
    passing,
    picking,
    polynomials,
    products,
    reductions,
    shapes,
    statistics,
)
