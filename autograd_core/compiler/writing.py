"""From calls to the text of a program: `prepare` makes the buffers once, `step` runs the calls on them.

What lies in a buffer of the program's own always lies there, so its views are made once. A buffer is taken over when
what lay in it is no longer needed: by the very call that needs it last, if that goes element by element.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ops.indexing import is_basic
from .calls import Call, Calls, Value
from .names import Names
from .tidy import gathered, imports, nested

VIEWS = {"transpose", "reshape", "swapaxes", "expand_dims", "squeeze", "moveaxis", "getitem", "flip", "windows"}
SIGNS = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**",
         operator.gt: ">", operator.ge: ">=", operator.lt: "<", operator.le: "<="}  # fmt: skip
SHORT = {"transpose": "T", "getitem": "at", "expand_dims": "wide", "reshape": "as"}
WRITES = {"bit_mask", "masked", "sum", "max", "min", "dot", "matmul", "broadcast_to", "cast", "where", "positive"}


class Writer(Names):
    """Writes one program. placed: values whose memory is given, as gradients' that an optimizer has room for."""

    def __init__(self, calls: Calls, placed: dict[Value, str] | None = None):
        super().__init__()
        self.calls = calls
        self.body: list[tuple[str, str]] = []  # lines of step, with notes
        self.root: dict[Value, Value] = {}  # of a view, whose memory it shows
        self.free: dict[Any, list[tuple[str, Any]]] = {}
        self.buffers: list[tuple[str, int]] = []  # with their bytes
        self.placed = dict(placed or {})
        # in a program for many batches
        self.last_note = ""  # of the lines that come last
        self.varying: list[str] = []  # numbers of the optimizer's that change from batch to batch
        self.slots: set[Value] = set()  # of the placed values, those that lie elsewhere for each batch
        self.ahead: dict[str, tuple[Value, Call]] | None = None  # views of a batch's arrays, made ahead, by name
        self.early: dict[Value, Any] = {}  # these views, of memory that is laid out so
        for value in calls.arguments:
            self.names[value] = self.fresh(value.name)
        self.last = self._last_uses()
        self.arguments = [self.names[v] for v in calls.arguments]

    # --- memory ------------------------------------------------------------------------------------------------

    def _last_uses(self) -> dict[Value, int]:
        last: dict[Value, int] = {}
        for i, call in enumerate(self.calls.calls):
            for x in call.values:
                last[x] = i
        for x in self.calls.results.values():
            last[x] = len(self.calls.calls)
        for call in reversed(self.calls.calls):  # a view lives in what it shows
            if call.op.name in VIEWS and isinstance(call.inputs[0], Value):
                x, v = call.inputs[0], call.out
                last[x] = max(last.get(x, -1), last.get(v, -1))
            elif call.op.name not in WRITES and not isinstance(
                call.op.kernel, np.ufunc
            ):  # a kernel may give a view, too
                for x in call.values:
                    last[x] = max([last[x], *(last.get(v, -1) for v in call.outs)])
        return last

    def memory(self, value: Value, note: str, reuse: Iterable[Value] = ()) -> str:
        """The name of the buffer that a value will lie in; `reuse`: values whose buffers it may take over."""
        if value in self.placed:
            self.names[value] = self.placed[value]
            if value not in self.slots:
                self.fixed[value] = np.empty(value.shape, value.dtype)
            return self.names[value]
        key = value.room
        reuse = list(dict.fromkeys(x for x in reuse if isinstance(x, Value)))
        for x in reuse:
            if any(self.root.get(y) is x for y in reuse):
                continue  # the same memory is read in another order
            if (
                x.room == key
                and x in self.fixed
                and x.kind == "made"
                and x not in self.root
                and x not in self.placed
                and self.last[x] == self.now
            ):
                self.names[value], self.fixed[value] = self.names[x], self.fixed[x]
                self.released.add(x)
                return self.names[value]
        if self.free.get(key):
            name, array = self.free[key].pop()
        else:
            name = self.fresh(note if note not in self.taken and not hasattr(np, note) else f"{note}1")
            array, text = self._empty(value)
            self.buffers.append((name, array.nbytes))
            self.before.append(f"{name} = {text}")
        self.names[value], self.fixed[value] = name, array
        return name

    def _empty(self, value: Value) -> tuple[Any, str]:
        """Memory for a value, laid out as eager code's, and the text that makes it."""
        shape = value.shape if value.axes is None else tuple(value.shape[i] for i in value.axes)
        array, text = (
            np.empty(shape, value.dtype),
            f"{self.function('empty')}({shape}, {self.function(value.dtype.name)})",
        )
        if value.axes is None:
            return array, text
        back = tuple(value.axes.index(i) for i in range(len(shape)))
        return array.transpose(back), f"{text}.transpose({back})"

    def release(self, i: int) -> None:
        """Buffers whose values are needed no longer are free for others."""
        for x in self.ending.pop(i, ()):
            if self.last[x] == i and (
                x.kind == "made"
                and x in self.fixed
                and x not in self.root
                and x not in self.placed
                and x not in self.released
            ):
                self.free.setdefault(x.room, []).append((self.names[x], self.fixed[x]))

    # --- the program -------------------------------------------------------------------------------------------

    def write(
        self,
        after: Iterable[str] = (),
        once: dict[Value, list[str]] | None = None,
        more: Iterable[str] | None = (),
        extra: Iterable[Value] = (),
    ) -> str:
        """The text. after: last lines of step. once: lines for when a value is there, with its name for {}. more: arguments."""
        from .templates import statement

        for x in dict.fromkeys(self.calls.results.values()):
            if x.kind != "made":
                self.name(x)
        self.released: set[Value] = set()
        self.ending: dict[int, list[Value]] = {}
        for x, i in self.last.items():
            self.ending.setdefault(i, []).append(x)
        for i, call in enumerate(self.calls.calls):
            self.now = i
            if call.op.name in VIEWS and call.out not in self.last:
                continue
            self._place(call)
            if call.op.name not in VIEWS or not self._view(call):
                self.body += [(line, call.note) for line in statement(self, call)]
            for value in call.outs:
                self.body += [(line.format(self.names[value]), "") for line in (once or {}).get(value, ())]
            self.release(i)
        self.end()
        results = [self.name(x) for x in (*self.calls.results.values(), *extra)]
        self.fixed, self.free = {}, {}  # they were examples; prepare makes the buffers
        arguments = [*self.arguments, *(self.names[x] for x in self.numbers), *(more or ())]
        lines = [*imports("numpy", sorted(self.functions)), ""] if self.functions else []
        lines += [f"def prepare({', '.join(self.given)}):", *(f"    {line}" for line in gathered(self.before)), ""]
        inner = "        "
        if more is None:  # for many batches
            self.each = [
                *self.arguments,
                *(self.placed[x] for x in self.placed if x in self.slots),
                *(self.ahead or ()),
                *self.varying,
            ]
            numbers = [self.names[x] for x in self.numbers]
            lines += [
                f"    def run({', '.join(['batches', *numbers])}):",
                f"        for {', '.join(self.each)} in batches:",
            ]
            inner += "    "
        else:
            lines.append(f"    def step({', '.join(arguments)}):")
        said = ""
        for line, note in nested(
            [*self.body, *((line, self.last_note if line[:2] != "if" else "for .grad") for line in after)], results
        ):
            comment = f"  # {note}" if note and note != said else ""
            lines.append(f"{inner}{line}{comment}")
            said = note
        if more is None:
            lines += [f"        return {', '.join(numbers)}{',' * (len(numbers) == 1)}"] if numbers else []
            return "\n".join([*lines, "", "    return run"]) + "\n"
        lines += [f"        return {', '.join(results)}{',' * (len(results) == 1)}", "    return step"]
        return "\n".join(lines) + "\n"

    def hold(self, value: Value) -> None:
        """A value, and what it is a view of, is needed until the end."""
        while True:
            self.last[value] = len(self.calls.calls)
            if value.made is None or value.made.op.name not in VIEWS or not isinstance(value.made.inputs[0], Value):
                return
            value = value.made.inputs[0]

    def end(self) -> None:
        """Called when all is written but the last lines."""

    def _place(self, call: Call) -> None:
        for x in call.inputs:
            self.name(x) if isinstance(x, Value) else None

    def _view(self, call: Call) -> bool:
        """Write a view; False if it is none."""
        from .templates import view_text

        base, out = call.inputs[0], call.out
        if not isinstance(base, Value) or (call.op.name == "getitem" and not is_basic(call.params["index"])):
            return False
        if not out.shape or not base.shape or any(call.params.get("padding", ())):
            return False
        text = view_text(self, call)
        self.names[out] = self.fresh(f"{self.names[base]}_{SHORT.get(call.op.name, call.op.name)}")
        if base in self.fixed:
            shown = call.op.kernel(self.fixed[base], **call.params)
            if np.may_share_memory(shown, self.fixed[base]):
                self.fixed[out], self.root[out] = shown, self.root.get(base, base)
                for line in self.before:  # made already of another value in the same memory
                    if line.endswith(f" = {text}"):
                        self.names[out] = line.split(" = ")[0]
                        return True
                self.before.append(f"{self.names[out]} = {text}")
                return True
            return False
        if self.ahead is not None and (base in self.slots or base in self.calls.arguments or base in self.early):
            like = self.early.get(base, np.empty(base.shape, base.dtype))
            shown = call.op.kernel(like, **call.params)
            if not np.may_share_memory(shown, like):
                return False  # a copy would stay that of the first pass
            self.ahead[self.names[out]], self.early[out] = (base, call), shown
        else:
            self.body.append((f"{self.names[out]} = {text}", call.note))
        self.root[out] = self.root.get(base, base)
        return True
