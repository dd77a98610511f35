"""A Session steps through a computation and its backward pass, forwards and backwards.

It reads the engine's own generator, so what is shown is what runs. The steps are: each op forward, the seed, then
each edge backward. What a step did can be asked at any position; going back undoes nothing, since nothing was changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..backward import Grads, ancestors, contributions
from ..memory import describe
from ..symbol import Symbol, edge, show
from ..tensor import Tensor
from .names import name_nodes


@dataclass(frozen=True)
class Step:
    """One step: an op computed, the seed set, or an edge walked backward from `node` to its i-th input `x`."""

    kind: Literal["forward", "seed", "edge"]
    node: Tensor
    i: int = 0
    x: Tensor | None = None
    upstream: Any = None
    contribution: Any = None


class Session:
    """The steps of a graph whose values have not been freed (before backward, or after retain_graph=True).

    loss: a Tensor with one element. `position` counts the steps done, 0 at the start. RuntimeError when freed.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> session = Session(w1**3 * w2 + 3 * w1)
    >>> for _ in range(4): print(session.step())
    a = w1^3 = 2^3 = 8
    b = a·w2 = 8·3 = 24
    c = 3·w1 = 3·2 = 6
    g = b + c = 24 + 6 = 30
    >>> print(session.goto(len(session)))
    ∂g/∂w1 += ∂g/∂a·3·w1^2 = 3·3·2^2 = 36
    >>> print(session.reverse_step())
    ∂g/∂w2 += ∂g/∂b·a = 1·8 = 8
    >>> {session.names[node]: float(g) for node, g in session.gradients().items() if node.is_leaf}
    {'w1': 3.0, 'w2': 8.0}
    """

    def __init__(self, loss: Tensor):
        order = ancestors([loss])
        self.loss = loss
        self.nodes = order[::-1]  # oldest first: the order in which they were computed
        self.names = name_nodes(loss, self.nodes)
        self.position = 0
        seed = np.ones_like(loss.value) if loss.ndim else loss.dtype.type(1)
        edges = contributions(order, {loss: seed})
        self.steps = [
            *(Step("forward", node) for node in self.nodes if not node.is_leaf),
            Step("seed", loss, contribution=seed),
            *(Step("edge", *found) for found in edges),
        ]

    def __len__(self) -> int:
        return len(self.steps)

    def step(self) -> str:
        """Do the next step and say what it does."""
        return self.goto(min(self.position + 1, len(self)))

    def reverse_step(self) -> str:
        """Go back one step and say which is now the last one done."""
        return self.goto(max(self.position - 1, 0))

    def goto(self, position: int) -> str:
        """Go to where `position` steps are done; ValueError outside 0 .. len(session)."""
        if not 0 <= position <= len(self):
            raise ValueError(f"this session has positions 0 to {len(self)}, there is no {position}")
        self.position = position
        return self.explain()

    def gradients(self) -> Grads:
        """Every node's gradient so far, added up in the recorded order."""
        grads: Grads = {}
        for step in self.steps[: self.position]:
            if step.kind == "seed":
                grads[step.node] = step.contribution
            elif step.x is not None:
                grads[step.x] = grads[step.x] + step.contribution if step.x in grads else step.contribution
        return grads

    def missing(self, node: Tensor) -> int:
        """How many contributions to a node's gradient are still to come."""
        return sum(step.x is node for step in self.steps[self.position :])

    def explain(self, position: int | None = None) -> str:
        """The last step done (or another) in one line, with letters and with this run's numbers."""
        position = self.position if position is None else position
        return explain(self.steps[position - 1], self) if position else "before the first step"

    def symbols(self, node: Tensor) -> list[Any]:
        """A node's inputs as formulas spell them: Tensors by name, numbers as numbers."""
        return [
            Symbol(self.names.get(x) or x.name or show(x.value), x.value) if isinstance(x, Tensor) else x
            for x in node.inputs
        ]

    def __repr__(self) -> str:
        return f"<Session at step {self.position} of {len(self)}: {self.explain()}>"

    def _repr_html_(self) -> str:
        from .drawing import draw

        return draw(self.loss)


def explain(step: Step, session: Session) -> str:
    """A step in one line: what is computed, with letters, with this run's numbers, and what comes out."""
    node, names = step.node, session.names
    out = names[session.loss]
    if step.kind == "seed":
        return f"∂{out}/∂{out} = 1"
    assert node.op is not None
    if step.x is None:
        spelled = node.op(*session.symbols(node), **node.params)
        return _equation(f"{names[node]} =", spelled, node.value)
    upstream = Symbol(f"∂{out}/∂{names[node]}", step.upstream)
    spelled = edge(node.op, step.i, session.symbols(node), node.params, upstream, names[node])
    return _equation(f"∂{out}/∂{names[step.x]} +=", spelled, step.contribution)


def _equation(left: str, formula: Symbol, value: Any) -> str:
    """left formula = formula in numbers = value, without saying the same twice."""
    right = list(dict.fromkeys([formula.spell("text"), formula.spell("numbers"), show(value)]))
    return f"{left} {' = '.join(right)}"


@dataclass(frozen=True)
class Why:
    """A gradient taken apart: one line for each edge that contributed to it; `.total` is their sum."""

    loss: str
    name: str
    parts: tuple[tuple[str, Any], ...]
    total: Any

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self.parts)

    def __str__(self) -> str:
        if not self.parts:
            return f"∂{self.loss}/∂{self.name} = 0: no path leads from {self.loss} to {self.name}"
        ways = ", ".join(f"{show(value)} through {through}" for through, value in self.parts)
        return f"∂{self.loss}/∂{self.name} = {show(self.total)}: {ways}" + (", together " + show(self.total)) * (
            len(self.parts) > 1
        )

    __repr__ = __str__


def why(loss: Tensor, w: Tensor) -> Why:
    """Where a gradient comes from: the contribution of every edge that leads to `w`, summed in the engine's order.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> why(w1**3 * w2 + 3 * w1, w1)
    ∂g/∂w1 = 39: 3 through c = 3·w1, 36 through a = w1^3, together 39
    """
    session = Session(loss)
    parts, total = [], None
    for step in session.steps:
        if step.x is w:
            assert step.node.op is not None
            formula = step.node.op(*session.symbols(step.node), **step.node.params)
            parts.append((f"{session.names[step.node]} = {formula.spell()}", step.contribution))
            total = step.contribution if total is None else total + step.contribution
    return Why(session.names[loss], session.names.get(w) or w.name or describe(w), tuple(parts), total)
