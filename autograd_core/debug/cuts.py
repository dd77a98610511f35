"""Where numbers leave the graph: what a recorder remembers of detach(), no_grad(), conversions and rows without a derivative.

A result that has no graph carries, at its place, the cuts that it comes from. A cut knows its tensor by a weak reference;
the latest of each line are kept alive, so that a temporary can be followed, and a loop over one line keeps but a few.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..modes import mode

LINES, EACH, MOST = 64, 4, 8  # lines whose tensors are kept alive, tensors for each, cuts that one result remembers


class Cut(NamedTuple):
    """A tensor's numbers went on without its graph: how ("detach()", "no_grad()", "floor"), and where."""

    how: str
    line: tuple[str, int] | None
    tensor: weakref.ref[Any]  # whose numbers they are

    @property
    def source(self) -> Any:
        """The tensor, or None if it is gone."""
        return self.tensor()


class Cuts:
    """What a recorder remembers of cuts, passes and cleared gradients, however long it runs: a bounded number."""

    def __init__(self) -> None:
        self.taken: deque[Cut] = deque(maxlen=256)  # numbers that became plain ones: no result can tell of it
        self.passes: deque[tuple[Any, Any]] = deque(maxlen=64)  # (weak reference to the output, line)
        self._alive: OrderedDict[Any, deque[Any]] = OrderedDict()

    def lost(self, out: Any, op: Any, inputs: Sequence[Any], line: Any) -> tuple[Cut, ...]:
        """The cuts that a result without a graph comes from: those of its inputs, and its own if one of these has a graph."""
        found: dict[Any, Cut] = {}
        for x in inputs:
            if getattr(x, "tracked", False):
                cut = self.note(op.name if mode.recording else "no_grad()", x, line)
                found[id(x)] = cut
            elif (site := getattr(x, "site", None)) is not None:
                found.update((id(cut), cut) for cut in site.lost)
        return tuple(found.values())[-MOST:]

    def note(self, how: str, tensor: Any, line: Any) -> Cut:
        """Remember one cut, and keep its tensor for as long as its line makes few others."""
        if tensor.op is not None:  # of a leaf that is gone nobody can ask
            kept = self._alive.setdefault(line, deque(maxlen=EACH))
            kept.append(tensor)
            self._alive.move_to_end(line)
            if len(self._alive) > LINES:
                self._alive.popitem(last=False)
        return Cut(how, line, weakref.ref(tensor))

    def leave(self, how: str, tensor: Any, out: Any, line: Any) -> tuple[Cut, ...]:
        """A tensor's numbers were taken by detach() or a conversion; `out` is the tensor that shows them, if there is one."""
        if tensor.tracked:
            cuts: tuple[Cut, ...] = (self.note(how, tensor, line),)
        else:
            cuts = tensor.site.lost if tensor.site is not None else ()
        if out is None:
            self.taken.extend(cuts)
        return cuts
