"""`compile(f)`: the function itself, recorded once for each set of shapes, then replayed."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any

import numpy as np

from ..lines import warn
from ..modes import mode, observed
from ..trees import leaves
from .arguments import Arguments
from .comparing import same
from .program import Program
from .recording import CannotRecord, Record, record
from .watching import Watched

MOST = 64  # programs of one function
REFUSED = "cannot be compiled and runs as it is"
TOO_MANY = (
    f"has {MOST} programs, and with other shapes or settings it runs as it is: a plain number among the arguments belongs to the "
    "program, one that changes is given as an array, np.float32(x); functions are made once and not for each call"
)


def compile(f: Callable[..., Any], verify_every: int = 0) -> Callable[..., Any]:
    """From a function of arrays to the same function, recorded once for each set of shapes and dtypes, then replayed (jax.jit).

    f: takes arrays (as Tensors), returns Tensors (or tuples, lists, dicts of them), and may call grad, backward() or
    an optimizer's step() inside. It is recorded twice, and runs as it is, with one warning, where the two differ or where it
    looks at a value. Parameters are read anew at every call, generators are drawn from, running statistics are written.
    All else that f is given (numbers of Python's, strings, modules, functions) belongs to the program; another makes another,
    up to 64: a number that changes at every call is given as an array. Gradients are taken inside: a result has no graph.
    Where f is given a Tensor that requires grad, or called in grad(...) or vmap(...), it runs as it is. verify_every=n runs every
    nth call as it is as well, and compares.

    It is recorded anew when something has become another that names of yours lead to: globals, variables around f, attributes,
    elements of lists and dicts, bytes of NumPy arrays, also in functions of yours that it calls. Where f itself changes such a
    thing it runs as it is, with a warning; what was changed by recording is put back.
    Two things no recorder can see, as jax.jit cannot:
    - numbers taken out by the bare array `.value`, and what no name leads to: files, the inside of other packages, elements of
      more than 1000, and what NumPy makes of an array of more than 64 KB that is written to. They stay as they were when f was
      recorded, until verify_every finds out;
    - what f does to the world: it prints, writes a file or waits while it is recorded, and not when it is replayed.

    >>> from autograd_core import grad
    >>> slope = compile(lambda x: grad(lambda z: (z**3).sum())(x))
    >>> slope(np.array([1.0, 2.0])), slope(np.array([3.0, 4.0]))
    (Tensor([ 3., 12.]), Tensor([27., 48.]))
    """
    if not callable(f):
        raise TypeError(f"compile takes a function or a module, as in compile(lambda x: x * 2), and not {f!r:.60}")
    if not verify_every and isinstance(getattr(f, "programs", None), dict) and hasattr(f, "__wrapped__"):
        return f  # it is compiled already
    programs: dict[Any, Program | None] = {}
    refused: set[Any] = set()  # what is not tried again, whatever changes
    watching: dict[Any, Watched] = {}
    alone = RLock()  # a program has one set of buffers
    told: set[str] = set()  # why it runs as it is, each reason once
    calls = 0

    def compiled(*args: Any, **keywords: Any) -> Any:
        given = Arguments(args, keywords)
        if not observed() and not given.traced and not (given.tracked and mode.recording):
            with alone:
                found = chosen(given)
                if isinstance(found, Program):
                    values = found.attempt(given.arrays)
                    return found.done(values) if values is not None else given.call(f)  # which may well raise the same
                if found is not None:
                    return found()
        return given.call(f)  # where a graph goes on, or somebody watches, it is a function like any other

    def tell(reason: str) -> None:
        if reason not in told:
            told.add(reason)
            warn(f"{_name(f)} {reason}")

    def chosen(given: Arguments) -> Program | Callable[[], Any] | None:
        """The program for such arguments, recorded if there is none yet, or what is called in its place; None if f is to run as
        it is."""
        nonlocal calls
        calls += 1
        rest = tuple(given.rest)
        what = rest if given.things else ()
        watched = watching.get(what)
        if watched is None and len(watching) <= MOST:
            watched = watching[what] = Watched(f, *given.things)
        elif watched is not None and watched.changed():
            watched.look()
            for k in [k for k, program in programs.items() if program is not None and k[0] == what]:
                del programs[k]
        key: Any = (what, rest, tuple(given.shapes), mode.recording, watched.modes() if watched else ())
        there = programs.get(key)
        if there is not None and any(p.gradient is not None for p in there.absent):
            key = (*key, "adding to gradients")
        known = key in programs
        if not known:
            kind = (*key[:4], *(m.training for m in watched.modules)) if watched else ()
            if kind in refused:
                return None
            try:
                found = TOO_MANY if watched is None or len(programs) >= MOST else _recorded(f, given, watched)
            except Exception as error:
                reason = f"{REFUSED}: it raises {type(error).__name__} while it is recorded: {error}"

                def as_it_is() -> Any:
                    result = given.call(f)  # which may well raise the same
                    refused.add(kind)
                    tell(reason)
                    return result

                return as_it_is
            if isinstance(found, str):
                tell(found)
            if watched is None or found is TOO_MANY:
                return None
            key = (*key[:4], watched.modes(), *key[5:])  # now that it is known what is read
            programs[key] = None if isinstance(found, str) else found
            if programs[key] is None:
                refused.add(kind)
        program = programs[key]
        if program is None or not program.ready():
            return None
        if known and verify_every and calls % verify_every == 0:
            return lambda: _verified(f, given, programs, key, watched)
        return program

    if inspect.isroutine(f):
        wraps(f)(compiled)
    compiled.__wrapped__ = f  # type: ignore[attr-defined]
    compiled.programs = programs  # type: ignore[attr-defined]
    return compiled


def _recorded(f: Any, given: Arguments, watched: Watched) -> Program | str:
    """A program, or the reason why there is none."""
    g, arrays = given.put_into(f), tuple(given.arrays)
    collects = gc.isenabled()
    gc.disable()  # a record has no cycles, and may have a million objects
    try:
        first = record(g, arrays, watched=watched)
        adds = first.forgets()
        second = record(g, arrays, lines=False, watched=watched) if adds else _with_gradients(first, g, arrays, watched)
        if (
            not adds and second.adds() and not first.adds()
        ):  # nobody forgets the gradients: this holds while there are none
            adds, second = True, record(g, arrays, lines=False, watched=watched)
        different = same(first, second)
        if different is None:
            watched.also(first)
            return Program(first, list(given.names(_parameters(f))), absent=list(first.leaves) if adds else [])
        return f"{REFUSED}: it does not do the same twice: {different}"
    except CannotRecord as error:
        return f"{REFUSED}: {error}"
    finally:
        if collects:
            gc.enable()


def _with_gradients(first: Record, g: Callable[..., Any], arrays: tuple[Any, ...], watched: Watched) -> Record:
    """Another record, made where all that is trained has a gradient already."""
    missing = [p for p in first.leaves if p.gradient is None]
    for p in missing:
        p.gradient = np.zeros_like(p.value)
    try:
        return record(g, arrays, lines=False, watched=watched)
    finally:
        for p in missing:
            p.gradient = None


def _verified(f: Any, given: Arguments, programs: dict[Any, Any], key: Any, watched: Any) -> Any:
    """A call whose result is compared with what the function gives as it is; if they differ, it runs as it is from now on."""
    program, reason = programs[key], "it gave something else than its program"
    try:
        found = record(given.put_into(f), tuple(given.arrays), watched=watched)  # which leaves nothing behind
    except Exception as error:
        reason = str(error) if isinstance(error, CannotRecord) else ""
    else:
        values = program.attempt(given.arrays)
        if values is not None and all(map(_close, leaves(program.returned(values)), leaves(found.result))):
            return program.done(values)
        found.put_back_generators()
    if not reason:
        return given.call(f)  # which may well raise the same
    programs[key] = None
    warn(f"{_name(f)} runs as it is from now on: {reason}; it does not do the same each time")
    return given.call(f)


def _close(a: Any, b: Any) -> bool:
    a, b = getattr(a, "value", a), getattr(b, "value", b)
    if not isinstance(a, (np.ndarray, np.generic)):
        return bool(a == b)
    return a.shape == b.shape and np.allclose(
        a, b, rtol=1e-5 if a.dtype == np.float32 else 1e-10, atol=1e-8, equal_nan=True
    )


def _name(f: Any) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _parameters(f: Callable[..., Any]) -> list[str]:
    """What a function calls its arguments by their place."""
    try:
        parameters = inspect.signature(getattr(f, "forward", f)).parameters.values()
    except ValueError:
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
