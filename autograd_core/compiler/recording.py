"""Recording: run a function once with Tensors and note every row that it reads, its backward pass included.

While somebody observes, the backward pass feeds its rules with Tensors, so that what the rules compute are rows as
well. The record is a flat list: no graph, no Python of the user's is left in it. It leaves nothing behind: what the
function writes is noted and not written, generators and gradients are as they were before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import RLock
from typing import Any

import numpy as np

from ..lines import here, quoted
from ..memory import describe, owner, tick
from ..modes import Observer, observing
from ..op import Op
from ..tensor import Tensor, filled, new
from ..trees import equal, mapped
from .keeping import Kept
from .watching import Watched

LINED = 5000  # rows of which it is noted where they come from; of more than that nobody reads it

_alone = RLock()  # what a function changes is put back: two that change the same are not to be recorded at once


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


class Record(Observer):
    """What a function did: the rows it read, in order, and what became of its arguments.

    arguments: the Tensors that stood for the arrays. result: what it returned. writes: (tensor, what was written to it),
    gradients: what the leaves' `.grad` were in the end, by leaf. updates: (optimizer, gradients) of its steps.
    """

    follows = True

    def __init__(self, arguments: list[Tensor], lines: bool = True):
        self.arguments, self.lines = arguments, lines
        self.begun = tick()
        self.steps: list[Read] = []
        self.result: Any = None
        self.writes: list[tuple[Tensor, Tensor]] = []
        self.gradients: dict[Tensor, Any] = {}
        self.updates: list[tuple[Any, dict[Tensor, Any]]] = []
        self.leaves: dict[Tensor, Any] = {}  # trained tensors that were read, with their gradients before
        self.before: dict[Tensor, Tensor] = {}  # what stands for the gradients that there were
        self.states: list[tuple[Any, Any]] = []  # generators, with their states before
        self.written: dict[int, Tensor] = {}
        self.stale: dict[int, Any] = {}  # tensors that are to be written to, and their memory, by id
        self.drawn: dict[Any, Any] = {}  # generators, with their states after the last row that drew from them
        self.emptied: set[Tensor] = set()  # whose gradients were thrown away

    def row(self, out: Tensor, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> None:
        """A row was read."""
        if self.stale:
            inputs = tuple(map(self._now, inputs))
        for x in inputs:
            if isinstance(x, Tensor) and x.op is None and x.tracked and x not in self.leaves:
                self._leaf(x)
        saved: tuple[Any, ...] = ()
        if op.saved and out.tracked:  # the rules are to read Tensors that this record knows
            saved = tuple(filled(new(Tensor), s) if isinstance(s, (np.ndarray, np.generic)) else s for s in out.saved)
            out.saved = saved
        if "rng" in params:
            self.drawn[params["rng"]] = params["rng"].bit_generator.state
        self.steps.append(
            Read(out, op, inputs, params, saved, here() if self.lines and len(self.steps) < LINED else None)
        )

    def _leaf(self, x: Tensor) -> None:
        """What is trained is read for the first time."""
        self.leaves[x] = x.gradient
        if x.gradient is not None:  # what there is already, to which a pass may add
            x.gradient = self.before[x] = filled(new(Tensor), getattr(x.gradient, "value", x.gradient))

    def _now(self, x: Any) -> Any:
        """What is read of something after writes: what was written to it."""
        x = self.written.get(id(x), x)
        if isinstance(x, Tensor) and (id(x) in self.stale or id(owner(x)) in self.stale):
            raise CannotRecord(f"{describe(x)} is read after its memory was written to{self._where()}")
        return x

    def passing(self, outputs: Any, order: Any, edges: Iterable[Any], grads: Any) -> Iterable[Any]:
        """A backward pass is made: of what is read, note by whose rule."""
        return self._noting(edges) if len(self.steps) < LINED else edges

    def _noting(self, edges: Iterable[Any]) -> Iterator[Any]:
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
        if generator not in self.drawn:
            self.states.append((generator, generator.bit_generator.state))
        self._drawn_by_rows()

    def put_back_generators(self) -> None:
        for generator, state in self.states:
            generator.bit_generator.state = state

    def _drawn_by_rows(self) -> None:
        """What a generator gave to others than rows is not in the record."""
        if any(not equal(generator.bit_generator.state, state) for generator, state in self.drawn.items()):
            raise CannotRecord(f"numbers are drawn by hand from a generator of which rows draw, too{self._where()}")

    def assigned(self, tensor: Any, numbers: Any, index: Any) -> bool:
        """A whole tensor was assigned to: noted, and not done. True if that is all there is to be done."""
        if any(tensor is x for x in self.arguments):
            raise CannotRecord(f"a write to an argument, which is the caller's{self._where()}")
        if index is not ... or not isinstance(numbers, Tensor) or (tensor.tracked and tensor.op is not None):
            raise CannotRecord(f"a write of plain numbers to {describe(tensor)}{self._where()}")
        numbers = self._now(numbers)
        self.writes.append((tensor, numbers))
        self.written[id(tensor)] = numbers
        self._writing(tensor)
        return True

    def _writing(self, tensor: Any) -> None:
        """This tensor is to be written to, and all that show its memory."""
        self.stale |= {id(tensor): tensor, id(owner(tensor)): owner(tensor)}

    def stepped(self, optimizer: Any) -> bool:
        """An optimizer was told to step: noted, and not done. True if that is all there is to be done."""
        of = [p for group in optimizer.param_groups for p in group["params"]]
        self.updates.append((optimizer, self._gradients([p for p in of if p.gradient is not None])))
        for p in self.updates[-1][1]:
            self._writing(p)
        return True

    def _gradients(self, of: list[Tensor]) -> dict[Tensor, Any]:
        """Their gradients as they are now, which must be of this record, and no plain numbers."""
        for p in of:
            g = p.gradient
            if g is not None and not (isinstance(g, Tensor) and g.born > self.begun):
                raise CannotRecord(
                    f"the gradient of {describe(p)} was not computed by rows, as far as one sees,{self._where()}"
                )
        return {p: p.gradient for p in of}

    def adds(self) -> bool:
        """Whether gradients that were there already were added to."""
        there = {id(x) for x in self.before.values()}
        return bool(there) and any(id(x) in there for step in self.steps for x in step.inputs)

    def wrote(self, tensor: Tensor) -> None:
        """Memory was written to, which a program of rows cannot say."""
        raise CannotRecord(f"{describe(tensor)} is written to{self._where()}")

    def graded(self, tensor: Any) -> None:
        """A gradient is read, or another one put in its place."""
        if tensor.op is None and tensor.tracked and tensor not in self.leaves:
            self._leaf(tensor)

    def cleared(self, tensor: Any) -> None:
        self.emptied.add(tensor)

    def forgets(self) -> bool:
        """Whether there were no gradients before, and those that were collected were thrown away in the end."""
        return bool(self.leaves) and not self.gradients and not self.before and self.emptied >= self.leaves.keys()

    def cut(self, how: str, *_: Any) -> None:
        """A Tensor is about to become a plain number, which the record could not follow."""
        raise CannotRecord(f"{how}{self._where()} cannot be followed while the function is recorded")

    def _where(self) -> str:
        return f" in {quoted(here())}"


def record(
    f: Callable[..., Any], arrays: tuple[Any, ...], lines: bool = True, watched: Watched | None = None
) -> Record:
    """Run f on Tensors of these arrays and note what it does; CannotRecord where it looks at a value.

    watched: what it may change, which is put back; CannotRecord where there is any such thing.
    """
    with _alone:
        kept = Kept(watched.things) if watched is not None else None
        found = Record([], lines=lines)
        found.arguments = [filled(new(Tensor), a) for a in arrays]  # born after it has begun, like all of its own
        try:
            with observing(found), np.errstate(all="ignore"):  # the first run of the program will say it
                found.result = mapped(found._now, f(*found.arguments))
            found.gradients = found._gradients([p for p in found.leaves if p.gradient is not found.before.get(p)])
            found._drawn_by_rows()
        finally:
            found.put_back_generators()
            for p, before in found.leaves.items():
                p.gradient = before
            changed = kept.put_back() if kept is not None else None
        if watched is not None and changed:
            code = getattr(getattr(watched.things[0], "forward", watched.things[0]), "__code__", None)
            place = f" in {quoted((code.co_filename, code.co_firstlineno))}" if code is not None else ""
            raise CannotRecord(f"it changes {changed} as it runs{place}")
        return found
