"""A plan as text: the program that is printed is the one that runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..memory import owner
from .calls import Calls, Value
from .explaining import explained
from .names import Thing
from .passes import drop_unneeded
from .plan import Plan
from .program import bare, compile_text
from .updates import Rule
from .writing import VIEWS, Writer

CHUNK = 1 << 16  # elements that the optimizer's rule goes over at a time, to stay in the cache


class Text:
    """One program of a plan, written and loaded. outputs: give the outputs. rules: the update, if it is part of it.

    every: a program for a whole run of batches in place of one step; its losses are then computed afterwards, from `slots`.
    """

    def __init__(self, plan: Plan, rules: list[Rule | None], outputs: bool, every: list[Value] | None = None):
        self.plan, self.rules, self.slots = plan, rules, every
        calls = Calls(plan.calls.arguments, list(plan.calls.calls), plan.calls.outside)
        asked = [*(g for g, _, _ in plan.destinations), *plan.written, *([plan.output] if outputs else [])]
        asked += [plan.gradients[p] for p in plan.others]
        asked += [v for v, _ in plan.lying]  # they are read where they lie, by another name
        asked += [plan.loss] if every is None else every
        calls.results = dict(enumerate(asked))
        drop_unneeded(calls)
        calls.results = {"loss": plan.loss} if every is None else {}
        if outputs:
            calls.results["output"] = plan.output
        self.writer = w = Writer(calls)
        for v in asked:
            w.hold(v)
        if every is not None:
            w.ahead = {}
            for v in every:
                w.placed[v] = w.fresh(v.made.op.name)  # type: ignore[union-attr]
                w.slots.add(v)
        loose: list[Any] = []
        users = calls.users()
        for v, array in plan.lying:
            w.placed[v] = w.give("layer", Thing(array))
        for g, view, name in plan.destinations if plan.inline else ():
            if not _placed(w, g, view, name):
                loose.append((g, view, name))
        needed = {*asked[len(plan.destinations) :], *(g for g, _, _ in loose)}
        for g, _, _ in plan.destinations if plan.inline else ():
            if g not in w.placed and g not in needed and not users.get(g):
                w.last.pop(g, None)  # nobody needs it as a view
        arrays = [
            (v, t.value, plan.name(t))
            for v, t in zip(plan.written, plan.writes, strict=True)
            if isinstance(t.value, np.ndarray)
        ]
        self.late = [
            (v, t) for v, t in zip(plan.written, plan.writes, strict=True) if not isinstance(t.value, np.ndarray)
        ]
        after: list[str] = []
        w.last_note = type(plan.optimizer).__name__
        w.end = lambda: after.extend(self._last_lines(w, [*loose, *arrays]))  # type: ignore[method-assign]
        self.gradients = plan.others if plan.inline else list(plan.gradients)
        extra = [v for v, _ in self.late] + [plan.gradients[p] for p in self.gradients]
        once = {}
        if every is None:
            w.taken.add("isfinite")
            once[plan.loss] = ["if not isfinite({0}): return {0},"]
        more = (["keep"] if plan.inline else []) if every is None else None
        self.source = w.write(after, once, more, extra)
        if every is None:
            self.source = "from math import isfinite\n" + self.source
        namespace: dict[str, Any] = {}
        exec(compile_text(self.source), namespace)
        self.given, self.numbers = w.given, w.numbers
        self.run = namespace["prepare"](**self.environment)

    @property
    def environment(self) -> dict[str, Any]:
        """What `prepare` is given, by name."""
        return {name: bare(thing) for name, thing in self.given.items()}

    def explain(self) -> str:
        """What the program costs, as a table."""
        return explained("one training step", self.writer.calls.calls, self.writer.buffers)

    def _last_lines(self, w: Writer, copies: Iterable[Any]) -> list[str]:
        """What is copied to where it belongs, the gradients for those who look, and the optimizer's rule."""
        if self.slots is not None:  # single numbers go from one batch to the next
            for v, t in self.late:
                w.body.append((f"{w.name(self.plan.calls.outside[id(t)])} = {w.name(v)}", ""))
        lines = [f'{w.function("copyto")}({w.give(name, Thing(to))}, {w.name(v)}, "unsafe")' for v, to, name in copies]
        if not self.plan.inline:
            return lines
        for i, (_, flat) in enumerate(self.plan.flats):
            if self.slots is None:
                grads = w.give(f"grads_{i}" if i else "grads", Thing(flat.grads))
                lines.append(f"if keep is not None: keep[{i}][...] = {grads}")
        for i, ((_, flat), rule) in enumerate(zip(self.plan.flats, self.rules, strict=True)):
            if rule is not None:
                lines += rule.written(w, flat, f"_{i}" if i else "", self.slots is not None, CHUNK)
            _as_parts(w, flat, f"_{i}" if i else "")
        return lines


def _as_parts(w: Writer, flat: Any, suffix: str) -> None:
    """What prepare is given of an optimizer's buffers it takes out of them by itself."""
    parts = []
    for buffer, whole in (("values", flat.values), ("grads", flat.grads)):
        for name, thing in list(w.given.items()):
            array = bare(thing)
            text = None if array is whole or not isinstance(array, np.ndarray) else _part_of(whole, array)
            if text is not None:
                parts.append(f"{name} = {w.give(f'{buffer}{suffix}', Thing(whole))}{text}")
                del w.given[name]
    w.before[:0] = parts


def _part_of(whole: Any, array: Any) -> str | None:
    """How an array is taken out of a flat one; None if it is no part of it."""
    if array.base is None or array.base is not owner(whole) or array.dtype != whole.dtype:
        return None
    start = (array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]) // whole.itemsize
    if not 0 <= start <= start + array.size <= whole.size:
        return None
    part = f"[{start or ''}:{start + array.size}]"
    if array.ndim == 1 and array.strides == whole.strides:
        return part
    if array.flags.c_contiguous:
        return f"{part}.reshape{array.shape or '(())'}"
    return f"{part}.reshape{array.shape[::-1]}.T" if array.T.flags.c_contiguous else None


def _placed(w: Writer, g: Value, view: Any, name: str) -> bool:
    """Have a gradient computed where the optimizer wants it; False if it has to be copied there."""
    if (
        g.made is not None
        and g.made.op.name == "transpose"
        and g.made.params["axes"] is None
        and isinstance(g.made.inputs[0], Value)
    ):
        g, view = g.made.inputs[0], view.T
    made = g.made
    if (
        made is None
        or g.kind != "made"
        or g in w.placed
        or made.op.name in VIEWS
        or (g.shape, g.dtype) != (view.shape, view.dtype)
    ):
        return False
    if made.op.name in ("dot", "matmul"):
        fits = view.flags.c_contiguous and all(
            isinstance(x, Value) and x.shape and x.dtype == g.dtype for x in made.inputs
        )
    else:
        fits = made.op.name == "sum" or (isinstance(made.op.kernel, np.ufunc) and made.op.elementwise)
    if not fits or not g.shape or made not in w.calls.calls:
        return False
    w.placed[g] = w.give(name, Thing(view))
    return True
