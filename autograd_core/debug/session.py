"""A Session steps through a computation and its backward pass, forwards and backwards.

It reads the engine's own generator, so what is shown is what runs. The steps are: each op forward, the seed, then each
edge backward and each sum of what meets. Going back undoes nothing, since nothing was changed.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..tensor import Tensor
from .state import State


class Session(State):
    """The steps of a graph whose values have not been freed: before backward, after retain_graph=True, or under record().

    loss: a Tensor; gradient: the seed, needed unless it has one element. `position` counts the steps done, 0 at the start.
    The session has a graph of its own: yours may be freed or trained on meanwhile. RuntimeError when it is freed already,
    ValueError where nothing requires grad.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> session = Session(w1**3 * w2 + 3 * w1)
    >>> for _ in range(4): print(session.step())
    a = w1³ = 2³ = 8
    b = a·w2 = 8·3 = 24
    c = 3·w1 = 3·2 = 6
    g = b + c = 24 + 6 = 30
    >>> _ = session.goto(len(session)); session.gradients()["w1"], session.gradients()["w2"]
    (np.float64(39.0), np.float64(8.0))
    """

    # --- moving: each gives the sentence that explains the new position ------------------------------------------

    def goto(self, position: int) -> str:
        """Go to where `position` steps are done; ValueError outside 0 .. len(session)."""
        if not 0 <= position <= len(self):
            raise ValueError(f"this session has positions 0 to {len(self)}, there is no {position}")
        self.position = int(position)
        return self.explain()

    def step(self, n: int = 1) -> str:
        """Do the next step, or the next n, and say what the last one does."""
        return self.goto(max(0, min(self.position + n, len(self))))

    def reverse_step(self, n: int = 1) -> str:
        """Go back one step, or n, and say which is now the last one done."""
        return self.step(-n)

    def next(self) -> str:
        """Go on to the end of an op: forward that is a step, backward all edges of a node."""
        return self.goto(self._along(1, lambda step: id(step.node)))

    def reverse_next(self) -> str:
        """Go back to where the op last worked on began."""
        return self.goto(self._along(-1, lambda step: id(step.node)))

    def finish(self) -> str:
        """Go on to the end of the nn module that the next step is in (known under record())."""
        return self.goto(self._along(1, lambda step: self.module(step.node)))

    def reverse_finish(self) -> str:
        """Go back to where the nn module of the last step began."""
        return self.goto(self._along(-1, lambda step: self.module(step.node)))

    def _along(self, way: int, of: Any) -> int:
        """The position at which steps of the same node, or module, and the same direction end, or began."""
        at = self.position - (way < 0)  # the step to be done or undone
        if not 0 <= at < len(self):
            return self.position
        same = of(self.steps[at]), self.steps[at].kind == "forward"
        while 0 <= at < len(self) and (of(self.steps[at]), self.steps[at].kind == "forward") == same:
            at += way
        return at + (way < 0)

    def cont(self) -> str:
        """Go on to the next breakpoint or watchpoint, which is then `stopped`, or to the end."""
        return self._run(1)

    def reverse_cont(self) -> str:
        """Go back to the last breakpoint or watchpoint before, or to the start."""
        return self._run(-1)

    def _run(self, way: int) -> str:
        end = len(self) if way > 0 else 0
        self.stopped = None
        while self.position != end and self.stopped is None and self.breakpoints:
            self.position += way
            self.stopped = self.breakpoints.stops(self) if self.position else None
        return self.goto(self.position if self.stopped is not None else end)

    def until(self, position: int) -> str:
        """Go on to a position, unless a breakpoint stops before; never back."""
        self.stopped = None
        while self.position < min(position, len(self)) and self.stopped is None:
            self.position += 1
            self.stopped = self.breakpoints.stops(self)
        return self.explain()

    def break_at(self, where: str | Tensor = "", **which: Any) -> Any:
        """Set a breakpoint, at `"multiply"`, `"w1"`, `"layers.0"`, `"train.py:12"`, or with a condition,
        `"multiply if norm(grad) > 10"`; see debug.stops.spots.break_at."""
        from .stops.spots import break_at

        return break_at(self, where, **which)

    def watch(self, tensor: str | Tensor, condition: str | None = None) -> Any:
        """Stop wherever the gradient of a tensor changes; KeyError for a name that there is not."""
        from .stops.spots import watch

        return watch(self, tensor, condition)

    # --- its faces: questions and files, each loaded when asked for ------------------------------------------------

    def explain(self, position: int | None = None, index: Any = None, style: str = "text") -> str:
        """The last step done, or that at another position: the rule with letters and with this run's numbers.

        style: "text", "words", "latex" or "mathml". index: of the element to explain, (2, 0), where it is an array.
        """
        from .explanations.explaining import explain

        with np.errstate(all="ignore"):
            return explain(self, self._at(position), index, style)

    def why(self, w: str | Tensor) -> Any:
        """The gradient of a node taken apart; see debug.why."""
        from .explanations.why import why

        return why(self, w)

    def why_none(self, w: str | Tensor) -> Any:
        """Why a tensor has no gradient; see debug.why_none."""
        from .causes.missing import why_none

        return why_none(self, w)

    def why_zero(self, w: str | Tensor) -> Any:
        """Why a gradient is zero; see debug.why_zero."""
        from .causes.zeros import why_zero

        return why_zero(self, w)

    def first_bad(self) -> Any:
        """The first value that is not finite; see debug.first_bad."""
        from .causes.anomaly import first_bad

        return first_bad(self)

    def derivation(self, w: str | Tensor) -> Any:
        """The whole chain rule from the result to a node, as a worksheet; see debug.derivation."""
        from .explanations.worksheet import derivation

        return derivation(self, w)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save as one HTML page, which steps both ways without a server or network."""
        from .page.page import save

        save(self, path)

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Save as a trace file, which `debug.load` opens elsewhere."""
        from .tracefile import dump

        dump(self, path)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Session:
        """Open a trace file; see debug.load."""
        from .tracefile import load

        return load(path)

    def fork(self, **edits: Any) -> Session:
        """Another session in which something is changed; see debug.fork."""
        from .forking import fork

        return fork(self, **edits)

    def diff(self, other: Session, tolerance: float = 0.0) -> Any:
        """Where two sessions differ, node by node; see debug.diff."""
        from .forking import diff

        return diff(self, other, tolerance)

    def __repr__(self) -> str:
        return f"<Session at step {self.position} of {len(self)}: {self.explain()}>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from .page.widget import display_bundle

        return display_bundle(self, **options)
