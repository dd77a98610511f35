"""Where a gradient comes from: the contributions that sum to it, and the paths on which they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from ...memory import describe
from ...tensor import Tensor
from ..session import Session
from .explaining import broken, computes
from .writing import factor, seen

PATHS = 4  # of one contribution that are written down
HOPS = 8  # of one path
PARTS = 20  # contributions that are written down
MANY = 10**12  # paths are not counted further: their number doubles with every x + x


class Hop(NamedTuple):
    """A node on a path: its name, the row that made it (None for a leaf), the line that made it if lines were recorded."""

    name: str
    op: str | None
    line: str | None


Path = tuple[Hop, ...]


@dataclass(frozen=True)
class Part:
    """What one edge contributed: by which node, on which paths from the result, and how many of these there are."""

    through: str  # the node's formula, as "a = w1³"
    value: Any
    node: str
    op: str
    line: str | None
    count: int
    walk: Callable[[], Iterator[Path]] = field(repr=False, compare=False)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The first few, found when asked for: those of a weight used at each of a thousand steps are a thousand long."""
        return tuple(self.walk())

    def __str__(self) -> str:
        lines = [f"{seen(self.value)} through {self.through}" + f" ({self.line})" * (self.line is not None)]
        ways = dict.fromkeys(map(_arrows, self.paths))  # x + x makes two edges of one look
        lines += [f"  {way}" for way in ways]
        if (more := self.count - len(ways)) > 0:
            lines.append(f"  and {'very many' if self.count >= MANY else f'{more:,}'} more path{'s' * (more > 1)}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Why:
    """A gradient taken apart. Iterates over (through what, contribution); `.parts` has the paths, `.total` the sum."""

    loss: str
    name: str
    parts: tuple[Part, ...]
    total: Any
    hooked: Any = field(default=None)  # what a hook of the user's made of the sum
    error: str | None = field(
        default=None
    )  # where a rule raised, which ends the pass: what comes after it is not known

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter([(part.through, part.value) for part in self.parts])

    def __len__(self) -> int:
        return len(self.parts)

    def __repr__(self) -> str:
        left = f"∂{self.loss}/∂{self.name}"
        if not self.parts:
            if self.error is not None:
                return f"{left} is not known: {self.error}"
            if self.total is not None:
                return f"{left} = {seen(self.total)}: the pass begins here"
            return f"{left} = 0: no path leads from {self.loss} to {self.name}"
        ways = ", ".join(f"{seen(part.value)} through {part.through}" for part in self.parts[:PARTS])
        ways += f" and {len(self.parts) - PARTS:,} more" * (len(self.parts) > PARTS)
        together = f", together {seen(self.total)}" * (len(self.parts) > 1)
        made = f"; a hook made {seen(self.hooked)} of it" * (self.hooked is not None)
        return f"{left} = {seen(self.total)}: {ways}{together}{made}"

    def __str__(self) -> str:
        lines = [f"  {line}" for part in self.parts[:PARTS] for line in str(part).splitlines()]
        if not lines:
            return repr(self)
        if (more := len(self.parts) - PARTS) > 0:
            lines.append(f"  and {more:,} more contribution{'s' * (more > 1)}, which .parts has")
        first = f"∂{self.loss}/∂{self.name} = "
        if np.ndim(self.total):
            first += f"{seen(self.total)}" + f", the sum of {len(self.parts)} contributions" * (len(self.parts) > 1)
        else:
            few = [factor(part.value, "text") for part in self.parts[:PARTS]] + ["…"] * (len(self.parts) > PARTS)
            terms = [" + ".join(few), seen(self.total)]
            first += " = ".join(dict.fromkeys(terms)) if len(self.parts) > 1 else terms[1]
        made = [f"  a hook made {seen(self.hooked)} of it"] * (self.hooked is not None)
        return "\n".join([first, *lines, *made])


def why(loss: Tensor | Session, w: Tensor | str) -> Why:
    """Where a gradient comes from: the contribution of every edge that leads to `w`, summed in the engine's order.

    loss: a Tensor, or a Session of it. w: a Tensor (a leaf or a result) or its name; KeyError for an unknown name.
    Lines are known under `debug.record()`.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> print(why(w1**3 * w2 + 3 * w1, w1))
    ∂g/∂w1 = 3 + 36 = 39
      3 through c = 3·w1
        g ← c ← w1
      36 through a = w1³
        g ← b ← a ← w1
    """
    session = loss if isinstance(loss, Session) else Session(loss)
    try:
        node = session.find(w)
    except KeyError:
        if isinstance(w, str):
            raise
        return Why(session.names[session.loss], w.name or describe(w), (), None)
    edges = session.replay.edges.get(node, [])
    if not edges:
        total = session.gradient(node, len(session))
        return Why(
            session.names[session.loss],
            session.names[node],
            (),
            total,
            error=None if total is not None else broken(session),
        )
    ways = _Ways(session)
    parts, total = [], None
    for step in edges:
        value, by = session.replay.contribution(step), step.node
        total = value if total is None else total + value
        name, op, line = ways.hop(by)
        walk = partial(ways.paths, by, node)
        parts.append(Part(computes(session, by), value, name, op or "", line, ways.count(by), walk))
    whole = session.gradient(node, len(session))
    same = whole is None or bool((whole == total).all()) or bool((whole != whole).any())
    return Why(session.names[session.loss], session.names[node], tuple(parts), total, None if same else whole)


class _Ways:
    """The ways from the result down to a node: every user of a node is on one."""

    def __init__(self, session: Session):
        self.session = session
        self.users = {node: [step.node for step in edges] for node, edges in session.replay.edges.items()}
        self.counts: dict[Tensor, int] = {session.loss: 1}

    def hop(self, node: Tensor) -> Hop:
        return Hop(self.session.names[node], node.op.name if node.op else None, self.session.line(node))

    def count(self, node: Tensor) -> int:
        """How many paths lead from the result to a node; MANY stands for that many or more."""
        waiting = [node]
        while waiting:
            last = waiting[-1]
            unknown = [user for user in self.users.get(last, ()) if user not in self.counts]
            if unknown and last not in self.counts:
                waiting += unknown
                continue
            waiting.pop()
            if last not in self.counts:
                self.counts[last] = min(sum(self.counts[user] for user in self.users.get(last, ())), MANY)
        return self.counts[node]

    def paths(self, by: Tensor, to: Tensor, most: int = PATHS) -> Iterator[Path]:
        """The first few paths from the result by a node to the one that it hands its gradient to."""
        stack: list[tuple[Tensor, Any]] = [(by, (by, (to, None)))]  # a node, and the path from it on as a linked list
        while stack and most:
            node, rest = stack.pop()
            if node is self.session.loss:
                most -= 1
                yield tuple(map(self.hop, _listed(rest)))
            else:
                stack += [(user, (user, rest)) for user in self.users.get(node, ())[-most:]]


def _listed(linked: Any) -> Iterator[Tensor]:
    while linked is not None:
        node, linked = linked
        yield node


def _arrows(path: Path) -> str:
    """A path as a line; the middle of a long one is left out."""
    names = [hop.name for hop in path]
    if len(names) > HOPS:
        left = len(names) - HOPS + 1
        names[HOPS // 2 : -(HOPS // 2 - 1)] = [f"… {left} more …"]
    return " ← ".join(names)
