"""While a function is recorded, all that it changes by names is put back: recording is no step. Such a function cannot be replayed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from ..memory import owner
from ..trees import equal
from .reaching import Reached
from .watching import difference

LARGE = 1 << 26  # bytes of an array beside the Tensors that is copied


class Kept:
    """All that a function can change by names, as it was before it ran."""

    def __init__(self, things: Iterable[Any]):
        reached = Reached(things, everything=True)
        self.called = reached.called
        self.places = [(place, list(place.live), place.copy()) for place in reached.places]
        self.tensors = [(x, x.value, x.tracked, x.gradient) for x in reached.tensors]
        tensors = {id(owner(x)): owner(x) for x in reached.tensors if isinstance(x.value, np.ndarray)}
        arrays = {id(owner(x)): owner(x) for x in reached.arrays if x.dtype != object and x.nbytes <= LARGE}
        self.arrays = [(x, x.copy()) for x in (arrays | tensors).values()]
        self.called |= {id(owner(x)): self.called[id(x)] for x in reached.tensors}
        ways = [_state(x) for x in (*reached.generators, np.random, random)]
        self.states = [(get, put, get()) for get, put in ways]

    def put_back(self) -> str | None:
        """Put back all that has become another; the name of the first such thing."""
        found = []
        for place, before, copy in self.places:
            if changed := difference(place, list(place.live), before):
                found.append(changed)
                place.put_back(copy)
        for x, value, asked, gradient in self.tensors:
            if x.value is not value or x.tracked != asked:
                found.append(repr(x.name or self.called[id(x)]))
            x.value, x.tracked, x.gradient = value, asked, gradient
        for array, copy in self.arrays:
            if not np.array_equal(array, copy, equal_nan=array.dtype.kind == "f"):
                found.append(repr(self.called.get(id(array), "an array")))
                array[...] = copy
        for get, put, state in self.states:
            if not equal(get(), state):
                found.append("the state of a random generator")
                put(state)
        return found[0] if found else None


def _state(generator: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """How to ask for a generator's state, and how to put it back."""
    if isinstance(generator, np.random.Generator):
        bits = generator.bit_generator
        return lambda: bits.state, partial(setattr, bits, "state")
    if hasattr(generator, "getstate"):
        return generator.getstate, generator.setstate
    return generator.get_state, generator.set_state
