"""What is said of the first number that is not finite: its op, operands, index, line, path and cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..backward_pass import Step
from ..places import made
from ..session import Session
from .births import Births, finite, first_at, operands_of
from .cause import called
from .cures import MASKED, backward_cure, forward_cure
from .ways import hook_line


@dataclass(frozen=True)
class Operand:
    """What the op was fed: name, shape and range, and its number at the first bad element where there is one."""

    name: str
    shape: tuple[int, ...]
    dtype: Any
    low: float
    high: float
    bad: int
    at: Any = None

    def __str__(self) -> str:
        shape = f"[{'×'.join(map(str, self.shape))}] "
        if not self.shape:
            return f"{self.name} = {self.at:.6g} {self.dtype}"
        numbers = f"{self.low:.6g} … {self.high:.6g}" if self.low == self.low else "no finite number"
        bad = f", {self.bad} not finite" if self.bad else ""
        here = "" if self.at is None else f", there {self.at:.6g}"
        return f"{self.name} {shape}{self.dtype}: {numbers}{bad}{here}"


@dataclass(frozen=True)
class NotFiniteAt:
    """The first number that is not finite: what it is (`code`), the op and line, operands, first bad index, path, cure.

    way: "forward" if a value is bad, "backward" if a gradient is. count: how many elements are, of how many.
    """

    code: str
    way: str
    what: str
    cure: str
    op: str | None
    name: str
    line: str | None
    value: float
    index: tuple[int, ...]
    shape: tuple[int, ...]
    count: int
    operands: tuple[Operand, ...] = ()
    path: tuple[str, ...] = ()
    tensor: Any = field(default=None, repr=False)

    def __str__(self) -> str:
        size = int(np.prod(self.shape))
        where = f" at index {list(self.index)} ({self.count} of {size} elements)" if self.shape else ""
        line = f" [{self.line}]" if self.line else ""
        whose = (
            "" if self.way == "forward" else f"the gradient that {self.op} hands to " if self.op else "the gradient of "
        )
        rows = [f"first not finite ({self.way}): {whose}{self.name} is {self.value:g}{where}{line}: {self.what}."]
        rows += [f"  {operand}" for operand in self.operands]
        rows += [f"  on its way: {' → '.join(self.path)}"] * (len(self.path) > 1)
        return "\n".join([*rows, f"  {self.cure}."])


def without_graph(loss: Tensor) -> NotFiniteAt:
    """What there is to say of a result that cannot be followed."""
    index, value, count = first_at(loss.value)
    return NotFiniteAt(
        "no_graph", "forward", "it was computed without a graph, so it cannot be followed",
        "Compute it from leaves with requires_grad=True, outside no_grad(), and ask again", None, called(loss), made(loss), value, index,
        loss.shape, count, tensor=loss,
    )  # fmt: skip


def in_forward(session: Session, first: Any, way: Births, masked: bool = False) -> NotFiniteAt:
    """What there is to say of a value that is not finite."""
    index, value, count = first_at(first.value)
    path = way.onward(first)
    reader = path[1] if first.op is None and len(path) > 1 else first
    operands = _operands(session, reader, index if reader is first else None)
    if first.op is not None:
        at = [x.at for x in operands] if first.op.elementwise else [x.value for x in operands_of(first)]
        code, what, cure = forward_cure(first.op.name, at, value)
        hides = next((x for x in path if finite(x.value)), None)
        if masked and hides is not None and hides.op.name == "where":
            code, cure = "masked_where", MASKED
            what += ", behind the where that hides it: its slope there is 0 · ∞"
        elif masked and hides is not None:
            what += f"; {hides.op.name} makes it finite again, but the gradient is not"
    elif first.tracked:
        written = first.site is not None and first.site.writer is not None
        code, what = "parameter", "the parameter was not finite before this pass"
        what += f", written to at {first.site.wrote}" if written else ""
        cure = "Look at the step before: lower the learning rate, clip the gradients, and check what was loaded"
    else:
        code, what = "data", "the data that came in are not finite"
        cure = "Clean the data: np.nan_to_num(x), or leave out the rows where ~np.isfinite(x).all(axis=1)"
    line = made(first) or made(reader)
    if first.tracked and first.op is None and first.site is not None:
        line = first.site.wrote or line
    return NotFiniteAt(
        code, "forward", what, cure, first.op.name if first.op is not None else None, _called(session, first), line, value, index,
        np.shape(first.value), count, operands, _said(session, path), first,
    )  # fmt: skip


def in_backward(session: Session, step: Step, way: Births) -> NotFiniteAt:
    """What there is to say of the edge that made a gradient not finite."""
    node, x = step.node, step.x
    assert node.op is not None
    gradient = session.replay.contribution(step)
    if finite(gradient):  # the sum of several
        gradient = session.replay.upstream(x)
    index, value, count = first_at(gradient)
    g = np.asarray(session.replay.upstream(node))
    same = node.op.elementwise and np.shape(gradient) == node.shape
    operands = _operands(session, node, index if same else None)
    at = [o.at for o in operands] if same else [np.asarray(y.value) for y in operands_of(node)]
    code, what, cure = backward_cure(node.op.name, at, g, value, hasattr(node.op, "pull"))
    path = way.onward(node)
    arriving = np.asarray(g[index] if same else g)
    if code != "custom" and np.any(arriving == 0) and any(x.op is not None and x.op.name == "where" for x in path):
        code, cure = "masked_where", MASKED
        what += ", behind the where that hides it: 0 · ∞"
    return NotFiniteAt(
        code, "backward", what, cure, node.op.name, _called(session, x), made(node), value, index, np.shape(gradient), count,
        (*operands, _operand("g", g, index if same else None)), _said(session, path), node,
    )  # fmt: skip


def from_outside(session: Session, step: Step, way: Births) -> NotFiniteAt:
    """What there is to say of a seed that was passed, or a gradient that a hook returned."""
    node = step.node
    if step.kind == "hook":
        what, cure, line = "a hook returned it", "Look at what the hook returns", hook_line(session, node)
    else:
        what, cure, line = "it was passed to backward()", "Pass a gradient that is finite", made(node)
    gradient = session.replay.upstream(node)
    index, value, count = first_at(gradient)
    return NotFiniteAt(
        step.kind, "backward", what, cure, None, _called(session, node), line, value, index, np.shape(gradient), count, (),
        _said(session, way.onward(node)), node,
    )  # fmt: skip


def _operands(session: Session, node: Any, index: Any) -> tuple[Operand, ...]:
    elementwise = node.op is not None and node.op.elementwise and index is not None
    return tuple(
        _operand(_called(session, x), x.value, index if elementwise else None, np.shape(node.value))
        for x in operands_of(node)
    )


def _operand(name: str, value: Any, index: Any, shape: Any = None) -> Operand:
    array = np.asarray(value)
    numbers = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    low, high = (numbers.min(), numbers.max()) if numbers.size else (np.nan, np.nan)
    at = array[()] if array.ndim == 0 else None
    if index is not None:
        at = (array if shape is None else np.broadcast_to(array, shape))[index]
    return Operand(name, array.shape, array.dtype, float(low), float(high), array.size - numbers.size, at)


def _called(session: Session, x: Any) -> str:
    if isinstance(x, Tensor):
        return session.names.get(x) or called(x)
    return "a constant" if np.ndim(x.value) == 0 else "a constant array"


def _said(session: Session, path: list[Any]) -> tuple[str, ...]:
    """The nodes of a path, in the middle of a long one left out."""
    names = [f"{_called(session, x)} = {x.op.name}" if x.op is not None else _called(session, x) for x in path]
    return tuple(names if len(names) <= 8 else [*names[:5], "…", *names[-2:]])
