"""What a program takes for granted beside its arguments: settings of modules, and whatever a function reaches by names.

It is looked at by identity before each run, arrays by their bytes. Another object in a closure, in a global or in an attribute asks
for another recording.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter, is_
from typing import Any

from ..memory import clock
from ..tensor import Tensor
from .reaching import LONGEST, PLAIN, Reached

SMALL = 1 << 16  # bytes of an array that is looked at
tracked = attrgetter("tracked")


class Watched:
    """What some functions, modules and losses hold. modules: all that are among it; users: whether functions of the user's are."""

    def __init__(self, *things: Any):
        self.things = things
        self.look()

    def look(self) -> None:
        """Take for granted what there is now."""
        reached = Reached(self.things)
        self.modules, self.users = reached.modules, reached.users
        self.tensors: list[Tensor] = []  # that programs read
        self.asked, self.flags = -1, b""
        self.places = [place for place in reached.places if len(place.live) <= LONGEST]
        # what a view shows changes with its owner
        self.views = [(place.live, list(place.live)) for place in self.places]
        small = [x for x in reached.arrays if x.nbytes <= SMALL and x.dtype != object]
        self.arrays = [(x, x.tobytes()) for x in small]
        self.called = reached.called

    def changed(self) -> str | None:
        """The name of something that is another object than before, or None; equal numbers are the same."""
        if all(len(view) == len(before) and all(map(is_, view, before)) for view, before in self.views) and (
            not self.arrays or all(x.tobytes() == before for x, before in self.arrays)
        ):
            return None  # the usual case, quickly
        for i, (view, before) in enumerate(self.views):  # "training" makes another program, and not another recording
            if changed := difference(self.places[i], list(view), before, "training"):
                return changed
            self.views[i] = view, list(view)
        return next((repr(self.called[id(x)]) for x, before in self.arrays if x.tobytes() != before), None)

    def modes(self) -> tuple[Any, ...]:
        """What decides which of several programs it is: training or not, and what is trained."""
        if self.asked != clock.last_asked:
            self.asked, self.flags = clock.last_asked, bytes(map(tracked, self.tensors))
        return self.flags, *[m.training for m in self.modules]

    def also(self, found: Any) -> None:
        """From now on it matters whether the Tensors are trained that this record read."""
        inputs = chain.from_iterable([step.inputs for step in found.steps])
        read = [x for x in inputs if isinstance(x, Tensor) and x.born <= found.begun]
        self.tensors, self.asked = list(dict.fromkeys(self.tensors + read)), -1


def difference(place: Any, now: list[Any], before: list[Any], but: str = "") -> str | None:
    """The name under which another object stands; equal numbers are the same."""
    names = place.names()
    for name, a, b in zip(names, now, before, strict=False):
        if a is not b and name != but and not (type(a) is type(b) and isinstance(a, PLAIN) and a == b):
            return repr(name)
    if len(now) == len(before):
        return None
    return repr(names[-1]) if names else "something that is empty now"
