"""Where the first number that is not finite was born: in forward order, whatever the backward pass made of it later.

A loss that is NaN or infinite is followed down through operands that are so too, to the op whose operands were still
finite. Where the loss is finite but a gradient is not, the gradient is followed up to the edge that made it so; and if
that edge reads a forward value that is not finite, as with log(0) behind a where, the forward value is the first again.
Infinities that do no harm, to the loss or to any gradient, raise no alarm.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..places import Places, watching
from ..session import Session
from .births import Births, bare, finite, operands_of
from .notfinite import NotFiniteAt, from_outside, in_backward, in_forward, without_graph

ALL_FINITE = "every value and every gradient is finite"


class NotFinite(ArithmeticError):
    """Raised under detect_anomaly(); `.report` says what was found."""

    def __init__(self, report: NotFiniteAt):
        super().__init__(str(report))
        self.report = report


def first_bad(loss: Any, gradient: Any = None) -> NotFiniteAt | None:
    """The first value, or else the first gradient, that is not finite, with its op, operands and cure; None if all is well.

    loss: a Tensor, or a Session. gradient: the seed if the loss is no single number. Lines need debug.record().

    >>> x = Tensor([1.0, 0.0], requires_grad=True, name="x")
    >>> with np.errstate(all="ignore"):
    ...     print(first_bad(np.log(x).sum()))
    first not finite (forward): a is -inf at index [1] (1 of 2 elements): log of 0.
      x [2] float64: 0 … 1, there 0
      on its way: a = log → g = sum
      Keep the argument away from 0: np.log(x + 1e-12), np.log1p(x), or a loss that takes logits.
    """
    if not isinstance(loss, Session):
        if not loss.tracked:
            return None if finite(loss) else without_graph(loss)
        loss = Session(loss, gradient if gradient is not None or loss.size == 1 else np.ones_like(loss.value))
    with np.errstate(all="ignore"):
        way = Births(loss)
        if not finite(loss.loss):
            return in_forward(loss, way.birth(loss.loss), way)
        if (step := way.first_gradient()) is None:
            return None
        if step.kind != "edge":
            return from_outside(loss, step, way)
        read = next((x for x in (step.node, *operands_of(step.node)) if not finite(x.value)), None)
        return in_backward(loss, step, way) if read is None else in_forward(loss, way.birth(read), way, masked=True)


def detect_anomaly() -> contextlib.AbstractContextManager[Places]:
    """Raise NotFinite from the first backward pass whose loss or gradients are not finite, before any `.grad` changes.

    Everything is recorded as by record(), so that the report names your line. PyTorch's torch.autograd.detect_anomaly
    looks at gradients only, in backward order; here the first in forward order is named, and NumPy's warnings are quiet.

    >>> w = Tensor(-1.0, requires_grad=True, name="w")
    >>> try:
    ...     with detect_anomaly():
    ...         np.sqrt(np.sqrt(w)).backward()
    ... except NotFinite as error:
    ...     print(error.report.code, error.report.op, error.report.tensor.inputs[0].name, w.grad)
    sqrt_of_negative sqrt w None
    """
    return _detecting()


@contextlib.contextmanager
def _detecting() -> Iterator[Places]:
    with np.errstate(all="ignore"), watching(_Anomaly()) as places:
        yield places


class _Anomaly(Places):
    """Records places, and looks at every pass."""

    def passing(self, outputs: Any, order: Any, edges: Any, seeds: Any) -> Any:
        edges = super().passing(outputs, order, edges, seeds)
        for output in outputs:
            if not finite(output.value):
                raise NotFinite(_surely(output))
        return self._watched(outputs, edges)

    def _watched(self, outputs: Any, edges: Any) -> Iterator[Any]:
        """The pass as it is; at its end, a gradient that stays and is not finite is reported."""
        seeds: dict[Tensor, Any] = {}
        totals: dict[Tensor, Any] = {}
        passed: set[Tensor] = set()
        for edge in edges:
            node, _, x, upstream, contribution = edge
            seeds.setdefault(node, upstream)
            passed.add(node)
            if x.op is None or not finite(contribution):
                totals[x] = totals[x] + bare(contribution) if x in totals else bare(contribution)
            yield edge
        if any(x not in passed and not finite(total) for x, total in totals.items()):
            for output in outputs:
                if (report := first_bad(output, bare(seeds.get(output)))) is not None:
                    raise NotFinite(report)


def _surely(output: Tensor) -> NotFiniteAt:
    report = first_bad(output)
    assert report is not None
    return report
