"""How each row is written: the NumPy statement that does it, into memory that is there already where NumPy can.

A row that has no line here is called by its kernel, and gives new memory each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, Value, is_number

BACK = " backward"  # in the note of what a row's rules are made of
REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum"}


def statement(w: Any, call: Call) -> list[str]:
    """The lines that compute a call."""
    op, out = call.op, call.out
    if not out.shape:
        return [_number(w, call)]
    if isinstance(op.kernel, np.ufunc) and op.elementwise and len(call.outs) == 1:
        of = w.spread if op.kernel in (np.maximum, np.minimum) else w.operand
        given = [of(x, call) for x in call.inputs]
        name = w.memory(out, row_of(call), call.values)
        last = f"out={name}" if op.kernel in (np.maximum, np.minimum) else name
        return [f"{w.function(op.kernel.__name__)}({', '.join([*given, last])})"]
    if op.name in WRITERS:
        lines = WRITERS[op.name](w, call)
        if lines is not None:
            return lines
    return [_called(w, call)]


def row_of(call: Call) -> str:
    """The row that a call is a part of."""
    row, _, rest = call.note.partition(",")
    return (row if 0 < len(row) < 9 else call.op.name) + ("_grad" if rest == BACK else "")


def _number(w: Any, call: Call) -> str:
    """A single number, by Python's sign where eager code uses it."""
    from .writing import SIGNS

    op, out = call.op, call.out
    if (
        op.name in REDUCTIONS
        and call.params["axis"] is None
        and isinstance(call.inputs[0], Value)
        and call.inputs[0].shape
    ):
        text = f"{w.function(REDUCTIONS[op.name])}.reduce({w.name(call.inputs[0])}, None)"
    elif op.eager in SIGNS and len(call.inputs) == 2:
        a, b = map(w.name, call.inputs)
        text = f"{a} {SIGNS[op.eager]} {b}"
    elif op.name == "negative":
        text = f"-{w.name(call.inputs[0])}"
    elif op.name == "dot" and all(isinstance(x, Value) and x.shape for x in call.inputs):
        text = f"{w.name(call.inputs[0])}.dot({w.name(call.inputs[1])})"
    elif op.name in ("dot", "vdot") or isinstance(op.kernel, np.ufunc):
        text = f"{w.function(op.kernel.__name__)}({', '.join(map(w.name, call.inputs))})"
    else:
        return _called(w, call)
    w.names[out] = w.fresh(out.name or op.name)
    return f"{w.names[out]} = {text}"


def _called(w: Any, call: Call) -> str:
    """The row's kernel, called as eager code does."""
    text = _by_kernel(w, call)
    if call.out in w.placed and len(call.outs) == 1:  # it gives memory of its own, and has to lie where it is read
        return f"{w.function('copyto')}({w.memory(call.out, call.op.name)}, {text})"
    for v in call.outs:
        w.names[v] = w.fresh(call.op.name)
    names = ", ".join(w.names[v] for v in call.outs)
    if call.op.saved:
        names += "," if len(call.outs) == 1 else ""
        rest = ", *_" if len(call.op.saved) + 1 != len(call.outs) else ""
        return f"{names.rstrip(',')}{rest}{',' if len(call.outs) == 1 and not rest else ''} = {text}"
    return f"{names} = {text}"


def _by_kernel(w: Any, call: Call) -> str:
    """The text of such a call."""
    kernel = call.op.kernel
    numpys = getattr(np, getattr(kernel, "__name__", ""), None) is kernel
    kernel = w.function(kernel.__name__) if numpys else w.give(f"{call.op.name}_kernel", call.op)
    given = [w.name(x) for x in call.inputs]
    for key, value in call.params.items():
        plain = isinstance(value, (int, float, str, bool, type(None))) or (
            isinstance(value, tuple) and all(isinstance(v, int) for v in value)
        )
        given.append(f"{key}={w.literal(value) if plain else w.give(key, value)}")
    return f"{kernel}({', '.join(given)})"


def view_text(w: Any, call: Call) -> str:
    """A view of a value."""
    base, p = w.name(call.inputs[0]), call.params
    match call.op.name:
        case "transpose":
            return f"{base}.T" if p["axes"] is None else f"{base}.transpose({p['axes']})"
        case "reshape":
            return f"{base}.reshape({call.out.shape})"
        case "swapaxes":
            return f"{base}.swapaxes({p['axis1']}, {p['axis2']})"
        case "expand_dims" | "squeeze":
            return f"{base}.reshape({call.out.shape})"
        case "moveaxis":
            return f"{w.function('moveaxis')}({base}, {p['source']}, {p['destination']})"
        case "flip":
            return f"{w.function('flip')}({base}, {p['axis']})"
        case "windows":
            return _by_kernel(w, call)
    return f"{base}[{_index(p['index'])}]"


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_place(p) for p in parts) or "..."


def _place(part: Any) -> str:
    if isinstance(part, slice):
        bounds = ["" if b is None else str(int(b)) for b in (part.start, part.stop)]
        return ":".join(bounds) + (f":{part.step}" if part.step is not None else "")
    return "..." if part is Ellipsis else str(part)


def _reduce(w: Any, call: Call) -> list[str] | None:
    x, axis, keepdims = w.name(call.inputs[0]), call.params["axis"], call.params["keepdims"]
    if call.inputs[0].dtype != call.out.dtype:
        return None
    out = w.memory(call.out, row_of(call))
    return [f"{w.function(REDUCTIONS[call.op.name])}.reduce({x}, {axis}, None, {out}{', True' if keepdims else ''})"]


def _dot(w: Any, call: Call) -> list[str] | None:
    a, b = call.inputs
    if not (isinstance(a, Value) and isinstance(b, Value) and a.shape and b.shape and a.dtype == b.dtype):
        return None
    first, second = w.name(a), w.name(b)
    out = w.memory(call.out, row_of(call))
    if call.op.name == "dot":  # np.dot asks every time whether an array wants to do it in its own way
        return [f"{first}.dot({second}, {out})"]
    return [f"{w.function(call.op.name)}({first}, {second}, {out})"]


def _copied(w: Any, call: Call) -> list[str] | None:
    x = w.name(call.inputs[0])
    return [f'{w.function("copyto")}({w.memory(call.out, row_of(call))}, {x}, "unsafe")']


def _reshaped(w: Any, call: Call) -> list[str]:
    """What cannot be shown as a view, in memory of its own."""
    x = call.inputs[0]
    return [f"{w.function('copyto')}({w.memory(call.out, row_of(call))}.reshape({x.shape}), {w.name(x)})"]


def _where(w: Any, call: Call) -> list[str] | None:
    (chosen, a, b), out = call.inputs, call.out
    if not isinstance(chosen, Value) or chosen.dtype != bool:
        return None
    mask, first, second = w.name(chosen), w.name(a), w.name(b)
    if is_number(a, 1) and is_number(b, 0):
        return [f"{w.function('copyto')}({w.memory(out, row_of(call))}, {mask})"]
    if _is_array(a, out) and is_number(b, 0):  # bits times 1 or 0 take a tenth of the time of a copy by a mask
        bits = w.bits(a, first)
        return [f"{w.function('multiply')}({bits}, {mask}, {w.bits(out, w.memory(out, row_of(call), [a]))})"]
    if _is_array(a, out) and _is_array(b, out):  # what is different in a, if that is chosen, changes b into it
        xor, multiply = w.function("bitwise_xor"), w.function("multiply")
        bits, others = w.bits(a, first), w.bits(b, second)
        made = w.bits(out, w.memory(out, row_of(call), [] if b in w.root or a is b else [a]))
        return [
            f"{xor}({bits}, {others}, {made})",
            f"{multiply}({made}, {mask}, {made})",
            f"{xor}({made}, {others}, {made})",
        ]
    reuse = [b] if isinstance(b, Value) and b is not a and b is not chosen else []
    copyto, name = w.function("copyto"), w.memory(out, row_of(call), reuse)
    lines = [] if reuse and name == second else [f"{copyto}({name}, {second})"]
    return [*lines, f"{copyto}({name}, {first}, where={mask})"]


def _is_array(x: Any, out: Value) -> bool:
    """Whether it has bits like those of the result."""
    return isinstance(x, Value) and bool(x.shape) and x.dtype == out.dtype and out.dtype.kind == "f"


def _bit_mask(w: Any, call: Call) -> list[str]:
    h = call.inputs[0]
    name = w.bits(h, w.name(h))
    out = w.memory(call.out, "mask", [h])
    return [f"{w.function('sign')}({name}, {w.bits(call.out, out)})"]


def _masked(w: Any, call: Call) -> list[str]:
    names = [w.bits(x, w.name(x)) for x in call.inputs]
    out = w.memory(call.out, row_of(call), call.inputs)
    return [f"{w.function('multiply')}({', '.join(names)}, {w.bits(call.out, out)})"]


WRITERS = {
    "bit_mask": _bit_mask, "masked": _masked,
    "sum": _reduce, "max": _reduce, "min": _reduce, "dot": _dot, "matmul": _dot, "broadcast_to": _copied, "cast": _copied, "where": _where, "positive": _copied,
    "reshape": _reshaped,
}  # fmt: skip
