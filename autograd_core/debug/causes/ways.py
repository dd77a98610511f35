"""The ways from a result to what it was computed from, also across cuts: where numbers went on without their graph."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...backward import FREED, ancestors
from ...lines import said
from ...tensor import Tensor
from ..graph import fed


class Way(NamedTuple):
    """One step from a tensor to what it was computed from; `how` says by which cut, None where gradients pass."""

    to: Any
    how: str | None = None
    line: Any = None


class Graph:
    """What a result was computed from: the nodes that gradients reach, and the constants met beside them."""

    def __init__(self, loss: Tensor):
        if loss.tracked and loss.inputs is not FREED:
            ancestors([loss])  # finds again what was read before an assignment to elements
        self.loss, self.freed = loss, False
        self.reached, self.constants = {loss}, []
        self.exits: list[Way] = []  # to what gradients do not reach
        waiting = [loss]
        while waiting:
            node = waiting.pop()
            for i, x, how in self._inputs(node):
                if not isinstance(x, Tensor) or not x.tracked:
                    self.constants.append((node, i, x))
                if how is None and isinstance(x, Tensor) and x.tracked:
                    if x not in self.reached:
                        self.reached.add(x)
                        waiting.append(x)
                elif isinstance(x, Tensor):
                    self.exits.append(Way(x, how, how and _line(node)))

    def _inputs(self, node: Tensor) -> list[tuple[int, Any, str | None]]:
        """A node's inputs, and the name of its row where that has no derivative for them."""
        if node.op is None:
            return []
        try:
            inputs, _ = fed(node)
        except RuntimeError:
            self.freed = True
            return []
        if node.dtype.kind != "f":
            return [(i, x, "cast") for i, x in enumerate(inputs)]
        passing = {i for i, *_ in node.op.edges_of(len(inputs))}
        return [(i, x, None if i in passing else node.op.name) for i, x in enumerate(inputs)]

    def ways(self, x: Tensor) -> list[Way]:
        """Where the numbers of x come from, in the graph and across its cuts."""
        if x is self.loss and x.tracked:
            return self.exits
        if x.tracked:
            return [Way(y, how, how and _line(x)) for _, y, how in self._inputs(x) if isinstance(y, Tensor)]
        if x.site is not None and x.site.lost:
            return [Way(cut.source, cut.how, cut.line) for cut in x.site.lost]
        sources = [
            ref() for ref in x.saved
        ]  # a detached tensor, or a view without a graph, knows whose memory it shows
        return [Way(s, "detach()" if s.tracked else None) for s in sources if isinstance(s, Tensor)]

    def path(self, start: Tensor, w: Tensor) -> list[Way] | None:
        """The cuts on a way from `start` to w, the one nearest to w first; None if no way leads there."""
        came: dict[Any, tuple[Any, Way] | None] = {start: None}
        waiting = [start]
        for x in waiting:
            if x is w:
                break
            for way in self.ways(x):
                if way.to is not None and way.to not in came:
                    came[way.to] = (x, way)
                    waiting.append(way.to)
        if w not in came:
            return None
        cuts, at = [], came[w]
        while at is not None:
            x, way = at
            cuts += [way] * (way.how is not None)
            at = came[x]
        return cuts


def _line(node: Tensor) -> Any:
    return None if node.site is None else node.site.line


def hook_line(session: Any, x: Tensor) -> str | None:
    """Where the first hook on a node is written."""
    theirs = next((theirs for theirs, own in session.twin_of.items() if own is x), x)
    for hook in getattr(getattr(theirs, "hooks", None), "functions", {}).values():
        if (code := getattr(hook, "__code__", None)) is not None:
            return said((code.co_filename, code.co_firstlineno))
    return session.line(x)
