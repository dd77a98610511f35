"""A graph of single numbers as straight-line Python: no arrays, no calls, each node one line over floats.

    d = w * x          v1 = w * x
    e = d.relu()       v2 = v1 if v1 > 0.0 else 0.0

A name is used again as soon as nobody reads its number any more, so that a step of a hundred thousand nodes needs some
thousand names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, Calls, Value
from .names import RESERVED
from .writing import SIGNS

LINES = {
    "maximum": "{0} if {0} > {1} else {1}", "minimum": "{0} if {0} < {1} else {1}", "negative": "-{0}", "square": "{0} * {0}",
    "absolute": "abs({0})", "sign": "(1.0 if {0} > 0.0 else 0.0 if {0} == 0.0 else -1.0)", "where": "{1} if {0} else {2}", "positive": "{0}",
    "cast": "float({0})",
}  # fmt: skip


def all_scalars(calls: Calls) -> bool:
    """Whether a program computes single float64 numbers alone, by rows that are said here or by NumPy's functions."""
    lists = {a for a in calls.arguments if a.dtype == np.float64}  # arrays are read element by element, as nested lists
    for call in calls.calls:
        if call.op.name == "getitem" and call.inputs[0] in lists and _index(call) is not None:
            if call.out.shape:
                lists.add(call.out)
        elif not _said(call):
            return False
    return bool(calls.calls) and not any(x.shape for x in calls.results.values())


def _said(call: Call) -> bool:
    out, op = call.out, call.op
    if len(call.outs) != 1 or out.shape or (out.dtype != np.float64 and out.dtype != bool) or "rng" in call.params:
        return False
    if any(x.shape for x in call.values):
        return False
    return op.eager in SIGNS or op.name in LINES or (isinstance(op.kernel, np.ufunc) and op.elementwise)


def _index(call: Call) -> Any:
    """The place that is read, of whole numbers; None for any other."""
    index = call.params["index"] if call.op.name == "getitem" else None
    parts = index if isinstance(index, tuple) else (index,)
    return parts if parts and all(isinstance(p, (int, np.integer)) for p in parts) else None


def write_scalars(calls: Calls) -> tuple[str, dict[str, Any], list[Value]]:
    """The text of a program, what prepare is given, and the numbers that are arguments of step besides the arrays."""
    names: dict[Value, str] = {}
    taken: set[str] = set(RESERVED)
    functions: set[str] = set()

    def fresh(wish: str) -> str:
        wish = "".join(c if c.isalnum() else "_" for c in wish) or "x"
        wish = wish if wish.isidentifier() else f"p_{wish}"
        n, name = 1, wish
        while name in taken or hasattr(np, name):
            n += 1
            name = f"{wish}_{n}"
        taken.add(name)
        return name

    numbers: list[Value] = []
    for a in calls.arguments:
        names[a] = fresh(a.name)
    counts: dict[str, int] = {}
    for call in calls.calls:
        for x in call.values:
            if x.kind in ("outside", "gradient") and x not in names:
                stem = x.name or "n"
                counts[stem] = counts.get(stem, 0) + 1
                names[x] = fresh(stem if counts[stem] == 1 else f"{stem}_{counts[stem]}")
                numbers.append(x)

    def said(x: Any) -> str:
        if isinstance(x, Value):
            return names[x] if x.kind != "constant" else _literal(x.source)
        return _literal(x)

    last: dict[Value, int] = {}
    for i, call in enumerate(calls.calls):
        last.update(dict.fromkeys(call.values, i))
    last.update(dict.fromkeys(calls.results.values(), len(calls.calls)))
    free: list[str] = []
    made = 0
    body = []
    for i, call in enumerate(calls.calls):
        text = _text(call, said, functions)
        free += [names[x] for x in dict.fromkeys(call.values) if last[x] == i and x.kind == "made"]
        if free:
            names[call.out] = free.pop()
        else:
            made += 1
            names[call.out] = fresh(f"v{made}")
        body.append(f"{names[call.out]} = {text}")
        if call.out not in last:
            free.append(names[call.out])
    lists = [f"{names[a]} = {names[a]}.tolist()" for a in calls.arguments if a.shape]
    lists += [f"{names[a]} = float({names[a]})" for a in calls.arguments if not a.shape]
    arguments = [names[a] for a in calls.arguments] + [names[n] for n in numbers]
    lines = [f"from numpy import {', '.join(sorted(functions))}", ""] if functions else []
    lines += ["def prepare():", f"    def step({', '.join(arguments)}):"]
    lines += [f"        {line}" for line in (*lists, *body)]
    lines += [f"        return {', '.join(map(said, calls.results.values()))},", "", "    return step"]
    return "\n".join(lines) + "\n", {}, numbers


def _text(call: Call, said: Any, functions: set[str]) -> str:
    place = _index(call)
    if place is not None:
        return said(call.inputs[0]) + "".join(f"[{int(p)}]" for p in place)
    given = [said(x) for x in call.inputs]
    if call.op.eager in SIGNS and len(given) == 2:
        if call.op.name == "divide":
            functions.add("divide")
            if given[1][0] not in "0123456789":
                return f"float(divide({given[0]}, {given[1]}))"  # NumPy's: it gives infinity for 1 / 0, and Python an error
        if call.op.name == "power":
            functions.add("power")
            return f"float(power({given[0]}, {given[1]}))" if given[1] != "2" else f"{given[0]} * {given[0]}"
        return f"{given[0]} {SIGNS[call.op.eager]} {given[1]}"
    if call.op.name in LINES:
        return LINES[call.op.name].format(*given)
    functions.add(call.op.kernel.__name__)
    return f"float({call.op.kernel.__name__}({', '.join(given)}))"


def _literal(number: Any) -> str:
    if isinstance(number, (bool, np.bool_)):
        return str(bool(number))
    number = float(number)
    if not np.isfinite(number):
        return f'float("{number}")'
    return repr(number) if number >= 0 else f"({number!r})"
