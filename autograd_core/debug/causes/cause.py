"""A Cause: why a gradient is missing or zero, as a code, a sentence, a line and what to write instead."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from ...lines import said
from ...memory import describe
from ...tensor import Tensor
from ..names import in_frames
from .ways import Way

REMEDIES = {
    "detach": "Use the tensor itself where its gradient is wanted, without detach()",
    "no_grad": "Compute it outside no_grad(); only updates and evaluations belong inside",
    "conversion": "Use the tensor itself: np.exp(t), np.stack([t, u]) and t * 2 work on tensors and keep the graph",
    "no_derivative": "Use something smooth in its place, a sigmoid for a step, softmax for argmax, or keep it out of the gradient's way",
    "integer": "Keep it floating point: t.astype(float), or give Tensor floats, and round only when you print",
    "copy": "Use the tensor itself; np.copy(t) and t * 1 copy numbers and keep the graph",
}
CODES = {  # of what a recorder calls a cut
    "detach()": "detach", "no_grad()": "no_grad", "copying or pickling a result": "copy", "Tensor(tensor)": "copy", "counted": "integer",
}  # fmt: skip


@dataclass(frozen=True)
class Cause:
    """Why a gradient is missing or zero: a code, a sentence, the line of yours if it is known, and what to write instead.

    op: the name of the row, tensor: what it is about. evidence: counts, units, contributions. others: further causes.
    """

    code: str
    sentence: str
    remedy: str = ""
    line: str | None = None
    op: str | None = None
    tensor: Any = field(default=None, repr=False)
    evidence: dict[str, Any] = field(default_factory=dict, repr=False)
    others: tuple[Cause, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        at = f" [{self.line}]" if self.line else ""
        return "\n".join(
            [f"{self.sentence}{at}."]
            + [f"  {self.remedy}."] * bool(self.remedy)
            + [f"  also: {other.sentence}{f' [{other.line}]' if other.line else ''}." for other in self.others[:4]]
        )


def called(w: Tensor) -> str:
    """What the user calls a tensor: its name, the variable that holds it, or what it is."""
    return w.name or in_frames(sys._getframe(1), [w]).get(w) or describe(w).partition(" (made at")[0]


def cut_off(way: Way, name: str, sentence: str = "", beside: str = "") -> Cause:
    """A cut as a cause."""
    how = way.how or ""
    code = CODES.get(how)
    if code is None:
        code = "no_derivative" if how.isidentifier() else "conversion"
    if code == "no_derivative":
        by = f"{how} has no derivative: what it makes of {name} is a constant for the gradient"
    elif code == "integer":
        by = f"{name} was turned into integers by astype(), and only floating-point numbers have gradients"
    else:
        by = f"{name}'s numbers left the graph {'under' if code == 'no_grad' else 'by'} {how}"
    sentence = f"{sentence}: {by}" if sentence else by
    return Cause(code, sentence + beside, REMEDIES[code], said(way.line), how.rstrip("()"), way.to)
