"""A program: a recorded function as straight-line calls of kernels, which can be read, and run without any graph."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..op import Op
from ..tensor import Tensor
from ..trees import leaves, mapped
from .recording import CannotRecord, Record, record, same


class Program:
    """A record as a flat list of kernel calls; `source` shows it, calling it with arrays runs it.

    Parameters that the function closes over are read anew at every call; what nobody needs is left out.

    >>> w = Tensor(2.0, requires_grad=True, name="w")
    >>> program = Program(record(lambda x: (w * x).tanh().sum(), (np.ones(3),)), ["x"])
    >>> print(program.source)
    def program(x):
        a = multiply(w, x)
        b = tanh(a)
        c = sum(b, axis=None, keepdims=False)
        return c
    >>> program(np.zeros(3))
    Tensor(0.)
    """

    def __init__(self, found: Record, names: list[str]):
        needed = {id(x) for x in _tensors(found.result)}
        steps = []
        for step in reversed(found.steps):  # from the end: a step is needed if a needed one reads it
            if id(step[0]) in needed:
                needed.update(id(x) for x in step[2] if isinstance(x, Tensor))
                steps.append(step)
        self.steps = steps[::-1]
        self.result, self.arguments = found.result, found.arguments
        self.names = dict(zip(map(id, found.arguments), names, strict=True))
        made = {id(step[0]) for step in self.steps}
        self.slots: dict[int, int] = {id(x): i for i, x in enumerate(found.arguments)}
        self.free: list[Tensor] = []  # Tensors from outside: parameters, and constants
        for _, _, inputs, _ in self.steps:
            for x in inputs:
                if isinstance(x, Tensor) and id(x) not in self.slots and id(x) not in made:
                    self.slots[id(x)] = len(self.slots)
                    self.free.append(x)
        for x in _tensors(found.result):
            if id(x) not in self.slots and id(x) not in made:
                if not x.is_leaf or not x.requires_grad:
                    raise CannotRecord("it returns a Tensor that was not computed by rows of the table")
                self.slots[id(x)] = len(self.slots)
                self.free.append(x)
        for out, *_ in self.steps:
            self.slots[id(out)] = len(self.slots)
        self.calls = [self._call(*step) for step in self.steps]

    def _call(self, out: Tensor, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, ...]:
        """A step as (kernel, saves, places of inputs or constants, parameters)."""
        places = [(self.slots[id(x)], None) if isinstance(x, Tensor) else (-1, x) for x in inputs]
        return op.eager, bool(op.saved), places, params

    def __call__(self, *arrays: Any) -> Any:
        values = [*(np.asarray(a) for a in arrays), *(x.value for x in self.free)]
        for kernel, saves, places, params in self.calls:
            y = kernel(*(values[i] if i >= 0 else constant for i, constant in places), **params)
            values.append(y[0] if saves else y)
        return mapped(lambda x: Tensor(values[self.slots[id(x)]]) if id(x) in self.slots else x, self.result)

    @property
    def environment(self) -> dict[str, Any]:
        """What `source` reads besides its arguments, by name: parameters, and constants as c0, c1, …"""
        names, taken = {}, set(self.names.values())
        for i, x in enumerate(self.free):
            name = x.name if x.name and x.name not in taken else f"{'p' if x.requires_grad else 'c'}{i}"
            taken.add(name)
            names[name] = x.value
        return names

    @property
    def source(self) -> str:
        """The program as Python: a line for each row, with the names of arguments and parameters."""
        environment = list(self.environment)
        names = self.names | dict(zip(map(id, self.free), environment, strict=True))
        taken = {*names.values()}
        lines = [f"def program({', '.join(self.names.values())}):"]
        fresh = (
            n
            for i in range(len(self.steps) + 27)
            for c in "abcdefghijklmnopqrstuvwxyz"
            if (n := f"{c}{i or ''}") not in taken
        )
        for out, op, inputs, params in self.steps:
            names[id(out)] = next(fresh)
            given = [names[id(x)] if isinstance(x, Tensor) else repr(x) for x in inputs]
            given += [f"{k}={_said(v)}" for k, v in params.items()]
            lines.append(f"    {names[id(out)]} = {op.name}({', '.join(given)})")
        return "\n".join([*lines, f"    return {', '.join(names[id(x)] for x in _tensors(self.result))}"])


def compile(f: Callable[..., Any]) -> Callable[..., Any]:
    """From a function of arrays to the same function, recorded once for each set of shapes and dtypes, then replayed.

    f: takes arrays (as Tensors), returns Tensors (or tuples, lists, dicts of them), and may call grad or value_and_grad inside.
    It is recorded twice, and runs as it is, with one warning, where the two differ or where it looks at a value.
    What no recorder can see is Python that changes later without touching an argument's shape: a global, a counter,
    a module switched to eval(), numbers taken out of an argument by its bare array `.value`. Parameters are read anew at every call; results are plain Tensors.

    >>> from autograd_core import grad
    >>> slope = compile(lambda x: grad(lambda z: (z**3).sum())(x))
    >>> slope(np.array([1.0, 2.0])), slope(np.array([3.0, 4.0]))
    (Tensor([ 3., 12.]), Tensor([27., 48.]))
    """
    programs: dict[Any, Program | None] = {}

    @wraps(f)
    def compiled(*args: Any) -> Any:
        arrays = tuple(x.value if isinstance(x, Tensor) else np.asarray(x) for x in args)
        key = tuple((a.shape, a.dtype) for a in arrays)
        if key not in programs:
            programs[key] = _recorded(f, arrays)
        program = programs[key]
        return f(*map(Tensor, arrays)) if program is None else program(*arrays)

    compiled.programs = programs  # type: ignore[attr-defined]
    return compiled


def _recorded(f: Callable[..., Any], arrays: tuple[Any, ...]) -> Program | None:
    try:
        first, second = record(f, arrays), record(f, arrays)
        if same(first, second):
            return Program(first, _argument_names(f, len(arrays)))
        reason = "it does not do the same twice"
    except CannotRecord as error:
        reason = str(error)
    warnings.warn(f"{getattr(f, '__name__', f)} cannot be compiled and runs as it is: {reason}", stacklevel=4)
    return None


def _said(value: Any) -> str:
    return repr(value.name if isinstance(value, np.dtype) else value)


def _argument_names(f: Callable[..., Any], count: int) -> list[str]:
    try:
        names = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except ValueError:
        names = []
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]


def _tensors(tree: Any) -> list[Tensor]:
    return [x for x in leaves(tree) if isinstance(x, Tensor)]
