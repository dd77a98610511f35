"""Where numbers that are not finite come from: from a bad value down to the op that was fed with finite ones, and from a bad
gradient up to the edge that made it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..backward_pass import Step
from ..session import Session


class Constant:
    """A bare array or number among the nodes; equal to itself alone."""

    op = name = site = None
    tracked, born = False, 0

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and other.value is self.value


class Births:
    """How what is not finite came about, and how it goes on to the result."""

    def __init__(self, session: Session):
        self.session = session
        self.users: dict[Any, list[Tensor]] = {}
        for user in session.nodes:
            for x in operands_of(user):
                self.users.setdefault(x, []).append(user)

    def birth(self, node: Any) -> Any:
        """The oldest that a node is not finite by whose own operands were finite.

        Infinite constants are no fault by themselves, as masks of −∞ show: then it is where they first make a NaN.
        """
        tainted = everything(node, self.bad_inputs)
        births = [x for x in tainted if not self.bad_inputs(x)]
        made = [x for x in births if x.op is not None or x.tracked or has_nan(x.value)]
        made = made or [x for x in tainted if has_nan(x.value)] or births
        first = min(made, key=lambda x: x.born)
        older = self._absorbed(first)
        return first if older is None else older

    def bad_inputs(self, x: Any) -> list[Any]:
        """The operands of x that are not finite, except the side that a where did not choose."""
        operands = operands_of(x)
        if x.op is not None and x.op.name == "where":
            condition, a, b = (np.asarray(y.value) for y in operands)
            first = condition.astype(bool)
            chosen = np.any(~np.isfinite(a) & first), np.any(~np.isfinite(b) & ~first)
            operands = [y for y, c in zip(operands[1:], chosen, strict=True) if c]
        return [y for y in operands if not finite(y.value)]

    def _absorbed(self, first: Any) -> Any:
        """An overflow further up that became the 0 which did the harm: 1/(1 + exp(1000)) is 0, and its log −∞."""
        zeros = everything(
            first, lambda x: [y for y in operands_of(x) if y.op is not None and finite(y.value) and has_zero(y.value)]
        )
        found = [self.birth(y) for x in zeros[1:] for y in operands_of(x) if y.op is not None and not finite(y.value)]
        return min((x for x in found if x.op is not None), key=lambda x: x.born, default=None)

    def first_gradient(self) -> Step | None:
        """The step, first in backward order, that made a gradient not finite which a leaf received; None if none did:
        an edge, a hook, or the seed itself."""
        replay = self.session.replay

        @cache
        def bad(x: Any) -> list[Step]:
            if x in replay.hooked and finite(replay.arriving[x]):
                return [Step("hook", x)]
            if x is self.session.loss:
                return [Step("seed", x)]
            steps = replay.edges.get(x, [])  # where all are finite, their sum overflowed
            return [step for step in steps if not finite(replay.contribution(step))] or steps[-1:]

        leaves = [
            x for x in self.session.nodes if x.op is None and x in replay.arriving and not finite(replay.upstream(x))
        ]
        reached = everything(leaves, lambda x: [s.node for s in bad(x) if not finite(replay.upstream(s.node))])
        found = {step for x in reached for step in bad(x) if step.kind != "edge" or finite(replay.upstream(step.node))}
        return next((step for step in replay.steps if step in found), None)

    def onward(self, node: Any) -> list[Any]:
        """From a node to the result, by way of what is not finite where that leads there."""
        way = [node]
        while way[-1] in self.users:
            way.append(max(self.users[way[-1]], key=lambda user: (not finite(user.value), -user.born)))
        return way


def operands_of(x: Any) -> list[Any]:
    """What a node was fed, bare arrays and numbers as constants."""
    return [y if isinstance(y, Tensor) else Constant(y) for y in x.inputs] if x.op is not None else []


def first_at(value: Any) -> tuple[tuple[int, ...], float, int]:
    """Index and number of the first element that is not finite, and how many there are."""
    array = np.asarray(value)
    bad = np.argwhere(~np.isfinite(array))
    index = tuple(map(int, bad[0]))
    return index, float(array[index]), len(bad)


def everything(start: Any, nexts: Any) -> list[Any]:
    """The start, or several, and all that `nexts` leads to from there, each once, nearest first."""
    found = list(start) if isinstance(start, list) else [start]
    seen = set(found)
    for x in found:
        for y in nexts(x):
            if y not in seen:
                seen.add(y)
                found.append(y)
    return found


def has_zero(value: Any) -> bool:
    return bool(np.any(np.asarray(value) == 0))


def has_nan(value: Any) -> bool:
    return bool(np.isnan(value).any())


def finite(value: Any) -> bool:
    """Whether all elements are; whole numbers are."""
    array = np.asarray(bare(value))
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def bare(x: Any) -> Any:
    """The numbers of a tensor, or what is bare already."""
    return x.value if isinstance(x, Tensor) else x
