"""Where a session stops: at an op, a tensor, a module, a line of yours, under a condition; or where a gradient changes.

What is cheap to know is asked first: each breakpoint is laid on the nodes it concerns, once for a graph, so that going on
over a hundred thousand steps looks into a table at each, and computes only for those that are left.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tensor import Tensor
from .conditions import Absent, Expression
from .spots import same_line

if TYPE_CHECKING:
    from ..backward_pass import Step
    from ..session import Session


@dataclass(eq=False)
class Breakpoint:
    """One breakpoint, or watchpoint: all that it names must be met.

    op: a row's name, stops where it is computed and where its rule is read. tensor: a node's name, stops at all that happens
    to it. module, line: stops on entering; with a condition, at every step in there. condition: an expression over
    the step (conditions.NAMES). watch: stops where the gradient of `tensor` changes. once: stops once, then is gone. The
    next `ignore` times that it is met are only counted in `hits`.
    """

    number: int
    op: str | None = None
    tensor: str | None = None
    module: str | None = None
    line: str | None = None
    condition: Expression | None = None
    watch: bool = False
    once: bool = False
    enabled: bool = True
    hits: int = 0
    ignore: int = 0
    error: str | None = None  # why its condition could not be tested, where it stopped for that

    @property
    def anywhere(self) -> bool:
        """Whether it has nothing but a condition, to be tested at every step."""
        return not (self.op or self.tensor or self.module or self.line)

    def near(self, session: Session) -> list[Tensor]:
        """The nodes of a session at whose steps it needs to be looked at."""
        if self.tensor is not None:
            return [node for node, name in session.names.items() if name == self.tensor]
        return [node for node in session.nodes if self._works(node)]

    def _works(self, node: Tensor) -> bool:
        """Whether a node's row was read at the op, in the module and on the line asked for."""
        if self.op is not None and (node.op is None or node.op.name != self.op):
            return False
        site = node.site
        if self.module is not None:
            inside = (site.module or "") if site is not None else ""
            if inside != self.module and not inside.startswith(f"{self.module}."):
                return False
        return self.line is None or (site is not None and same_line(site, self.line))

    def concerns(self, session: Session, step: Step) -> bool:
        """Whether a step is at the place where it stops, whatever its condition says."""
        if self.tensor is not None and session.names[target(step)] != self.tensor:
            return False
        return self._works(step.node)

    def met(self, session: Session, step: Step, position: int) -> bool:
        """Whether a step is one to stop at: what is cheap to know is asked first."""
        if not self.anywhere and not self.concerns(session, step):
            return False
        if self.watch and (step.kind == "forward" or not changed(session, step, position)):
            return False
        if self.condition is None:
            return self.tensor is not None or self._entered(session, step, position)
        try:
            return self.condition.holds(lambda name: known(session, step, position, name))
        except ValueError as error:  # as in gdb: what cannot be tested stops, rather than be passed in silence
            self.error = str(error)
            return True

    def _entered(self, session: Session, step: Step, position: int) -> bool:
        """Whether a row or its rule is read; for a module or a line, whether the step before was elsewhere."""
        if step.kind not in ("forward", "edge"):
            return False
        if self.op is not None or position == 1:
            return True
        before = session.steps[position - 2]
        return not self._works(before.node) or before.kind == "seed"  # where the way back begins

    @property
    def where(self) -> str:
        """What it stops at, as one types it."""
        parts = [f"{self.tensor}" if self.tensor else "", self.op or "", self.module or "", self.line or ""]
        places = " ".join(part for part in parts if part)
        return " ".join(part for part in [places, f"if {self.condition.text}" if self.condition else ""] if part)

    def __str__(self) -> str:
        kind = "watchpoint" if self.watch else "temporary breakpoint" if self.once else "breakpoint"
        notes = [f"hit {self.hits} time{'s' * (self.hits != 1)}"] if self.hits else []
        notes += [f"the next {self.ignore} ignored"] if self.ignore else []
        notes += ["disabled"] if not self.enabled else []
        return f"{kind} {self.number}: {self.where}" + (f" ({', '.join(notes)})" if notes else "")


class Breakpoints:
    """The breakpoints of a session, by number from 1; a number is not given twice.

    >>> from autograd_core import debug
    >>> w = Tensor(2.0, requires_grad=True, name="w")
    >>> session = debug.Session(np.log(w * 3))
    >>> print(session.breakpoints.add(op="log"))
    breakpoint 1: log
    >>> _ = session.cont(); _ = session.cont(); session.current.kind, session.breakpoints[1].hits
    ('edge', 2)
    """

    def __init__(self) -> None:
        self._all: dict[int, Breakpoint] = {}
        self._last = 0
        self._session: Any = lambda: None
        self._on: dict[Tensor, list[Breakpoint]] = {}
        self._anywhere: list[Breakpoint] = []

    def add(self, *, condition: Expression | None = None, **fields: Any) -> Breakpoint:
        """A new one, of the fields of Breakpoint."""
        self._last += 1
        found = self._all[self._last] = Breakpoint(self._last, condition=condition, **fields)
        self._session = lambda: None  # to be laid again
        return found

    def stops(self, session: Session) -> Breakpoint | None:
        """The breakpoint that stops at the step which the session has just done, or None; all that are met count a hit."""
        if self._session() is not session:
            self._lay(session)
        position = session.position
        step = session.steps[position - 1]
        near = self._on.get(step.node, ())
        if step.x is not None and step.x in self._on:
            near = [*near, *(b for b in self._on[step.x] if b not in near)]
        if not near and not self._anywhere:
            return None
        stopped = []
        for b in [*near, *self._anywhere]:
            if not b.enabled or not b.met(session, step, position):
                continue
            b.hits += 1
            if b.ignore and b.error is None:
                b.ignore -= 1
            else:
                stopped.append(b)
        for b in stopped:
            if b.once:
                self.delete(b.number)
        return stopped[0] if stopped else None

    def _lay(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self._on, self._anywhere = {}, []
        for b in self:
            if b.anywhere:
                self._anywhere.append(b)
                continue
            for node in b.near(session):
                self._on.setdefault(node, []).append(b)

    def delete(self, number: int | None = None) -> None:
        """Remove one, or all of them; KeyError for a number that there is not."""
        if number is None:
            self._all.clear()
        else:
            del self._all[self[number].number]
        self._session = lambda: None

    def __getitem__(self, number: int) -> Breakpoint:
        if number not in self._all:
            there = ", ".join(map(str, self._all)) or "none"
            raise KeyError(f"there is no breakpoint {number}; there are: {there}")
        return self._all[number]

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no breakpoints"


def target(step: Step) -> Tensor:
    """The tensor that a step does something to: an edge's receiver, else the node itself."""
    return step.node if step.x is None else step.x


def changed(session: Session, step: Step, position: int) -> bool:
    """Whether a step changes the gradient of its tensor, to the last bit."""
    if step.kind == "seed":
        return True
    if step.kind == "edge":  # it changes nothing if a sum follows, which does
        return position == len(session) or session.steps[position].kind != "sum"
    if step.kind == "sum" and not np.any(session.contribution(position)):
        return False
    before, after = session.gradient(target(step), position - 1), session.gradient(target(step), position)
    return np.asarray(before).tobytes() != np.asarray(after).tobytes()


def known(session: Session, step: Step, position: int, name: str) -> Any:
    """What a condition's name means at a step; Absent where there is no such thing."""
    tensor = target(step)
    found: Any = None
    if name == "position":
        found = position
    elif name == "value":
        found = tensor.value if session.computed(tensor, position) else None
    elif name == "grad":
        found = session.gradient(tensor, position) if step.kind != "forward" else None
    elif name == "upstream" and step.kind in ("edge", "sum"):
        found = session.upstream(position)
    elif name == "contribution" and step.kind in ("seed", "edge", "sum"):
        found = session.contribution(position)
    elif name == "op":
        found = step.node.op.name if step.node.op is not None else None
    elif name == "module":
        found = session.module(step.node)
    elif name == "kind":
        found = step.kind
    elif name == "name":
        found = session.names[tensor]
    elif name == "shape":
        found = tensor.shape
    if found is None:
        raise Absent(name)
    return found
