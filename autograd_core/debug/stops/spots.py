"""The places of a graph where one may stop, by the names that one types: `multiply`, `w1`, `layers.0`, `train.py:12`.

A word is looked up where it is typed, so that a slip of the pen is said at once and not by a breakpoint that never stops.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from ...op import TABLE
from ...tensor import Tensor
from .conditions import Expression
from .conditions import condition as parsed

if TYPE_CHECKING:
    from ..session import Session
    from .breakpoints import Breakpoint


def break_at(
    session: Session, where: str | Tensor = "", *, op: str | None = None, tensor: str | Tensor | None = None,
    module: str | None = None, line: str | None = None, condition: str | None = None, once: bool = False, ignore: int = 0,
) -> Breakpoint:  # fmt: skip
    """Set a breakpoint (gdb's break, tbreak with once=True): see Breakpoint for what each name stops at.

    where: what one would type, `"multiply"`, `"w1"`, `"layers.0"`, `"train.py:12"`, `"multiply layers.0 if isnan(grad)"`:
    each word is a tensor's name, an op, a module's path or a line, whichever there is. ValueError: there is none of it.

    >>> from autograd_core import debug
    >>> w = Tensor(2.0, requires_grad=True, name="w")
    >>> session = debug.Session((w * 3) ** 2)
    >>> print(break_at(session, "multiply if contribution > 30"))
    breakpoint 1: multiply if contribution > 30
    >>> session.cont()
    '∂g/∂w += ∂g/∂a · ∂a/∂w = 12 · 3 = 36'
    """
    fields: dict[str, Any] = {"op": op, "tensor": tensor, "module": module, "line": line}
    words = ""
    if isinstance(where, Tensor):
        fields["tensor"] = where
    else:
        words, _, after = f" {where} ".partition(" if ")
        condition = after.strip() or condition
        if " if " in f" {where} " and not condition:
            raise ValueError("a condition must follow if, as in: break multiply if norm(grad) > 1e3")
    for word in words.split():
        kind = kind_of(session, word)
        if fields[kind] is not None:
            raise ValueError(f"{fields[kind]!r} and {word!r} are both a {kind}: no step is at two; set two breakpoints")
        fields[kind] = word
    if fields["tensor"] is not None:
        fields["tensor"] = session.names[session.find(fields["tensor"])]
    for kind in ("op", "module", "line"):
        if (
            fields[kind] is not None
            and fields[kind] not in places(session, kind)
            and kind_of(session, fields[kind]) != kind
        ):
            raise ValueError(f"{fields[kind]!r} is no {kind} in this graph")
    if not any(fields.values()) and not condition:
        raise ValueError("say where: an op, a tensor's name, a module's path, file.py:12, or: if CONDITION")
    return session.breakpoints.add(condition=_parsed(condition), once=once, ignore=ignore, **fields)


def watch(session: Session, tensor: str | Tensor, condition: str | None = None) -> Breakpoint:
    """Stop wherever the gradient of a tensor changes (gdb's watch); KeyError for a name that there is not."""
    name = session.names[session.find(tensor)]
    return session.breakpoints.add(tensor=name, watch=True, condition=_parsed(condition))


def kind_of(session: Session, word: str) -> str:
    """Which kind of place a word names: tensor, op, module or line; ValueError with what is near."""
    if word in session.names.values():
        return "tensor"
    kinds = {kind: places(session, kind) for kind in ("op", "module", "line")}
    for kind, there in kinds.items():
        if word in there:
            return kind
    if any(node.site is not None and same_line(node.site, word) for node in session.nodes):
        return "line"  # by the end of its path
    if word in TABLE:
        raise ValueError(f"no {word} in this graph; its ops are {', '.join(sorted(kinds['op']))}")
    if ":" in word and word.rpartition(":")[2].isdigit():
        file = word.rpartition(":")[0]
        if not kinds["line"]:
            raise ValueError(f"no lines are known: {word} needs the graph to be made within `with debug.record():`")
        lines = sorted((not same.startswith(f"{file}:"), int(same.rpartition(":")[2]), same) for same in kinds["line"])
        known = ", ".join(same for *_, same in lines[:8])
        raise ValueError(f"nothing in this graph was made at {word}; known are {known}")
    everything = [*session.names.values(), *kinds["op"], *kinds["module"], *kinds["line"]]
    near = difflib.get_close_matches(word, everything[-20_000:], 3) or sorted(kinds["op"])
    raise ValueError(f"{word!r} is no tensor, op, module or line of this graph; near it: {', '.join(near)}")


def places(session: Session, kind: str) -> set[str]:
    """The ops, the modules (with those around them) or the lines of a session's graph."""
    if kind == "op":
        return {node.op.name for node in session.nodes if node.op is not None}
    sites = [node.site for node in session.nodes if node.site is not None]
    if kind == "line":
        return {site.made for site in sites if site.made}
    paths = {site.module for site in sites if site.module}
    return {".".join(parts[: i + 1]) for path in paths if (parts := path.split(".")) for i in range(len(parts))}


def same_line(site: Any, line: str) -> bool:
    """Whether a node was made at a line: its file may be given by its name, its path, or the end of its path."""
    if site.line is None or not line.endswith(f":{site.line[1]}"):
        return False
    full = f"{site.line[0]}:{site.line[1]}"
    return line in (site.made, full) or full.endswith(("/" + line, "\\" + line))


def _parsed(text: str | None) -> Expression | None:
    return parsed(text) if text else None
