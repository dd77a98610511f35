"""How a large graph folds: by nn module where those are known, by what repeats, and else at its narrow places.

A node is younger than its inputs. So whatever was computed in one stretch of time can be put into one box without making
a circle: no path leaves the stretch and comes back to it. Every fold is such a stretch, and a leaf lies where it is used.
"""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..session import Session
from .patterns import cuts, repeating

MANY = 16  # so many children need not be folded again
Child = Any  # a Fold or a Tensor


def folds(session: Session) -> Fold:
    """The whole graph as one fold, to be opened: its children are modules, repetitions, stretches and single nodes.

    >>> x = Tensor(0.5, requires_grad=True, name="x"); y = x
    >>> for _ in range(40): y = np.tanh(2 * y)
    >>> root = folds(Session(y))
    >>> [getattr(child, "label", child) for child in root.children][0]
    '39 × (multiply → tanh)'
    """
    graph = Graph(session)
    root = Fold(graph, 0, len(graph.ops))
    root.leaves = [node for node in session.nodes if node.op is None]
    return root


class Graph:
    """What folding reads of a session: its rows in the order of time, when each result is used, and in which module."""

    def __init__(self, session: Session):
        self.session, self.names = session, session.names
        self.ops = [node for node in session.nodes if node.op is not None]
        self.when = {node: i for i, node in enumerate(self.ops)}
        self.uses: dict[Tensor, tuple[int, int]] = {}  # first and last
        uses = self.uses
        for i, node in enumerate(self.ops):
            for x in node.inputs:
                if isinstance(x, Tensor) and x.tracked:
                    uses[x] = (uses[x][0] if x in uses else i, i)
        self.starts: dict[str, list[int]] = {}  # of a module: where each stretch in it begins
        self.paths: list[tuple[str, ...]] = []
        before: tuple[str, ...] = ()
        module = None
        for i, node in enumerate(self.ops):
            now = node.site.module if node.site is not None else None
            path = before if now == module else tuple(filter(None, (now or "").split(".")))
            if path is not before:
                for depth in range(1, len(path) + 1):
                    if path[:depth] != before[:depth]:
                        self.starts.setdefault(".".join(path[:depth]), []).append(i)
            self.paths.append(path)
            before, module = path, now

    @cached_property
    def users(self) -> dict[Tensor, list[Tensor]]:
        """The rows that read each node."""
        users: dict[Tensor, list[Tensor]] = {}
        for node in self.ops:
            for x in node.inputs:
                if isinstance(x, Tensor) and x.tracked:
                    users.setdefault(x, []).append(node)
        return users

    def begins(self, what: str | Tensor) -> Tensor | None:
        """A node in what is called so: itself, the first of a module's call (cell#2), the first of a fold (a…f)."""
        first = what.split("…")[0] if isinstance(what, str) else what
        if not isinstance(first, str) or first in self.session.by_name:
            return self.session.find(first)
        module, _, call = first.partition("#")
        calls = self.starts.get(module, [])
        return self.ops[calls[int(call or 1) - 1]] if (call or "1") in map(str, range(1, len(calls) + 1)) else None

    @cached_property
    def width(self) -> np.ndarray:
        """How many results are alive right after each row: few where the graph is narrow."""
        ends = [self.uses[node][1] if node in self.uses else i for i, node in enumerate(self.ops)]
        return np.cumsum(1 - np.bincount(ends, minlength=len(ends)))


class Fold:
    """A stretch of the computation that may be drawn as one box; what lies inside is found when somebody asks."""

    def __init__(
        self, graph: Graph, lo: int, hi: int, parts: list[Child] | None = None, label: str = "", name: str = ""
    ):
        self.graph, self.lo, self.hi = graph, lo, hi  # its rows are graph.ops[lo:hi]
        self.parts, self.label, self.name = parts, label, name
        self.id, self.module, self.period = "", "", 0
        self.leaves: list[Tensor] = []

    @property
    def nodes(self) -> list[Tensor]:
        """Every node inside, however deep."""
        return [*self.leaves, *self.graph.ops[self.lo : self.hi]]

    @cached_property
    def children(self) -> list[Child]:
        """The folds and single nodes right inside, oldest first."""
        if self.lo == self.hi:
            children = _portions(self.graph, self.leaves)
        else:
            parts = _by_module(self) if self.parts is None else self.parts
            parts = _repetitions(self.graph, parts, self.period) if self.period else _structured(self.graph, parts)
            stay = self._hand_down(parts)
            parts = [p.nodes[0] if isinstance(p, Fold) and p.hi - p.lo == 1 and not p.leaves else p for p in parts]
            children = [*(stay if len(stay) <= MANY else [_leaves(self.graph, stay)]), *parts]
        for k, child in enumerate(children):
            if isinstance(child, Fold):
                child.id = f"{self.id}.{k}" if self.id else str(k)
        return children

    def _hand_down(self, parts: list[Child]) -> list[Tensor]:
        """Each leaf goes into the part that alone uses it; what several use stays here."""
        stay: list[Tensor] = []
        begins = [_stretch(self.graph, part)[0] for part in parts]
        for leaf in self.leaves:
            first, last = self.graph.uses[leaf]
            part = parts[bisect_right(begins, first) - 1]
            (part.leaves if isinstance(part, Fold) and last < part.hi else stay).append(leaf)
        return stay

    @property
    def folds(self) -> Iterator[Fold]:
        """The folds right inside."""
        return (child for child in self.children if isinstance(child, Fold))

    @cached_property
    def kind(self) -> str:
        """The same word for folds that compute the same."""
        return f"({' '.join(op_names(self.nodes))})"

    @cached_property
    def length(self) -> int:
        """How many children stand one behind the other on the longest way through."""
        place = {node: k for k, child in enumerate(self.children) for node in members(child)}
        depth = [0] * len(self.children)
        for k, child in enumerate(self.children):
            if isinstance(child, Fold) or child.op is not None:  # leaves stand beside what uses them
                fed = {x for node in members(child) for x in node.inputs if isinstance(x, Tensor)}
                before = {place.get(x, k) for x in fed}
                depth[k] = 1 + max((depth[j] for j in before if j < k), default=0)
        return max(depth, default=0)

    def way_to(self, what: str | Tensor) -> list[Fold]:
        """The folds from this one inwards to a fold, called by id, name or module path, or to the one a node is in.

        KeyError with the nearest names, where nothing is called so.
        """
        node, way = self.graph.begins(what), [self]
        while not way[-1].called(what):
            inner = next(
                (
                    f
                    for f in way[-1].folds
                    if (f.holds(node) if node is not None else f"{what}.".startswith(f.id + "."))
                ),
                None,
            )
            if inner is None:
                break
            way.append(inner)
        if node is None and not way[-1].called(what):
            known = [*self.graph.starts, *self.graph.names.values()]
            near = difflib.get_close_matches(str(what), known, 3) or known[:8]
            raise KeyError(f"no module or node of this graph is called {what!r:.60}; there are {', '.join(near)}")
        return way

    def called(self, what: str | Tensor) -> bool:
        """Whether this fold is what is meant by an id, a name or a module path."""
        return isinstance(what, str) and what in (self.id, self.name, self.module)

    def holds(self, node: Tensor) -> bool:
        """Whether a node is inside, however deep."""
        return any(node is x for x in self.leaves) if node.op is None else self.lo <= self.graph.when[node] < self.hi

    def __len__(self) -> int:
        return len(self.leaves) + self.hi - self.lo

    def __repr__(self) -> str:
        return f"<Fold {self.id}: {self.label}, {len(self)} nodes>"


def members(child: Child) -> list[Tensor]:
    """The nodes of a fold, or the node."""
    return child.nodes if isinstance(child, Fold) else [child]


def op_names(nodes: list[Tensor]) -> list[str]:
    """The names of the rows that made these nodes."""
    return [node.op.name for node in nodes if node.op is not None]


def _stretch(graph: Graph, child: Child) -> tuple[int, int]:
    return (child.lo, child.hi) if isinstance(child, Fold) else (graph.when[child], graph.when[child] + 1)


def _fold(graph: Graph, parts: list[Child], label: str = "", period: int = 0) -> Fold:
    """A fold of some parts that follow one another, named by its first and last."""
    lo, hi = _stretch(graph, parts[0])[0], _stretch(graph, parts[-1])[1]
    first, last = (part.name if isinstance(part, Fold) else graph.names[part] for part in (parts[0], parts[-1]))
    name = f"{first.split('…')[0]}…{last.split('…')[-1]}"
    fold = Fold(graph, lo, hi, parts, label or f"{hi - lo} operations", name)
    fold.period = period
    return fold


def _leaves(graph: Graph, leaves: list[Tensor]) -> Fold:
    fold = Fold(graph, 0, 0, None, f"{len(leaves)} leaves", f"{graph.names[leaves[0]]}…{graph.names[leaves[-1]]}")
    fold.leaves = leaves
    return fold


def _portions(graph: Graph, leaves: list[Tensor]) -> list[Child]:
    size = -(-len(leaves) // 10)
    if len(leaves) <= 3 * MANY:
        return list(leaves)
    return [_leaves(graph, leaves[i : i + size]) for i in range(0, len(leaves), size)]


def _by_module(fold: Fold) -> list[Child]:
    """The stretches that were computed in one module each; what belongs to none stays single."""
    graph, depth = fold.graph, len(list(filter(None, fold.module.split("."))))
    if not graph.starts:
        return graph.ops[fold.lo : fold.hi]
    parts: list[Child] = []
    runs = groupby(range(fold.lo, fold.hi), lambda i: graph.paths[i][: depth + 1])
    for path, run in runs:
        rows = list(run)
        if len(path) <= depth:
            parts += [graph.ops[i] for i in rows]
            continue
        module = ".".join(path)
        calls = graph.starts[module]
        name = module if len(calls) == 1 else f"{module}#{bisect_right(calls, rows[0])}"
        parts.append(Fold(graph, rows[0], rows[-1] + 1, None, name, name))
        parts[-1].module = module
    if len(parts) == 1 and isinstance(parts[0], Fold):  # no frame around a frame
        return _by_module(parts[0])
    return parts


def _structured(graph: Graph, parts: list[Child]) -> list[Child]:
    """The same parts, in folds if they are many: what repeats in one, the rest cut where it is narrow."""
    if len(parts) <= MANY:
        return parts
    if parts[-1] is graph.session.loss:  # the result stands for itself
        return [*_structured(graph, parts[:-1]), parts[-1]]
    number: dict[str, int] = {}
    words = [p.kind if isinstance(p, Fold) else p.op.name for p in parts]
    begin, period, times = repeating(np.array([number.setdefault(word, len(number)) for word in words]))
    if times * period >= len(parts) / 4:
        end = begin + times * period
        found = [
            *_structured(graph, parts[:begin]),
            _repeated(graph, parts[begin:end], period),
            *_structured(graph, parts[end:]),
        ]
        return found if len(found) <= 2 * MANY else _cut(graph, found)
    return _cut(graph, parts)


def _repeated(graph: Graph, parts: list[Child], period: int) -> Fold:
    names = op_names([node for part in parts[:period] for node in members(part)])
    names = [name for name, _ in groupby(names)]
    pattern = " → ".join(names if len(names) <= 3 else [names[0], names[1], "…", names[-1]])
    times = len(parts) // period
    return _fold(graph, parts, f"{times} × ({pattern})" if times > 1 else pattern, period if times > 1 else 0)


def _repetitions(graph: Graph, parts: list[Child], period: int) -> list[Child]:
    """The single repetitions, or, if they are many, some ten portions of them."""
    times = len(parts) // period
    size = period * (1 if times <= MANY else -(-times // 10))
    if size == 1:
        return parts
    return [_repeated(graph, parts[i : i + size], period) for i in range(0, len(parts), size)]


def _cut(graph: Graph, parts: list[Child]) -> list[Child]:
    """Some stretches of about the same length, cut where few results are alive."""
    after = graph.width[[_stretch(graph, part)[1] - 1 for part in parts]]
    ends = cuts(after, min(12, -(-len(parts) // 8)))
    return [_fold(graph, parts[a:b]) for a, b in pairwise(ends)]
