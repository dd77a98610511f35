"""A Session steps through a computation and its backward pass, forwards and backwards.

It reads the engine's own generator, so what is shown is what runs. The steps are: each op forward, the seed, then each
edge backward and each sum of what meets. Going back undoes nothing, since nothing was changed: a position is a number,
and the state at it is computed when somebody asks.
"""

from __future__ import annotations

import difflib
import os
import sys
from bisect import bisect_right
from functools import cached_property
from typing import Any

import numpy as np

from ..backward import _seed
from ..symbol import Symbol, show
from ..tensor import Tensor
from .graph import copied
from .names import in_frames, in_statements, name_nodes
from .replay import Replay, Step
from .stops.breakpoints import Breakpoints


class Session:
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

    def __init__(self, loss: Tensor, gradient: Any = None):
        self.nodes, self._own = copied(loss)  # oldest first: the order in which they were computed
        self.loss = self._own[loss]
        self._seed = _seed(self.loss, gradient, False)
        found = in_frames(sys._getframe(1), self._own)
        self._variables = {self._own[tensor]: name for tensor, name in found.items()}
        self._begin()

    def _begin(self) -> None:
        self.position = 0
        self.breakpoints = Breakpoints()
        self.stopped: Any = None  # the breakpoint at which cont() stopped
        self.forward = [Step("forward", node) for node in self.nodes if node.op is not None]
        self._computed = {step.node: i for i, step in enumerate(self.forward, 1)}

    # --- the steps ---------------------------------------------------------------------------------------------

    @cached_property
    def replay(self) -> Replay:
        """The backward pass, run when it is first looked at."""
        return Replay.run(self.loss, self.nodes[::-1], self._seed, len(self.forward))

    @cached_property
    def steps(self) -> list[Step]:
        """All steps: forward, the seed, backward."""
        return self.forward + self.replay.steps

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def error(self) -> Exception | None:
        """What a rule raised, which ends the steps there; None if the pass is whole."""
        return self.replay.error

    @property
    def current(self) -> Step | None:
        """The last step done; None at the start."""
        return self.steps[self.position - 1] if self.position else None

    def goto(self, position: int) -> str:
        """Go to where `position` steps are done; ValueError outside 0 .. len(session)."""
        if not 0 <= position <= len(self):
            raise ValueError(f"this session has positions 0 to {len(self)}, there is no {position}")
        self.position = position
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

    # --- the state at a position -------------------------------------------------------------------------------

    @cached_property
    def names(self) -> dict[Tensor, str]:
        """A name for every node, each once."""
        return name_nodes(self.loss, self.nodes, variables=in_statements(self.nodes) | self._variables)

    @cached_property
    def _by_name(self) -> dict[str, Tensor]:
        return {name: node for node, name in self.names.items()}

    def find(self, what: str | Tensor) -> Tensor:
        """The session's node of this name, or of this tensor of yours; KeyError with the nearest names."""
        if isinstance(what, Tensor):
            node = self._own.get(what, what)
            if node in self.names:
                return node
            raise KeyError(f"{what!r:.60} is no node of this graph that requires grad (debug.why_none says why)")
        if what not in self._by_name:
            near = difflib.get_close_matches(what, self._by_name, 3) or list(self._by_name)[:8]
            raise KeyError(f"no node of this graph is called {what!r}; there are {', '.join(near)}")
        return self._by_name[what]

    def computed(self, what: str | Tensor, position: int | None = None) -> bool:
        """Whether a node's value is known at the position; leaves always are."""
        return self._at(position) >= self._computed.get(self.find(what), 0)

    def value(self, what: str | Tensor, position: int | None = None) -> Any:
        """A node's value; None before it is computed."""
        return self.find(what).value if self.computed(what, position) else None

    def gradient(self, what: str | Tensor, position: int | None = None) -> Any:
        """A node's gradient so far, added up in the recorded order; None before anything has arrived."""
        return self.replay.gradient(self.find(what), self._at(position))

    def gradients(self, position: int | None = None) -> dict[str, Any]:
        """Every gradient so far, by name, of those that anything has arrived at."""
        found = ((self.names[node], self.gradient(node, position)) for node in self.nodes)
        return {name: g for name, g in found if g is not None}

    def missing(self, what: str | Tensor, position: int | None = None) -> int:
        """How many contributions to a node's gradient are still to come."""
        moments = self.replay.moments.get(self.find(what), [])
        return len(moments) - bisect_right(moments, self._at(position))

    def upstream(self, position: int | None = None) -> Any:
        """The gradient that arrived at the node whose rule the step reads."""
        step = self._step(position, "edge", "sum")
        return self.replay.upstream(step.node)

    def contribution(self, position: int | None = None) -> Any:
        """What the step adds to a gradient: the seed, or an edge's upstream gradient times its local derivative."""
        step = self._step(position, "seed", "edge", "sum")
        return self._seed if step.kind == "seed" else self.replay.contribution(step)

    def line(self, what: str | Tensor) -> str | None:
        """The line of yours that made a node, as file:number; known under record()."""
        site = self.find(what).site
        return None if site is None else site.made

    def module(self, what: str | Tensor) -> str | None:
        """The path of the nn module that a node was computed in; known under record()."""
        site = self.find(what).site
        return None if site is None else site.module

    def _at(self, position: int | None) -> int:
        return self.position if position is None else position

    def _step(self, position: int | None, *kinds: str) -> Step:
        at = self._at(position)
        if not 1 <= at <= len(self) or self.steps[at - 1].kind not in kinds:
            raise ValueError(f"the step at position {at} is not of kind {' or '.join(kinds)}: it has no such number")
        return self.steps[at - 1]

    # --- its faces ---------------------------------------------------------------------------------------------

    def symbols(self, node: Tensor) -> list[Any]:
        """A node's inputs as formulas spell them: Tensors by name, numbers as numbers."""
        return [
            Symbol(self.names.get(x) or x.name or show(x.value), x.value) if isinstance(x, Tensor) else x
            for x in node.inputs
        ]

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
