"""An epoch as one call: the data laid out once as the program reads it, its batches views that stay where they are.

The losses are no part of the steps then: what they are made of is written to a place of its own for each batch, and they are
computed for many batches at once. If one is no number, all is put back and the batches are gone through one by one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..memory import write, wrote
from .calls import Value
from .losses_at_once import loss_part, stacked, writable
from .plan import Plan
from .program import number_of
from .text import Text

MOST = 64  # batches between two looks at the losses
ROOM = 1 << 21  # bytes for what losses are made of
SMALL = 200_000  # parameters that are quickly copied, to be put back
FLUSH_EVERY = 256


class Epochs:
    """The passes over one set of batches (a Minibatches) by one Training."""

    def __init__(self, training: Any, batches: Any):
        self.training, self.batches = training, batches
        self.run_of: Run | None = None
        self.step: Any = None
        self.kept: Any = None

    def run(self, outputs: list[Any] | None, otherwise: Any, look: bool) -> tuple[list[float], list[Any]]:
        """See Training.epoch."""
        x, t, size = self.batches.x, self.batches.t, self.batches.size
        order = self.batches.order()
        whole = len(x) // size
        losses: list[float] = []
        targets: list[Any] = []

        def batch(k: int) -> tuple[Any, Any]:
            part = slice(k * size, (k + 1) * size)
            return (x[part], t[part]) if order is None else (x[order[part]], t[order[part]])

        many = self._many(batch(0), outputs is not None) if whole > 2 else None
        if many is not None:
            many.lay_out(x, t, order, look)  # who looks between the passes may change them
            most = whole - 1 if look and whole * size == len(x) else whole  # the last step leaves its gradients
            while len(losses) < most:
                found = many.run(len(losses), most - len(losses))
                if found is None:
                    break
                if outputs is not None:
                    part = slice(len(losses) * size, (len(losses) + len(found)) * size)
                    outputs.append(many.outputs(len(losses), len(found)))
                    targets.append(t[part] if order is None else t[order[part]])
                losses += found
        for k in range(len(losses), math.ceil(len(x) / size)):
            bx, bt = batch(k)
            done = self.training.step(bx, bt, outputs is not None, look and (k + 1) * size >= len(x))
            output, loss = otherwise(bx, bt) if done is None else done
            losses.append(loss)
            if not math.isfinite(loss):
                self.training.failing = bx, bt
                break
            if outputs is not None:
                outputs.append(output)
                targets.append(bt)
        return losses, targets

    def _many(self, first: tuple[Any, Any], outputs: bool) -> Run | None:
        step = self.training.program(*first)
        if step is None:
            return None
        if self.step != (step, outputs):
            self.step, self.run_of = (step, outputs), step.many(self.batches.size, outputs)
            if self.run_of is not None:
                self.run_of.begin()
        return self.run_of


class Run:
    """Many steps by one program."""

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

    def __init__(self, plan: Plan, size: int, outputs: bool):
        self.plan, self.size = plan, size
        part = loss_part(plan)
        assert part is not None
        self.calls, self.slots = part
        if outputs and plan.output not in self.slots:
            self.slots.append(plan.output)
        self.texts: list[Any] = []
        self.stack = min(MOST, ROOM // (sum(v.size * v.dtype.itemsize for v in self.slots) or 1))
        self.room = {v: np.empty((self.stack, *v.shape), v.dtype) for v in self.slots}
        self.begin()

    def begin(self) -> None:
        """Other data than before."""
        self.data: dict[Value, Any] = {}
        self.laid: dict[Value, Any] = {}
        self.blocks: dict[Value, Any] = {}
        self.tuples: dict[Any, list[Any]] = {}

    def lay_out(self, x: Any, t: Any, order: Any, changed: bool) -> None:
        """Gather the data of this pass, into the memory of the last. changed: the data may be other numbers than then."""
        for a in self.plan.calls.arguments:
            if a in self.data and changed:
                self.data[a][...] = self._laid(a, self.plan.data(a, x, t))
            elif order is None and a in self.data:
                continue
            if a not in self.data:
                self.data[a] = self._laid(a, np.ascontiguousarray(self.plan.data(a, x, t)))
                self.laid[a] = self.data[a] if order is None else np.empty_like(self.data[a])
                self.blocks[a] = self._blocks(a)
            if order is not None:
                np.take(self.data[a], order, axis=0, out=self.laid[a], mode="clip")
            if self._columns(a):
                whole = len(self.blocks[a])
                rows = self.laid[a][: whole * self.size].reshape(whole, self.size, -1)
                self.blocks[a][...] = rows.transpose(0, 2, 1)

    def _columns(self, a: Value) -> bool:
        """Whether a batch of an argument has a column for each sample."""
        return isinstance(a.source, Value) and a not in self.plan.with_ones

    def _laid(self, a: Value, data: Any) -> Any:
        if a not in self.plan.with_ones:
            return data
        rows = np.ones((len(data), data.shape[1] + 1), data.dtype)
        rows[:, :-1] = data
        return rows

    def _blocks(self, a: Value) -> Any:
        """An argument's batches, one after the other."""
        data = self.laid[a]
        whole = len(data) // self.size
        if self._columns(a):
            return np.empty((whole, data.shape[1], self.size), data.dtype)
        return data[: whole * self.size].reshape(whole, self.size, *data.shape[1:])

    def run(self, start: int, count: int) -> list[float] | None:
        """The losses of some batches from `start` on; None, with nothing done, if one of them is no number."""
        plan = self.plan
        t = plan.flats[0][1].steps[0]
        place = start % self.stack
        count = min(count, self.stack - place, FLUSH_EVERY - t % FLUSH_EVERY)
        text, count = self._text(t, place, count)
        if text is None:
            return None
        before = [[flat.values.copy(), *(s.copy() for s in flat.state.values())] for _, flat in plan.flats]
        written = [(t, t.value.copy()) for t in plan.writes if isinstance(t.value, np.ndarray)]
        states = [bits.state for bits in plan.generators]
        with np.errstate(all="ignore"):
            numbers = text.run(self._batches(text)[start : start + count], *map(number_of, text.numbers))
            losses = self._losses(start, place, count)
        if not all(map(math.isfinite, losses)):
            for (_, flat), copies in zip(plan.flats, before, strict=True):
                for array, copy in zip((flat.values, *flat.state.values()), copies, strict=True):
                    array[...] = copy
            for tensor, copy in written:
                tensor.value[...] = copy
            for bits, state in zip(plan.generators, states, strict=True):
                bits.state = state
            return None
        from .training import count as counted

        for v, number in zip(text.numbers, numbers or (), strict=False):
            if any(v.source is t for _, t in text.late):
                write(v.source, number)
        counted(plan, text.rules, count)
        if plan.writes:
            wrote(plan.writes)
        return losses

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
        for rule in rules:
            rule.tables = {name: np.empty(self.stack, rule.dtype) for name in rule.changing}
        text = Text(plan, rules, False, self.slots)
        self.texts.append(text)
        return (None, 0) if len(self.texts) > 8 else self._text(t, place, count)

    def _batches(self, text: Text) -> list[Any]:
        """What the program reads of each batch: views, made once."""
        if id(text) not in self.tuples:
            whole = len(next(iter(self.blocks.values())))
            self.tuples[id(text)] = [self._batch(text, k, k % self.stack) for k in range(whole)]
        return self.tuples[id(text)]

    def _batch(self, text: Text, k: int, place: int) -> tuple[Any, ...]:
        w = text.writer
        arrays: dict[Any, Any] = {a: self.blocks[a][k] for a in self.plan.calls.arguments}
        arrays |= {v: room[place] for v, room in self.room.items()}
        ahead: dict[str, Any] = {}
        shown = dict(arrays)
        for name, (base, call) in (w.ahead or {}).items():
            ahead[name] = shown[call.out] = call.op.kernel(shown[base], **call.params)
        numbers = [
            rule.tables[name][place : place + 1].reshape(())
            for rule in text.rules
            if rule is not None
            for name in rule.changing
        ]
        slots = [arrays[v] for v in w.placed if v in w.slots]
        return (*(arrays[a] for a in self.plan.calls.arguments), *slots, *ahead.values(), *numbers)

    def _losses(self, start: int, place: int, count: int) -> list[float]:
        """The losses, all at once."""
        known: dict[Value, Any] = {v: room[place : place + count] for v, room in self.room.items()}
        for a in self.plan.calls.arguments:
            known[a] = self.blocks[a][start : start + count]
        for call in self.calls:
            known[call.out] = stacked(call, known)
        return known[self.plan.loss].tolist()
