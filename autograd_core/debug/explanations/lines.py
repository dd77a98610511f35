"""The lines of a worksheet: a value forward, a local derivative, a step of the chain rule.

Every line can be computed again from other values than this run's: from those that somebody found by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...ops.shapes import unbroadcast
from ...symbol import Symbol, edge
from ...tensor import Tensor
from ..session import Session
from .formulas import backward, beside, forward
from .writing import factor, letter, numbered, seen, slope, spell

Known = dict[Any, Any]
Slip = tuple[Any, str]


class Line:
    """One line of a worksheet: what stands on its left, what on its right, and the value that ends it."""

    part: str
    key: Any
    value: Any

    def spelled(self, style: str) -> tuple[str, list[str]]:
        """The left side, and what is equal to it before the value: with letters, then with numbers."""
        raise NotImplementedError

    def asked(self, right: list[str]) -> list[str]:
        """What an exercise shows of the right side."""
        return right[:1]

    def again(self, known: Known) -> Any:
        """The value, from these values of other lines."""
        raise NotImplementedError

    def slips(self, known: Known) -> Iterator[Slip]:
        """Values that come out by usual mistakes, and what to say of them."""
        raise NotImplementedError

    def hint(self, known: Known) -> str:
        """How to get it right."""
        raise NotImplementedError


class Forward(Line):
    """A node computed from its inputs."""

    part = "forward"

    def __init__(self, session: Session, node: Tensor):
        self.session, self.node, self.key, self.value = session, node, node, node.value

    def spelled(self, style: str) -> tuple[str, list[str]]:
        formula = forward(self.session, self.node, style)
        return letter(self.session.names[self.node], style), [spell(formula, style), spell(numbered(formula), style)]

    def again(self, known: Known) -> Any:
        op = self.node.op
        assert op is not None
        y = op.kernel(*_fed(self.node, known), **self.node.params)
        return y[0] if op.saved else y

    def slips(self, known: Known) -> Iterator[Slip]:
        assert self.node.op is not None
        if self.node.op.name in ("power", "square"):
            a, b = (*_fed(self.node, known), 2)[:2]
            yield a * b, "this is the base times the exponent, not the base to the power of the exponent"

    def hint(self, known: Known) -> str:
        return _with(self.session, self.node, spell(forward(self.session, self.node), "text"), known)


class Local(Line):
    """The slope of a node by one of its inputs; `separate` if it is a factor of its own in the rule."""

    part = "local"

    def __init__(self, session: Session, step: Any):
        self.session, self.step, self.key = session, step, (step.node, step.i)
        _, _, local = backward(session, step.node, step.i, session.replay.upstream(step.node))
        self.separate = local is not None
        self.value = getattr(local, "value", local)
        self.once = sum(x is step.x for x in step.node.inputs) == 1

    def name(self, style: str) -> str:
        """∂b/∂a, or with the formula in place of b where that could be mistaken for the whole derivative."""
        node, x = self.step.node, self.session.names[self.step.x]
        if self.once and node is not self.session.loss:
            return slope(self.session.names[node], x, style)
        formula, letter_x = spell(forward(self.session, node, style), style), letter(x, style)
        which = [k for k, other in enumerate(node.inputs, 1) if other is self.step.x]
        place = f" (in {self.session.names[node]}, {'first' if which[0] == self.step.i + 1 else 'next'} {x})" * (
            len(which) > 1
        )
        if style == "latex":
            return rf"\frac{{\partial ({formula})}}{{\partial {letter_x}}}" + rf"\text{{{place}}}" * bool(place)
        return f"∂({formula})/∂{letter_x}{place}"

    def formula(self, style: str) -> Any:
        return backward(self.session, self.step.node, self.step.i, self.session.replay.upstream(self.step.node), style)

    def spelled(self, style: str) -> tuple[str, list[str]]:
        local = self.formula(style)[2]
        return self.name(style), [spell(local, style), spell(numbered(local), style)]

    def asked(self, right: list[str]) -> list[str]:
        return []

    def again(self, known: Known) -> Any:
        local, _ = self.read(known, 1.0)
        return getattr(local, "value", local)

    def read(self, known: Known, upstream: Any) -> tuple[Any, Any]:
        """The local derivative, and the contribution, from these values."""
        node = self.step.node
        g = Symbol("g", upstream)
        inputs = [Symbol("x", x) if np.ndim(x) else x for x in _fed(node, known)]
        spelled = edge(node.op, self.step.i, inputs, node.params, g)
        return beside(spelled, g), spelled.value

    def slips(self, known: Known) -> Iterator[Slip]:
        node = self.step.node
        yield known.get(node, node.value), f"this is the value of {self.session.names[node]}, not its slope"
        if node.op.name in ("power", "square") and self.step.i == 0:
            a, b = (*_fed(node, known), 2)[:2]
            yield a ** (b - 1), "the exponent comes down as a factor"
            yield b * a**b, "the exponent drops by one"
        yield (
            self.session.gradient(self.step.x, len(self.session)),
            "this is the derivative of the result; the slope of this step alone is asked",
        )

    def hint(self, known: Known) -> str:
        assert self.step.node.op is not None
        return self.step.node.op.words


class Chain(Line):
    """The derivative of the result by a node: what arrives at each of its users times the local derivative, added up."""

    part = "chain"

    def __init__(self, session: Session, x: Tensor, edges: list[Local]):
        self.session, self.x, self.edges, self.key = session, x, edges, ("slope", x)
        self.value = session.gradient(x, len(session))

    def spelled(self, style: str) -> tuple[str, list[str]]:
        dot = r" \cdot " if style == "latex" else " · "
        letters, numbers, terms = [], [], []
        for local in self.edges:
            g, spelled, beside_it = local.formula(style)
            if beside_it is None:
                letters.append(spell(spelled, style))
                numbers.append(spell(numbered(spelled), style))
            else:
                letters.append(g.name + dot + (local.name(style) if local.once else factor(beside_it, style)))
                numbers.append(factor(g.value, style) + dot + factor(beside_it, style, value=True))
            terms.append(factor(self.session.replay.contribution(local.step), style))
        left = slope(self.session.names[self.session.loss], self.session.names[self.x], style)
        return left, [" + ".join(said) for said in (letters, numbers, *[terms] * (len(terms) > 1))]

    def contributions(self, known: Known) -> list[tuple[Any, Any, Any]]:
        """(what arrives, local derivative, their product) of each edge, from these values."""
        found = []
        for local in self.edges:
            node = local.step.node
            up = known.get(("slope", node), self.session.replay.upstream(node))
            if local.separate and local.key in known:
                own = known[local.key]
                product = up * own
            else:
                own, product = local.read(known, up)
            product = np.broadcast_to(product, np.broadcast_shapes(np.shape(product), self.x.shape))
            found.append(
                (
                    up,
                    getattr(own, "value", own),
                    unbroadcast.kernel(product, self.x.shape) if product.shape != self.x.shape else product,
                )
            )
        return found

    def again(self, known: Known) -> Any:
        total = 0
        for _, _, product in self.contributions(known):
            total = total + product
        return total

    def slips(self, known: Known) -> Iterator[Slip]:
        found = self.contributions(known)
        names = [self.session.names[local.step.node] for local in self.edges]
        if len(found) > 1:
            for (_, _, product), name in zip(found, names, strict=True):
                yield (
                    product,
                    f"this is what comes through {name} alone; {len(found)} paths meet here, add what comes on each",
                )
            yield np.prod([p for _, _, p in found], axis=0), "what comes on several paths is added, not multiplied"
            yield (
                sum(own for _, own, _ in found if own is not None),
                "these are the local derivatives; multiply each by what arrives",
            )
        for (up, own, _), name in zip(found, names, strict=True):
            if own is not None:
                yield own, f"this is the local derivative; multiply by what arrives at {name}"
                yield up + own, "the chain rule multiplies what arrives by the local derivative; it does not add"
            yield up, f"this is what arrives at {name}; multiply by the local derivative"

    def hint(self, known: Known) -> str:
        return self.spelled("text")[1][0]


def _fed(node: Tensor, known: Known) -> list[Any]:
    return [known.get(x, x.value) if isinstance(x, Tensor) else x for x in node.inputs]


def _with(session: Session, node: Tensor, formula: str, known: Known) -> str:
    """A formula and the values of its letters."""
    values = [
        f"{session.names.get(x) or x.name} = {seen(known.get(x, x.value))}"
        for x in dict.fromkeys(x for x in node.inputs if isinstance(x, Tensor))
        if session.names.get(x) or x.name
    ]
    return formula + f" with {', '.join(values)}" * bool(values)
