"""Where in the user's code: while `record()` is on, nodes remember the line and the module that made them.

What a backward pass frees is kept for a Session as well. Finding the line costs about what a small row costs: frames are
walked outwards until one is not the library's own.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from ..lines import Line, here, said
from ..memory import tick
from ..modes import Observer, observer, observing
from .cuts import Cut, Cuts


class Place:
    """Of a node: the line that made it, the nn module, the line that last wrote to its memory; and what it was fed, if
    a pass has freed that.

    >>> Place(("lecture/train.py", 12), "layers.0").made
    'train.py:12'
    """

    # made for every row, so that what few have stands with the class
    line: Line | None
    module: str | None
    writer: Line | None = None
    cleared: Line | None = None  # the line that last forgot its gradient
    passed: int = 0  # when the last backward pass to it began
    stale: Line | None = None  # the line of a pass that added to a gradient by which a step had been made
    lost: tuple[Cut, ...] = ()  # where its numbers left the graph
    inputs: Any = None
    saved: Any = ()

    def __init__(self, line: Line | None = None, module: str | None = None):
        self.line, self.module = line, module

    @property
    def made(self) -> str | None:
        """The line that made it, as file:number."""
        return said(self.line)

    @property
    def wrote(self) -> str | None:
        """The line that last wrote to its memory, as file:number."""
        return said(self.writer)


class Places(Observer):
    """An observer that only looks: rules are fed as ever, and numbers may be looked at."""

    keeps = True
    last: Places | None = None

    def __init__(self) -> None:
        self.module: str | None = None  # in which we are
        self.calls: list[Any] = []  # the modules that are being called, outermost first
        self.roots: list[Any] = []
        self.paths: dict[tuple[Any, Any], str] = {}
        self.cuts = Cuts()
        self.paused: Any = None  # the result whose pass a debugger holds up

    def row(self, out: Any, op: Any, inputs: Any, params: Any) -> None:
        out.site = Place(here(), self.module)
        if not out.tracked:
            out.site.lost = self.cuts.lost(out, op, inputs, out.site.line)

    def wrote(self, tensor: Any) -> None:
        if tensor.site is None:
            tensor.site = Place()
        tensor.site.writer = here()

    def made(self, tensor: Any, data: Any) -> None:
        """A leaf was made by hand, perhaps of another tensor's numbers."""
        tensor.site = Place(here(), self.module)
        if hasattr(data, "tracked"):
            tensor.site.lost = self.cuts.leave("Tensor(tensor)", data, tensor, tensor.site.line)

    def cut(self, how: str, tensor: Any = None, out: Any = None) -> None:
        """Numbers were looked at, or went on without their graph, in `out` if that is a tensor."""
        if tensor is None:
            return
        line = here()
        lost = self.cuts.leave(how, tensor, out, line)
        if out is not None:
            out.site = Place(line, self.module)
            out.site.lost = lost

    def cleared(self, tensor: Any) -> None:
        """A gradient was forgotten, as by zero_grad()."""
        if tensor.site is None:
            tensor.site = Place()
        tensor.site.cleared = here()

    def passing(self, outputs: Any, order: Any, edges: Any, seeds: Any) -> Any:
        """A backward pass begins; what it frees is kept, so remembering that it ran is all."""
        line = here()
        self.cuts.passes.extend((weakref.ref(output), line) for output in outputs)
        for x in order:
            if x.op is None:
                if x.site is None:
                    x.site = Place()
                if x.gradient is None:
                    x.site.stale = None
                elif 0 < x.site.passed < x.written:  # written to since: zero_grad() was forgotten
                    x.site.stale = line
                x.site.passed = tick()
        return edges

    @contextlib.contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        """While a module computes: what rows are read in it carry its path."""
        before, self.module = self.module, self._path(module)
        self.calls.append(module)
        try:
            yield
        finally:
            self.module = before
            self.calls.pop()

    def _path(self, module: Any) -> str:
        """Its dotted path, as in state_dict(); the outermost module goes by its class, a second network prefixes it."""
        parent = self.calls[-1] if self.calls else None
        key = parent, module
        if key not in self.paths:
            kind = type(module).__name__
            names = [name for name, child in parent.named_children() if child is module] if parent is not None else []
            root = self.calls[0] if self.calls else module
            if root not in self.roots:
                self.roots.append(root)
            alike = [r for r in self.roots if type(r) is type(root)]
            prefix = f"{type(root).__name__}" + (f"_{alike.index(root) + 1}" if alike.index(root) else "")
            if not names:
                self.paths[key] = prefix if parent is None else f"{self.module}.{kind}"
            elif len(self.calls) == 1:
                self.paths[key] = names[0] if not alike.index(root) else f"{prefix}.{names[0]}"
            else:
                self.paths[key] = f"{self.module}.{names[0]}"
        return self.paths[key]


@contextlib.contextmanager
def watching(places: Places) -> Iterator[Places]:
    """Have an observer of places look on; the last one is remembered for questions asked afterwards."""
    Places.last = places
    with observing(places):
        yield places


def record() -> contextlib.AbstractContextManager[Places]:
    """Have nodes remember, in this thread, the user's lines and the nn modules that made them, and be kept by backward().

    Errors and sessions then name the lines, and a Session can be opened after the pass. The graph lives as long as the
    result does; training under it takes up to twice its time.

    >>> from autograd_core import Tensor
    >>> with record():
    ...     y = Tensor(2.0, requires_grad=True) * 3
    >>> y.site.made.rpartition(":")[2]
    '2'
    """
    already = observer()
    return contextlib.nullcontext(already) if isinstance(already, Places) else watching(Places())


def made(x: Any) -> str | None:
    """The line that made a tensor, as file:number; None where it is not known."""
    return None if x.site is None else x.site.made
