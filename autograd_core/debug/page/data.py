"""What a page shows, as plain lists, words and numbers: nodes, steps with what each changed, pictures, explanations.

Numbers are stored in full, arrays by their shape, statistics and a corner. Of a graph with more nodes than there is
room for, those that stand by themselves in a picture are kept; a run of steps among the others becomes one step, which
says what it changed in the nodes that are kept.
"""

from __future__ import annotations

import re
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tensor import Tensor
from ..explanations.writing import cut
from .pictures import pictures_of, plain_picture
from .plain import stored

if TYPE_CHECKING:
    from ..session import Session

NODES = 600  # so many are shown one by one
FORMULAS = 2_500_000  # characters of explanations that a page has room for
CONDITION = r"((?:isnan|isinf)\((?:grad|value)\)|all\((?:grad|value) == 0\)|norm\((?:grad|value)\) [<>])(?: (\d+\.?\d*(?:e[+-]?\d+)?))?"
LONG = 20_000  # characters of one formula
RUNS = 2_000  # steps that stand for many


@np.errstate(all="ignore")  # explanations compute again what may have been infinite
def recorded(session: Session, nodes: int = NODES) -> dict[str, Any]:
    """A session as data for its page.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> from autograd_core import debug
    >>> data = recorded(debug.Session(x * x))
    >>> [step["kind"] for step in data["steps"]], data["nodes"][0]["value"]
    (['forward', 'seed', 'edge', 'edge', 'sum'], 3.0)
    """
    names, loss = session.names, session.names[session.loss]
    pictures, shut = pictures_of(session, nodes)
    kept = [node for node in session.nodes if node not in shut]
    number = {node: k for k, node in enumerate(kept)}
    steps = _steps(session, number, shut)
    forward = sum(node.op is not None for node in session.nodes)
    backward = max(len(session) - forward - 1, 0)
    data: dict[str, Any] = {
        "title": f"{loss}, step by step",
        "subtitle": f"{len(session.nodes):,} nodes; {forward:,} steps forward, the seed, {backward:,} steps backward",
        "loss": number[session.loss],
        "nodes": [
            {"name": names[node], "op": node.op and node.op.name, "value": stored(node.value), "module": session.module(node) or "",
             "line": session.line(node) or "", "contributions": session.missing(node, 0)}
            for node in kept
        ],
        "steps": steps,
        "pictures": {key: plain_picture(picture, number, pictures) | more for key, (picture, more) in pictures.items()},
        "breakpoints": [b for b in map(plain_breakpoint, session.breakpoints) if b],
        "position": 0,
    }  # fmt: skip
    for at, step in enumerate(steps, 1):
        if step.get("end", at) <= session.position:
            data["position"] = at
    if session.error is not None:
        data["error"] = f"{type(session.error).__name__}: {session.error}"
    _explain(session, steps)
    if left_out := _left_out(session, kept, steps):
        data["left_out"] = left_out
    return data


def _steps(session: Session, number: dict[Tensor, int], shut: dict[Tensor, Any]) -> list[dict[str, Any]]:
    """Each step among nodes that are kept, and one for each run of others in the same fold."""
    positions = range(1, len(session) + 1)
    alone = [
        session.steps[p - 1].node in number and (session.steps[p - 1].x is None or session.steps[p - 1].x in number)
        for p in positions
    ]
    where = [None if own else shut.get(session.steps[p - 1].node) for p, own in zip(positions, alone, strict=True)]
    runs = [list(run) for _, run in groupby(positions, lambda p: p if alone[p - 1] else id(where[p - 1]))]
    if len(runs) - sum(alone) > RUNS:
        runs = [list(run) for _, run in groupby(positions, lambda p: p if alone[p - 1] else 0)]
    steps = []
    for run in runs:
        if alone[run[0] - 1]:
            steps.append(_step(session, run[0], number))
        else:
            steps.append(_skip(session, run, number, [where[p - 1] for p in run]))
        if shut:
            steps[-1]["end"] = run[-1]
    return steps


def _step(session: Session, position: int, number: dict[Tensor, int]) -> dict[str, Any]:
    step = session.steps[position - 1]
    found: dict[str, Any] = {"kind": step.kind, "node": number[step.node]}
    if step.x is not None:
        found |= {"i": step.i, "x": number[step.x]}
    if step.kind == "edge":
        found["contribution"] = stored(session.contribution(position))
    elif step.kind != "forward":
        found["gradient"] = stored(session.gradient(step.node if step.x is None else step.x, position))
    return found


def _skip(session: Session, run: list[int], number: dict[Tensor, int], where: list[Any]) -> dict[str, Any]:
    """A run of steps that are not shown, and the gradients it changed of nodes that are."""
    arrived: dict[Tensor, int] = {}
    for p in run:
        step = session.steps[p - 1]
        receives = step.node if step.x is None else step.x
        if step.kind != "forward" and receives in number:
            arrived[receives] = session.missing(receives, run[0] - 1) - session.missing(receives, run[-1])
    ids = {fold.id for fold in where if fold is not None}
    paths = [fold_id.split(".") for fold_id in ids] or [[]]
    common = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))]
    changes = [
        [number[x], stored(session.gradient(x, run[-1])), n]
        for x, n in arrived.items()
        if session.gradient(x, run[-1]) is not None
    ]
    found = {"kind": "skip", "count": len(run), "fold": ".".join(common), "changes": changes}
    if len(ids) == 1:
        found["label"] = next(fold.label for fold in where if fold is not None)
    return found


def plain_breakpoint(b: Any) -> dict[str, Any] | None:
    """A breakpoint of the session's as the page has them; None for one that it cannot test."""
    places = [
        (kind, what)
        for kind, what in (("name", b.tensor), ("op", b.op), ("module", b.module), ("line", b.line))
        if what
    ]
    asked = re.fullmatch(CONDITION, b.condition.text) if b.condition else None
    if len(places) > 1 or b.watch or b.once or b.ignore or (b.condition and not asked):
        return None
    kind, what = places[0] if places else ("any", "")
    found = {"kind": kind, "what": what, "when": asked[1] if asked else "always", "on": b.enabled}
    return found | ({"than": float(asked[2])} if asked and asked[2] else {})


def _explain(session: Session, steps: list[dict[str, Any]]) -> None:
    """Formula, words and numbers to each step, as long as there is room."""
    room = FORMULAS
    for at, step in enumerate(steps, 1):
        if room <= 0:
            return
        if step["kind"] == "skip":
            continue
        position = step.get("end", at)
        said = {style: session.explain(position, style=style) for style in ("text", "words", "mathml")}
        if len(said["mathml"]) > LONG:
            del said["mathml"]  # a row of a thousand inputs: nobody reads it, and half a formula is none
        step["explain"] = said | {style: cut(said[style]) for style in ("text", "words")}
        room -= sum(map(len, step["explain"].values()))


def _left_out(session: Session, kept: list[Tensor], steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What the page does not show, in a sentence."""
    nodes, hidden = len(session.nodes) - len(kept), sum(step.get("count", 0) for step in steps)
    silent = sum("explain" not in step and step["kind"] != "skip" for step in steps)
    said = []
    if nodes:
        said.append(
            f"{nodes:,} of {len(session.nodes):,} nodes lie in folds that are not opened here, and {hidden:,} steps among them are taken together"
        )
    if silent:
        said.append(f"the formulas of the last {silent:,} steps are left out")
    if not said:
        return None
    sentence = "; ".join(said)
    return {"nodes": nodes, "steps": hidden, "text": f"To keep this page small, {sentence}. A Session shows all of it."}
