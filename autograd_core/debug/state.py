"""What a session knows: its nodes, the steps, and the state at any position.

A position is a number of steps done. Nothing is changed by going anywhere, so any position can be asked about at any
time, and what is asked is computed then.
"""

from __future__ import annotations

import difflib
import sys
from bisect import bisect_right
from functools import cached_property
from typing import Any, Self

from ..backward import _seed
from ..tensor import Tensor
from .backward_pass import Replay, Step
from .graph import copied
from .names import in_frames, in_statements, name_nodes
from .places import made
from .stops.breakpoints import Breakpoints


class State:
    """The nodes and steps of a graph, and values and gradients at any position; a Session is one that moves."""

    def __init__(self, loss: Tensor, gradient: Any = None):
        nodes, twin_of = copied(loss)
        found = in_frames(sys._getframe(1), twin_of)
        self._variables = {twin_of[tensor]: name for tensor, name in found.items()}
        self._begin(nodes, twin_of[loss], _seed(twin_of[loss], gradient, False), twin_of)

    @classmethod
    def of_nodes(
        cls, nodes: list[Tensor], loss: Tensor, seed: Any, twin_of: dict[Tensor, Tensor], names: dict[Tensor, str]
    ) -> Self:
        """One over nodes that are its own already and have names: of a fork, of a trace file."""
        one = cls.__new__(cls)
        one.names = names
        one._begin(nodes, loss, seed, twin_of)
        return one

    def _begin(self, nodes: list[Tensor], loss: Tensor, seed: Any, twin_of: dict[Tensor, Tensor]) -> None:
        self.nodes = nodes  # oldest first: the order in which they were computed
        self.loss, self.seed = loss, seed
        self.twin_of = twin_of  # the user's tensor -> the node that stands for it here
        self.position = 0
        self.breakpoints = Breakpoints()
        self.stopped: Any = None  # the breakpoint at which cont() stopped

    # --- the steps ---------------------------------------------------------------------------------------------

    @cached_property
    def forward(self) -> list[Step]:
        """The steps that compute a node each."""
        return [Step("forward", node) for node in self.nodes if node.op is not None]

    @cached_property
    def computed_at(self) -> dict[Tensor, int]:
        """The position from which a result is known."""
        return {step.node: i for i, step in enumerate(self.forward, 1)}

    @cached_property
    def replay(self) -> Replay:
        """The backward pass, run when it is first looked at."""
        return Replay.run(self.loss, self.nodes[::-1], self.seed, len(self.forward))

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

    # --- the state at a position -------------------------------------------------------------------------------

    @cached_property
    def names(self) -> dict[Tensor, str]:
        """A name for every node, each once."""
        return name_nodes(self.loss, self.nodes, variables=in_statements(self.nodes) | self._variables)

    @cached_property
    def by_name(self) -> dict[str, Tensor]:
        """The nodes, each once."""
        return {name: node for node, name in self.names.items()}

    def find(self, what: str | Tensor) -> Tensor:
        """The session's node of this name, or of this tensor of yours; KeyError with the nearest names."""
        if isinstance(what, Tensor):
            node = self.twin_of.get(what, what)
            if node in self.names:
                return node
            raise KeyError(f"{what!r:.60} is no node of this graph that requires grad (debug.why_none says why)")
        if what not in self.by_name:
            near = difflib.get_close_matches(what, self.by_name, 3) or list(self.by_name)[:8]
            raise KeyError(f"no node of this graph is called {what!r}; there are {', '.join(near)}")
        return self.by_name[what]

    def computed(self, what: str | Tensor, position: int | None = None) -> bool:
        """Whether a node's value is known at the position; leaves always are."""
        return self._at(position) >= self.computed_at.get(self.find(what), 0)

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
        return self.seed if step.kind == "seed" else self.replay.contribution(step)

    def line(self, what: str | Tensor) -> str | None:
        """The line of yours that made a node, as file:number; known under record()."""
        return made(self.find(what))

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
