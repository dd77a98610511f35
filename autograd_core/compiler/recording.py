"""Recording: run a function once with Tensors and note every row that it reads, its backward pass included.

While somebody observes, the backward pass feeds its rules with Tensors, so that what the rules compute are rows as
well. The record is a flat list: no graph, no Python of the user's is left in it. It leaves nothing behind: what the
function writes is noted and not written, generators and gradients are as they were before.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from threading import get_ident
from typing import Any

import numpy as np

from ..memory import describe, tick
from ..modes import observers, set_grad_enabled
from ..op import Op
from ..tensor import Tensor, filled, new

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARY = (_HOME + os.sep, *(os.path.join(os.path.dirname(_HOME), room) + os.sep for room in ("nn", "optim")))
LINED = 5000  # rows whose lines are noted; of more than that nobody reads the lines

_own: dict[str, bool] = {}  # whether a file is the library's own


class CannotRecord(Exception):
    """The function looked at a number, so that another input could take another way; the message says how and where."""


class Read:
    """One row that was read: its result, what its kernel kept, what it was fed, and the user's line."""

    __slots__ = ("inputs", "line", "of", "op", "out", "params", "saved")

    def __init__(
        self, out: Tensor, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], saved: tuple[Any, ...], line: Any
    ):
        self.out, self.op, self.inputs, self.params, self.saved, self.line = out, op, inputs, params, saved, line
        self.of = ""  # the row by whose rule it was read, in a backward pass


class Record:
    """What a function did: the rows it read, in order, and what became of its arguments.

    arguments: the Tensors that stood for the arrays. result: what it returned. writes: (tensor, what was written to it),
    gradients: what the leaves' `.grad` were in the end, by leaf. updates: (optimizer, gradients) of its steps.
    """

    follows = True

    def __init__(self, arguments: list[Tensor], lines: bool = True):
        self.arguments, self.lines = arguments, lines
        self.begun, self.thread = (
            tick(),
            get_ident(),
        )  # what other threads do meanwhile is none of its business
        self.steps: list[Read] = []
        self.result: Any = None
        self.writes: list[tuple[Tensor, Tensor]] = []
        self.gradients: dict[Tensor, Any] = {}
        self.updates: list[tuple[Any, dict[Tensor, Any]]] = []
        self.leaves: dict[Tensor, Any] = {}  # trained tensors that were read, with their gradients before
        self.before: dict[Tensor, Tensor] = {}  # what stands for the gradients that there were
        self.states: list[tuple[Any, Any]] = []  # generators, with their states before
        self.written: dict[int, Tensor] = {}
        self.emptied: set[Tensor] = set()  # whose gradients were thrown away

    def row(self, out: Tensor, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> None:
        """A row was read."""
        if get_ident() != self.thread:
            return
        if self.written:  # what was written to is what was written
            inputs = tuple([self.written.get(id(x), x) for x in inputs])
        for x in inputs:
            if isinstance(x, Tensor) and x.op is None and x.tracked and x not in self.leaves:
                if self.updates:
                    raise CannotRecord(f"{describe(x)} is read after an optimizer has stepped{self._where()}")
                self.leaves[x] = x.gradient
                if x.gradient is not None:  # what there is already, to which a pass may add
                    x.gradient = self.before[x] = filled(
                        new(Tensor), x.gradient.value if isinstance(x.gradient, Tensor) else x.gradient
                    )
        saved: tuple[Any, ...] = ()
        if op.saved and out.tracked:  # the rules are to read Tensors that this record knows
            saved = tuple(filled(new(Tensor), s) if isinstance(s, (np.ndarray, np.generic)) else s for s in out.saved)
            out.saved = saved
        self.steps.append(
            Read(out, op, inputs, params, saved, _users_line() if self.lines and len(self.steps) < LINED else None)
        )

    def passing(self, outputs: Any, order: Any, edges: Iterable[Any], grads: Any) -> Iterator[Any]:
        """A backward pass is made: of what is read, note by whose rule."""
        start = len(self.steps)
        for edge in edges:
            for read in self.steps[start:]:
                read.of = edge[0].op.name
            yield edge
            start = len(self.steps)

    def draws(self, rng: Any) -> None:
        """A row is about to draw random numbers; they are given back when the record is finished."""
        generator = rng if isinstance(rng, np.random.Generator) else None
        if generator is None:
            raise CannotRecord(f"random numbers without a Generator are drawn{self._where()}")
        if all(generator is not g for g, _ in self.states):
            self.states.append((generator, generator.bit_generator.state))

    def assigned(self, tensor: Any, numbers: Any, index: Any) -> bool:
        """A whole tensor was assigned to: noted, and not done. True if that is all there is to be done."""
        if get_ident() != self.thread:
            return False
        if index is not ... or not isinstance(numbers, Tensor) or (tensor.tracked and tensor.op is not None):
            raise CannotRecord(f"a write of plain numbers to {describe(tensor)}{self._where()}")
        self.writes.append((tensor, numbers))
        self.written[id(tensor)] = numbers
        return True

    def stepped(self, optimizer: Any) -> None:
        """An optimizer was told to step: noted, and not done."""
        of = [p for group in optimizer.param_groups for p in group["params"]]
        self.updates.append((optimizer, {p: p.gradient for p in of if p.gradient is not None}))

    def adds(self) -> bool:
        """Whether gradients that were there already were added to."""
        there = {id(x) for x in self.before.values()}
        return any(id(x) in there for step in self.steps for x in step.inputs)

    def wrote(self, tensor: Tensor) -> None:
        """Memory was written to, which a program of rows cannot say."""
        if get_ident() == self.thread:
            raise CannotRecord(f"{describe(tensor)} is written to{self._where()}")

    def made(self, tensor: Any, data: Any) -> None:
        pass

    def cleared(self, tensor: Any) -> None:
        self.emptied.add(tensor)

    def forgets(self) -> bool:
        """Whether there were no gradients before, and those that were collected were thrown away in the end."""
        return bool(self.leaves) and not self.gradients and not self.before and self.emptied >= self.leaves.keys()

    def cut(self, how: str, *_: Any) -> None:
        """A Tensor is about to become a plain number, which the record could not follow."""
        if get_ident() == self.thread:
            raise CannotRecord(f"{how}{self._where()} cannot be followed while the function is recorded")

    def _where(self) -> str:
        line = said(_users_line())
        return f" in {line}" if line else ""


def record(f: Callable[..., Any], arrays: tuple[Any, ...], lines: bool = True) -> Record:
    """Run f on Tensors of these arrays and note what it does; CannotRecord where it looks at a value."""
    found = Record([filled(new(Tensor), a) for a in arrays], lines=lines)
    observers.append(found)
    try:
        with set_grad_enabled(True):
            found.result = f(*found.arguments)
        found.gradients = {p: p.gradient for p in found.leaves if p.gradient is not found.before.get(p)}
    finally:
        observers.remove(found)
        for generator, state in found.states:
            generator.bit_generator.state = state
        for p, before in found.leaves.items():
            p.gradient = before
    return found


def same(a: Record, b: Record) -> str | None:
    """None if two records of one function are the same program; else what differs first."""
    if len(a.steps) != len(b.steps):
        return f"{len(a.steps)} rows were read the first time, {len(b.steps)} the second"
    places, others = _places(a), _places(b)
    for s, t in zip(a.steps, b.steps, strict=True):
        difference = None
        if s.op is not t.op or len(s.inputs) != len(t.inputs):
            what = s.op.name + (f" in {said(s.line)}" if s.line else "")
            return f"where {what} was read the first time, the second time it was {t.op.name}"
        if s.params is not t.params and not _equal(s.params, t.params):
            difference = "has other parameters"
        for x, y in zip(s.inputs, t.inputs, strict=True):
            place = places.get(id(x))
            if place != others.get(id(y)):
                difference = "reads something else"
            elif place is None and x is not y and not _equal(getattr(x, "value", x), getattr(y, "value", y)):
                difference = "reads another number"
        if difference:
            return s.op.name + (f" in {said(s.line)}" if s.line else "") + f" {difference} the second time"
    return None


def _places(a: Record) -> dict[int, int]:
    made = [x for s in a.steps for x in (s.out, *s.saved)]
    return {id(x): i for i, x in enumerate([*a.arguments, *made])}


def _equal(x: Any, y: Any) -> bool:
    if isinstance(x, dict):
        return x.keys() == y.keys() and all(_equal(x[k], y[k]) for k in x)
    if isinstance(x, tuple):
        return isinstance(y, tuple) and len(x) == len(y) and all(map(_equal, x, y))
    if isinstance(x, (np.ndarray, np.generic, int, float)):
        return type(x) is type(y) and np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f")
    return x is y or bool(x == y)


def _users_line() -> tuple[str, int] | None:
    """The innermost line that is not the library's own."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        own = _own.get(name)
        if own is None:
            own = _own[name] = name.startswith(_LIBRARY) or name.startswith("<")
        if not own:
            return name, frame.f_lineno
        frame = frame.f_back
    return None


def said(line: tuple[str, int] | None, text: bool = True) -> str:
    """A line as file:number: text."""
    if line is None:
        return ""
    words = linecache.getline(*line).strip() if text else ""
    return f"{os.path.basename(line[0])}:{line[1]}" + (f": {words}" if words else "")
