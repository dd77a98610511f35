"""Many steps in one call of a program, over data that is laid out as it reads it.

The losses are no part of the steps: what they are made of is written to a place of its own for each batch, and they are
computed for many batches at once. If one is no number, all is put back and the batches are gone through one by one.
"""

from __future__ import annotations

import math
from itertools import cycle, islice
from typing import Any

import numpy as np

from ..memory import write, wrote
from .calls import Value
from .layout import Layout
from .losses_at_once import loss_part, stacking, writable
from .passes.seed import Seed
from .passes.unshifted import LARGEST
from .plan import Plan
from .program import number_of
from .text import Text

MOST = 64  # batches between two looks at the losses
ROOM = 1 << 21  # bytes for what losses are made of
SMALL = 200_000  # parameters that are quickly copied, to be put back
FLUSH_EVERY = 256


class Run:
    """Many steps by one program. seed: what is folded into its seed; logits: what must be small, or it was all in vain."""

    @staticmethod
    def possible(plan: Plan, outputs: bool) -> bool:
        """Whether the update is all in the program, no more than that is to be put back, and the loss can wait."""
        small = sum(flat.values.size for _, flat in plan.flats) <= SMALL
        if not (plan.inline and small) or plan.others or None in plan.rules():
            return False
        part = loss_part(plan)
        if part is None or (outputs and not (plan.output.kind == "made" and writable(plan.output))):
            return False
        numbers = [t for t in plan.writes if not isinstance(t.value, np.ndarray)]
        if any(id(t) not in plan.calls.outside for t in numbers):  # written and not read
            return False
        return 4 * sum(v.size * v.dtype.itemsize for v in (*part[1], plan.output)) <= ROOM

    def __init__(self, plan: Plan, size: int, outputs: bool, seed: Seed | None = None, logits: Value | None = None):
        self.plan, self.size, self.seed, self.logits = plan, size, seed, logits
        part = loss_part(plan)
        assert part is not None
        calls, self.slots = part
        self.late = [(call.out, *stacking(call)) for call in calls]
        if outputs and plan.output not in self.slots:
            self.slots.append(plan.output)
        self.texts: list[Any] = []
        self.stack = min(MOST, ROOM // (sum(v.size * v.dtype.itemsize for v in self.slots) or 1))
        self.room = {v: np.empty((self.stack, *v.shape), v.dtype) for v in self.slots}
        self.begin()

    def begin(self) -> None:
        """Other data than before."""
        self.layout = Layout(self.plan, self.size, self.seed)
        self.tuples: dict[Any, list[Any]] = {}

    def lay_out(self, x: Any, t: Any, order: Any, changed: bool) -> Run | None:
        """See Layout.gather; None where the data has what cannot be laid out, as a class that there is not."""
        try:
            self.layout.gather(x, t, order, changed)
        except Exception:  # it comes up again when its batch is gone through alone
            self.begin()
            return None
        return self

    def run(self, start: int, count: int) -> list[float] | None:
        """The losses of some batches from `start` on; None, with nothing done, if one is no number or there is an error."""
        plan = self.plan
        t = plan.flats[0][1].steps[0]
        place = start % self.stack
        count = min(count, self.stack - place, FLUSH_EVERY - t % FLUSH_EVERY)
        text, count = self._text(t, place, count)
        if text is None:
            return None
        if self.seed is not None and not (self.seed.possible() and self.seed.value() == self.layout.scale):
            return None
        before = _Before(plan)
        with np.errstate(all="ignore"):
            if self.seed is not None:
                self.seed.begin()
            try:
                numbers = text.run(self._batches(text)[start : start + count], *map(number_of, text.numbers))
                losses = self._losses(start, place, count)
            except Exception:  # it comes up again when that batch is gone through alone
                numbers, losses = (), [math.nan]
            except BaseException:
                before.put_back()
                raise
            if self.seed is not None:
                self.seed.end()
        if not all(map(math.isfinite, losses)) or not self._small(place, count):
            before.put_back()
            return None
        for v, number in zip(text.numbers, numbers or (), strict=False):
            if any(v.source is t for _, t in text.late):
                write(v.source, number)
        count_steps(plan, text.rules, count)
        if plan.writes:
            wrote(plan.writes)
        return losses

    def _small(self, place: int, count: int) -> bool:
        """Whether the logits were small enough to do without the shift."""
        if self.logits is None:
            return True
        z = self.room[self.logits][place : place + count]
        return bool(np.maximum.reduce(z, None) < LARGEST and np.minimum.reduce(z, None) > -LARGEST)

    def outputs(self, start: int, count: int) -> Any:
        """The model's outputs for batches that were just run, one sample after the other."""
        place = start % self.stack
        rows = self.room[self.plan.output][place : place + count]
        rows = rows.swapaxes(1, 2) if self.plan.turned else rows
        return np.array(rows.reshape(-1, *rows.shape[2:]))

    def _text(self, t: int, place: int, count: int) -> tuple[Text | None, int]:
        """A program that fits the coming step, the tables of its changing numbers filled for as many steps as it fits."""
        plan = self.plan
        for text in self.texts:
            fitting = min(
                rule.tabulate(t + 1, place, count, group)
                for (group, _), rule in zip(plan.flats, text.rules, strict=True)
            )
            if fitting:
                return text, fitting
        rules: Any = plan.rules()
        if None in rules:  # with its settings as they are now, it cannot be written
            return None, 0
        for rule in rules:
            rule.tables = {name: np.empty(self.stack, rule.dtype) for name in rule.changing}
            if self.seed is not None and self.seed.rate:
                rule.lines = rule.without_rate()
        if len(self.texts) >= 8 or any(rule.lines is None for rule in rules):
            return None, 0
        text = Text(plan, rules, False, self.slots)
        self.texts.append(text)
        return self._text(t, place, count)

    def _batches(self, text: Text) -> list[Any]:
        """What the program is given of each batch, as it names it in its loop: views, made once."""
        if id(text) not in self.tuples:
            whole = len(next(iter(self.layout.blocks.values())))
            views = {a: list(self.layout.blocks[a]) for a in self.plan.calls.arguments}
            views |= {v: list(self.room[v]) for v in text.writer.placed if v in text.writer.slots}
            for base, call in (text.writer.ahead or {}).values():
                views[call.out] = [call.op.kernel(view, **call.params) for view in views[base]]
            numbers = [
                list(rule.tables[name].reshape(-1, 1))
                for rule in text.rules
                if rule is not None
                for name in rule.changing
            ]
            columns = [*views.values(), *([row.reshape(()) for row in table] for table in numbers)]
            self.tuples[id(text)] = list(zip(*(islice(cycle(column), whole) for column in columns), strict=True))
        return self.tuples[id(text)]

    def _losses(self, start: int, place: int, count: int) -> list[float]:
        """The losses, all at once."""
        known: dict[Value, Any] = {v: room[place : place + count] for v, room in self.room.items()}
        for a in self.plan.calls.arguments:
            known[a] = self.layout.blocks[a][start : start + count]
        for out, kernel, readers in self.late:
            known[out] = kernel(*[read(known) for read in readers])
        return known[self.plan.loss].tolist()


class _Before:
    """What a run changes, to be put back."""

    def __init__(self, plan: Plan):
        self.arrays = [a for _, flat in plan.flats for a in (flat.values, *flat.state.values())]
        self.arrays += [t.value for t in plan.writes if isinstance(t.value, np.ndarray)]
        self.copies = [a.copy() for a in self.arrays]
        self.generators = [(bits, bits.state) for bits in plan.generators]

    def put_back(self) -> None:
        for array, copy in zip(self.arrays, self.copies, strict=True):
            array[...] = copy
        for bits, state in self.generators:
            bits.state = state


def count_steps(plan: Plan, rules: list[Any], steps: int) -> None:
    """What an optimizer's step does besides its rule."""
    for (group, flat), rule in zip(plan.flats, rules, strict=True):
        t = flat.steps[0] + steps
        flat.steps = [t] * len(flat.steps)
        if rule is None:
            plan.optimizer.apply(t, flat.values, flat.grads, flat.state, group)
        if t % FLUSH_EVERY == 0:
            for s in flat.state.values():
                s[np.abs(s) < 1e-30] = 0
        wrote(flat.params)
