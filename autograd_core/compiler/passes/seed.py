"""The 1/n of a mean and the learning rate, folded into what the backward pass begins with, where nobody asks for gradients.

    total = dot(ones, e); p = e / total; g = (p - t) * c    ->   total = dot(ones / s, e); p = e / total; g = p - s t
    u = mu u + grads; values = values - lr u                ->   u = mu u + grads; values = values - u

with s = c lr, and u measured in learning rates while the program runs. All that comes after g is linear in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import arithmetic
from ..calls import Call, Value

LINEAR = {"transpose", "reshape", "getitem", "sum", "negative"}
PRODUCTS = {"multiply", "dot", "matmul", "masked"}


def fold_seed(plan: Any, rules: list[Any]) -> Seed | None:
    """Fold what can be into a plan's seed; None, with nothing done, where the gradients are not linear in one."""
    wanted = {g for g, _, _ in plan.destinations}
    for call in plan.calls.calls:
        if (
            call.op.name == "multiply"
            and call.out.shape
            and any(map(_number, call.inputs))
            and wanted <= _linear_in(call.out, plan.calls.calls)
        ):
            return Seed(plan, rules, call)
    return None


class Seed:
    """What the seed of a plan is multiplied by. rate: whether the learning rate is a factor of it.

    scaled: arguments of the program that are to be multiplied by it, too; cell and inverse: arrays that are filled with it, and with one over it.
    """

    def __init__(self, plan: Any, rules: list[Any], seed: Call):
        self.plan = plan
        (source,) = (x for x in seed.inputs if isinstance(x, Value) and x.shape)
        (factor,) = (x for x in seed.inputs if x is not source)
        self.factor = float(factor.source if isinstance(factor, Value) else factor)
        self.rate = len(rules) == 1 and rules[0] is not None and rules[0].without_rate() is not None
        self.cell = np.ones(1, seed.out.dtype)
        self.inverse: Any = None
        self.scaled: set[Value] = set()
        self.of_softmax = self._into_softmax(seed, source)
        if not self.of_softmax:
            seed.inputs = [source, _constant(self.cell, "seed")]

    def _into_softmax(self, seed: Call, source: Value) -> bool:
        """Have the sums of a softmax and its targets scaled in place of their difference; False if that is not what it is."""
        calls = self.plan.calls.calls
        minus = source.made
        if minus is None or minus.op.name != "subtract":
            return False
        p, t = minus.inputs
        share = p.made if isinstance(p, Value) else None
        if share is None or share.op.name != "divide" or not isinstance(t, Value) or t.kind != "argument":
            return False
        wide = share.inputs[1].made
        total = wide.inputs[0] if wide is not None and wide.op.name == "getitem" else None
        made = total.made if isinstance(total, Value) else None
        if (
            total is None
            or made is None
            or made.op.name != "dot"
            or made.inputs[0].kind != "constant"
            or len(made.inputs[0].shape) != 1
        ):
            return False
        users = self.plan.calls.users()
        others = [c for c in users[t] if c is not minus]
        if len(users[p]) > 1 or len(users[source]) > 1 or any(c.op.name != "vdot" for c in others):
            return False
        self.inverse, self.scaled = np.ones(made.inputs[0].shape, total.dtype), {t}
        made.inputs = [_constant(self.inverse, "ones_over_seed"), made.inputs[1]]
        for user in users[total]:  # who reads the sum itself, as the loss does
            if user is not wide:
                self._replace(user, total, arithmetic.multiply)
        for call in others:
            for user in users[call.out]:
                self._replace(user, call.out, arithmetic.divide)
        self.plan.calls.replace(seed.out, source)
        calls.remove(seed)
        return True

    def _replace(self, user: Call, value: Value, op: Any) -> None:
        """Have a call read a value times the seed's factor, or over it."""
        out = Value("made", np.broadcast_to(np.zeros((), value.dtype), value.shape))
        out.made = Call(op, [value, _constant(self.cell, "seed")], {}, [out], user.note)
        user.inputs = [out if x is value else x for x in user.inputs]
        self.plan.calls.calls.insert(self.plan.calls.calls.index(user), out.made)

    def value(self) -> float:
        """What the seed is multiplied by now."""
        return self.factor * (self.plan.flats[0][0]["lr"] if self.rate else 1.0)

    def possible(self) -> bool:
        """Whether that is a number to divide by."""
        return 1e-10 < abs(self.value()) < 1e10

    def begin(self) -> None:
        """Measure the optimizer's state in learning rates."""
        self.cell[...] = self.value()
        if self.inverse is not None:
            self.inverse[...] = 1 / self.value()
        self._measure(np.multiply)

    def end(self) -> None:
        """Measure it as before."""
        self._measure(np.divide)

    def _measure(self, by: Any) -> None:
        group, flat = self.plan.flats[0]
        for state in flat.state.values() if self.rate else ():
            by(state, group["lr"], state)


def _number(x: Any) -> bool:
    return isinstance(x, (int, float)) or (isinstance(x, Value) and x.kind == "constant" and not x.shape)


def _constant(array: Any, name: str) -> Value:
    return Value("constant", array, array, name)


def _linear_in(seed: Value, calls: list[Call]) -> set[Value]:
    """The values that are multiplied by whatever a value is multiplied by."""
    linear = {seed}
    for call in calls:
        inside = [x in linear for x in call.inputs if isinstance(x, Value)]
        if (
            (call.op.name in ("add", "subtract") and all(inside) and len(inside) == len(call.inputs))
            or (call.op.name in PRODUCTS and inside.count(True) == 1)
            or (call.op.name == "divide" and call.inputs[0] in linear and not any(inside[1:]))
            or (call.op.name in LINEAR and call.inputs[0] in linear)
        ):
            linear.add(call.out)
    return linear
