"""A session as a file: JSON and arrays in a zip, which any face opens later, on another machine, without the user's code.

The graph is stored with its wiring, its numbers and the gradients that arrived; contributions come from the table's rules
again. A row of the user's own (custom_vjp) is stored with what it contributed. Nothing is pickled, and loading runs no code.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..arrayfiles import whole
from ..memory import tick
from ..op import NO_PARAMS, TABLE, Op
from ..tensor import Tensor, filled, new
from .backward_pass import Replay, Step
from .places import Place
from .session import Session

FORMAT, VERSION = "autograd-core trace", 1
_DAMAGED = "it is damaged, or was not written by Session.dump"


def dump(session: Session, path: str | os.PathLike[str]) -> None:
    """Save a session; written to a temporary name and renamed, so that a file of this name is whole or the old one."""
    pool, index = _Pool(), {node: i for i, node in enumerate(session.nodes)}
    replay = session.replay
    foreign: dict[Tensor, dict[int, Any]] = {}
    for step in replay.steps:
        if step.kind == "edge" and TABLE.get(step.node.op.name) is not step.node.op:  # type: ignore[union-attr]
            foreign.setdefault(step.node, {})[step.i] = replay.contribution(step)
    content = {
        "format": FORMAT, "version": VERSION, "loss": index[session.loss], "seed": pool.put(session.seed),
        "position": session.position, "error": str(replay.error) if replay.error else None,
        "nodes": [_node(node, session, pool, index, foreign.get(node)) for node in session.nodes],
        "steps": [[s.kind, index[s.node], s.i, -1 if s.x is None else index[s.x]] for s in replay.steps],
        "arriving": {index[n]: pool.put(replay.arriving[n]) for n in replay.arriving.items},
        "hooked": {index[n]: pool.put(replay.after_hooks[n]) for n in replay.after_hooks.items},
    }  # fmt: skip
    arrays = io.BytesIO()
    np.savez_compressed(arrays, **pool.arrays())
    with whole(Path(path)) as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("trace.json", json.dumps(content, separators=(",", ":")))
        file.writestr("arrays.npz", arrays.getvalue(), zipfile.ZIP_STORED)


def _node(node: Tensor, session: Session, pool: _Pool, index: dict[Tensor, int], foreign: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": session.names[node], "value": pool.put(node.value)}
    if node.site is not None:
        line = (os.path.basename(node.site.line[0]), node.site.line[1]) if node.site.line else None
        found |= {"line": line, "module": node.site.module}
    if node.op is not None:
        found |= {"op": node.op.name, "inputs": [_encoded(x, pool, index) for x in node.inputs]}
        if TABLE.get(node.op.name) is not node.op:
            found |= {"text": node.op.text, "latex": node.op.latex, "words": node.op.words}
            found["contributions"] = {i: pool.put(c) for i, c in (foreign or {}).items()}
        elif node.params:
            found["params"] = {name: _encoded(x, pool, index) for name, x in node.params.items()}
        if len(node.saved):
            found["saved"] = [_encoded(x, pool, index) for x in node.saved]
    return found


def _encoded(x: Any, pool: _Pool, index: dict[Tensor, int]) -> Any:
    """A value as JSON: a bare one as it is, anything else as [what it is, ...]."""
    if isinstance(x, Tensor):
        return ["node", index[x]] if x in index else ["tensor", pool.put(x.value), x.name]
    if isinstance(x, (np.ndarray, np.generic)):
        return ["array", pool.put(x)]
    if isinstance(x, (tuple, list)):
        return ["tuple", [_encoded(item, pool, index) for item in x]]
    if isinstance(x, slice):
        return ["slice", [_encoded(end, pool, index) for end in (x.start, x.stop, x.step)]]
    if isinstance(x, float) and not math.isfinite(x):
        return ["float", repr(x)]
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    if x is Ellipsis:
        return ["ellipsis"]
    return ["dtype", x.str] if isinstance(x, np.dtype) else ["other", repr(x)]


class _Pool:
    """All numbers in one array for each dtype; what has been put in comes back by a reference."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}
        self.ends: dict[str, int] = {}
        self.known: dict[int, tuple[Any, Any]] = {}

    def put(self, value: Any) -> Any:
        value = np.asarray(value) if not isinstance(value, (np.ndarray, np.generic)) else value
        if id(value) in self.known:
            return self.known[id(value)][1]
        kind, at = value.dtype.str, self.ends.get(value.dtype.str, 0)
        order: Literal["C", "F"] = (
            "F" if value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        )
        self.parts.setdefault(kind, []).append(np.ravel(value, order))
        self.ends[kind] = at + value.size
        shape = list(value.shape) if isinstance(value, np.ndarray) else None
        self.known[id(value)] = (value, [kind, at, shape, order])  # kept, so that no other takes its id
        return self.known[id(value)][1]

    def arrays(self) -> dict[str, Any]:
        return {kind: np.concatenate(parts) for kind, parts in self.parts.items()}


def load(path: str | os.PathLike[str]) -> Session:
    """Open a trace file at the position at which it was saved; ValueError for what is none, or of a later version."""
    try:
        with zipfile.ZipFile(path) as file:
            content = json.loads(file.read("trace.json"))
            with np.load(io.BytesIO(file.read("arrays.npz")), allow_pickle=False) as npz:
                arrays = {kind: npz[kind] for kind in npz.files}
        if content.get("format") != FORMAT:
            raise ValueError(_DAMAGED)
        if content["version"] > VERSION:
            raise ValueError(
                f"it is of version {content['version']}, and this library reads up to {VERSION}: update it"
            )
        return _session(content, arrays)
    except (
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        EOFError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        said = str(error) if type(error) is ValueError and "version" in str(error) else _DAMAGED
        raise ValueError(f"{path} cannot be opened as a trace file: {said}") from error


def _session(content: Any, arrays: Any) -> Session:
    def number(reference: Any) -> Any:
        kind, at, shape, order = reference
        if shape is None:
            return arrays[kind][at]
        return arrays[kind][at : at + math.prod(shape)].reshape(shape, order=order)

    nodes: list[Tensor] = []

    def decoded(x: Any) -> Any:
        if not isinstance(x, list):
            return x
        kind, *rest = x
        if kind == "node":
            return nodes[rest[0]]
        if kind == "tensor":
            constant = filled(new(Tensor), number(rest[0]))
            constant.name = rest[1]
            return constant
        makers: dict[str, Any] = {
            "array": number, "tuple": lambda items: tuple(map(decoded, items)), "slice": lambda ends: slice(*map(decoded, ends)),
            "float": float, "ellipsis": lambda: ..., "dtype": np.dtype, "other": str,
        }  # fmt: skip
        return makers[kind](*rest)

    for stored in content["nodes"]:
        node = filled(new(Tensor), number(stored["value"]))
        node.tracked, node.born = True, tick()
        if "line" in stored:
            node.site = Place(tuple(stored["line"]) if stored["line"] else None, stored["module"])  # type: ignore[arg-type]
        if "op" in stored:
            node.inputs = tuple(map(decoded, stored["inputs"]))
            node.params = {k: decoded(x) for k, x in stored.get("params", {}).items()} or NO_PARAMS
            node.saved = [decoded(x) for x in stored.get("saved", [])]
            theirs = {int(i): number(c) for i, c in stored.get("contributions", {}).items()}
            node.op = TABLE[stored["op"]] if "text" not in stored else _stranger(stored, node.value, theirs)
        nodes.append(node)
    names = {node: stored["name"] for node, stored in zip(nodes, content["nodes"], strict=True)}
    session = Session.of_nodes(nodes, nodes[content["loss"]], number(content["seed"]), {}, names)
    steps = [Step(kind, nodes[n], i, None if x < 0 else nodes[x]) for kind, n, i, x in content["steps"]]
    arriving, hooked = ({nodes[int(i)]: number(g) for i, g in content[part].items()} for part in ("arriving", "hooked"))
    session.replay = Replay.stored(steps, len(session.forward), arriving, hooked, content["error"])
    session.goto(content["position"])
    return session


def _stranger(stored: Any, value: Any, contributions: dict[int, Any]) -> Op:
    """A row that only the user's code knows: it gives back what was stored of it."""
    return Op(
        stored["op"], lambda *_, **__: value, {"inputs": lambda i, g, inputs: contributions.get(i)}, eager=lambda *_: value,
        recorded=True, params={}, saved={}, variadic=True, elementwise=False, definition=None, numpy=(), binds="", samples=None,
        words=stored["words"], text=stored["text"], latex=stored["latex"],
    )  # fmt: skip
