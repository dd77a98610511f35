"""`compile(f)`: the function itself, recorded once for each set of shapes, then replayed."""

from __future__ import annotations

import gc
import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..tensor import Tensor, filled, new
from ..trees import leaves
from .program import Program
from .recording import CannotRecord, Record, record, said, same
from .watching import Watched


def compile(f: Callable[..., Any], verify_every: int = 0) -> Callable[..., Any]:
    """From a function of arrays to the same function, recorded once for each set of shapes and dtypes, then replayed (jax.jit).

    f: takes arrays (as Tensors), returns Tensors (or tuples, lists, dicts of them), and may call grad, backward() or
    an optimizer's step() inside. It is recorded twice, and runs as it is, with one warning, where the two differ or where it
    looks at a value. Parameters are read anew at every call, generators are drawn from, running statistics are written.
    verify_every=n runs every nth call as it is as well, and compares.

    It is recorded anew when a global, a closure's variable or an attribute of a module or object that it names has become another.
    Two things no recorder can see, as jax.jit cannot:
    - what a function that f calls reads beside its arguments, and numbers taken out by the bare array `.value`: they stay as
      they were when f was recorded, until verify_every finds out;
    - what f does to the world: it prints, writes a file or waits while it is recorded, and not when it is replayed.

    >>> from autograd_core import grad
    >>> slope = compile(lambda x: grad(lambda z: (z**3).sum())(x))
    >>> slope(np.array([1.0, 2.0])), slope(np.array([3.0, 4.0]))
    (Tensor([ 3., 12.]), Tensor([27., 48.]))
    """
    programs: dict[Any, Program | None] = {}
    watched = Watched(f)
    calls = 0

    def compiled(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        plain = {i: x for i, x in enumerate(args) if isinstance(x, (str, bool, type(None))) or callable(x)}
        arrays = tuple(
            x.value if isinstance(x, Tensor) else np.asarray(x) for i, x in enumerate(args) if i not in plain
        )
        g = _with(f, plain) if plain else f
        if not programs or watched.changed():
            watched.look()
            for k in [k for k, program in programs.items() if program is not None]:
                del programs[k]
        key = (
            tuple([(a.shape, a.dtype, None if a.flags.c_contiguous else a.strides) for a in arrays]),
            tuple(plain.items()),
            *watched.modes(),
        )
        there = programs.get(key)
        if there is not None and any(p.gradient is not None for p in there.absent):
            key = (*key, "adding to gradients")
        if key not in programs:
            programs[key] = _recorded(f, g, arrays, watched)
        elif verify_every and calls % verify_every == 0 and programs[key] is not None:
            return _verified(f, g, arrays, programs, key)
        program = programs[key]
        if program is not None and program.ready():
            return program(*arrays)
        return g(*(filled(new(Tensor), a) for a in arrays))

    if inspect.isroutine(f):
        wraps(f)(compiled)
    compiled.programs = programs  # type: ignore[attr-defined]
    return compiled


def _with(f: Callable[..., Any], plain: dict[int, Any]) -> Callable[..., Any]:
    """f with what is no array in its place: it belongs to the program."""

    def g(*arrays: Any) -> Any:
        rest = iter(arrays)
        return f(*(plain[i] if i in plain else next(rest) for i in range(len(arrays) + len(plain))))

    return g


def _recorded(f: Any, g: Callable[..., Any], arrays: tuple[Any, ...], watched: Watched) -> Program | None:
    collects = gc.isenabled()
    gc.disable()  # a record has no cycles, and may have a million objects
    try:
        first = record(g, arrays)
        adds = first.forgets()
        second = record(g, arrays, lines=False) if adds else _with_gradients(first, g, arrays)
        if (
            not adds and second.adds() and not first.adds()
        ):  # nobody forgets the gradients: this holds while there are none
            adds, second = True, record(g, arrays, lines=False)
        different, changes = same(first, second), watched.changed()
        if different is None and changes is None:
            return Program(first, _argument_names(f, len(arrays)), absent=list(first.leaves) if adds else [])
        reason = (
            f"it does not do the same twice: {different}"
            if different
            else f"it changes {changes} as it runs{_where(f)}"
        )
    except CannotRecord as error:
        reason = str(error)
    finally:
        if collects:
            gc.enable()
    warnings.warn(f"{_name(f)} cannot be compiled and runs as it is: {reason}", stacklevel=4)
    return None


def _with_gradients(first: Record, g: Callable[..., Any], arrays: tuple[Any, ...]) -> Record:
    """Another record, made where all that is trained has a gradient already."""
    missing = [p for p in first.leaves if p.gradient is None]
    for p in missing:
        p.gradient = np.zeros_like(p.value)
    try:
        return record(g, arrays, lines=False)
    finally:
        for p in missing:
            p.gradient = None


def _verified(f: Any, g: Callable[..., Any], arrays: tuple[Any, ...], programs: dict[Any, Any], key: Any) -> Any:
    """A call whose result is compared with what the function gives as it is; if they differ, it runs as it is from now on."""
    try:
        expected = leaves(record(g, arrays).result)  # which leaves nothing behind
        got = programs[key](*arrays)
        if all(map(_close, leaves(got), expected)):
            return got
        reason = "it gave something else than its program"
    except CannotRecord as error:
        reason = str(error)
        got = g(*(filled(new(Tensor), a) for a in arrays))
    programs[key] = None
    warnings.warn(f"{_name(f)} runs as it is from now on: {reason}; it does not do the same each time", stacklevel=4)
    return got


def _close(a: Any, b: Any) -> bool:
    a, b = getattr(a, "value", a), getattr(b, "value", b)
    if not isinstance(a, (np.ndarray, np.generic)):
        return bool(a == b)
    return a.shape == b.shape and np.allclose(
        a, b, rtol=1e-5 if a.dtype == np.float32 else 1e-10, atol=1e-8, equal_nan=True
    )


def _where(f: Any) -> str:
    code = getattr(getattr(f, "forward", f), "__code__", None)
    return "" if code is None else f" in {said((code.co_filename, code.co_firstlineno))}"


def _name(f: Any) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _argument_names(f: Callable[..., Any], count: int) -> list[str]:
    try:
        names = [
            p.name
            for p in inspect.signature(getattr(f, "forward", f)).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except ValueError:
        names = []
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]
