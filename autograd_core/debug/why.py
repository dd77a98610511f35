"""Where a gradient comes from: the contributions that sum to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..memory import describe
from ..symbol import show
from ..tensor import Tensor
from .session import Session


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


def why(loss: Tensor | Session, w: Tensor | str) -> Why:
    """Where a gradient comes from: the contribution of every edge that leads to `w`, summed in the engine's order.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> why(w1**3 * w2 + 3 * w1, w1)
    ∂g/∂w1 = 39: 3 through c = 3·w1, 36 through a = w1^3, together 39
    """
    session = loss if isinstance(loss, Session) else Session(loss)
    try:
        node = session.find(w)
    except KeyError:
        return Why(session.names[session.loss], w if isinstance(w, str) else w.name or describe(w), (), None)
    parts, total = [], None
    for step in session.replay.edges.get(node, ()):
        assert step.node.op is not None
        formula = step.node.op(*session.symbols(step.node), **step.node.params)
        value = session.replay.contribution(step)
        parts.append((f"{session.names[step.node]} = {formula.spell()}", value))
        total = value if total is None else total + value
    return Why(session.names[session.loss], session.names[node], tuple(parts), total)
