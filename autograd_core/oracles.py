"""What measuring says of a derivative: finite differences and the complex step, each with how far it may be off.

An oracle is asked about one row at the numbers of one run, and knows nothing of the row's rules. It answers with the
row's value and with the gradients its inputs should get, or with None where it has nothing to say.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .op import Op
from .ops.shapes import unbroadcast

STEPS = 10.0 ** -np.arange(2, 9)
EPS = float(np.finfo(float).eps)
Moves = Sequence[Any] | None  # the directions in which an input is moved; None: every element by itself


@dataclass
class Local:
    """A function of several inputs at the numbers of one run: one row's, or that of a whole program.

    places: the inputs whose gradients are asked for. g: the gradient that arrives at the value, positive. precision: to
    which the value is computed.
    """

    call: Callable[..., Any]
    values: tuple[Any, ...]
    places: tuple[int, ...]
    g: Any
    op: Op | None = None
    params: Any = None
    precision: float = EPS

    @property
    def elementwise(self) -> bool:
        """Whether each element of the value is made of one of each input."""
        return self.op is not None and self.op.elementwise

    def moved(self, i: int, move: Any) -> Any:
        """The value with the i-th input moved; NaN where there is none."""
        try:
            return self.call(*self.values[:i], self.values[i] + move, *self.values[i + 1 :])
        except (ArithmeticError, ValueError):  # LinAlgError is a ValueError
            return np.full(np.shape(self.g), np.nan)

    def along(self, i: int, moves: Moves, slope: Callable[..., Any]) -> Any:
        """slope(move, total) of every move; `total` adds up what changes of the value count for."""
        shape = np.shape(self.values[i])
        if moves is None and self.elementwise:  # one evaluation moves them all, each changes an element of its own
            return slope(np.ones(shape), lambda change: unbroadcast.kernel(np.asarray(self.g * change), shape=shape))
        units = np.eye(math.prod(shape)).reshape(-1, *shape) if moves is None and math.prod(shape) else moves or ()
        found = [slope(move, lambda change: np.sum(self.g * change)) for move in units]
        stacked = np.stack(found, axis=-1) if found else np.zeros((2, 0))
        return stacked.reshape(len(stacked), *shape) if moves is None else stacked


def of_row(op: Op, inputs: Sequence[Any], params: dict[str, Any], places: Sequence[int] | None = None) -> Local:
    """A row at bare inputs, in float64; places: by default all that are floating point and have a rule."""
    values = tuple(np.asarray(x, float)[()] if np.asarray(x).dtype.kind == "f" else x for x in inputs)
    if places is None:
        places = [i for i, *_ in op.edges_of(len(values)) if np.asarray(values[i]).dtype.kind == "f"]

    def call(*values: Any) -> Any:
        y = op.kernel(*values, **params)
        return y[0] if op.saved else y

    y = np.asarray(call(*values))
    g = np.random.default_rng(0).uniform(0.5, 1.5, y.shape)
    return Local(call, values, tuple(places), g, op, params, float(np.finfo(y.dtype).eps))


@dataclass
class Answer:
    """What an oracle says: the value, and slopes(i, moves): what is expected and how far that may be off.

    whole: it has the gradients as arrays, and need not be asked along directions where there are many elements.
    """

    value: Any
    slopes: Callable[[int, Moves], tuple[Any, Any]]
    whole: bool = False
    rtol: float = 1e-9


def differences(local: Local) -> Answer:
    """Central differences of the kernel in steps from wide to narrow, of which those count that agree best.

    Where the slopes to both sides differ there is a kink, and nothing is expected: what a rule says there is a choice.
    That is a NaN without doubt; a NaN in infinite doubt says that nothing could be measured.
    """
    y = np.asarray(local.call(*local.values))

    def slopes(i: int, moves: Moves) -> tuple[Any, Any]:
        x = local.values[i]
        scale = np.maximum(1, abs(x)) if local.elementwise else max(1, np.max(abs(x), initial=0))

        def slope(move: Any, total: Callable[[Any], Any]) -> Any:
            widths = np.stack([h * scale for h in STEPS])
            ahead = np.stack([total(local.moved(i, w * move) - y) for w in widths]) / widths
            behind = np.stack([total(y - local.moved(i, -w * move)) for w in widths]) / widths
            middle, gaps = (ahead + behind) / 2, ahead - behind
            doubts = abs(np.diff(middle, axis=0)) + 10 * local.precision * total(abs(y)) / widths[1:]
            doubts = np.where(np.isfinite(doubts), doubts, np.inf)
            best = np.argmin(doubts, axis=0)[None]
            corners = (10 * gaps[1:] - gaps[:-1]) / 9  # what is left of a gap at width 0
            expected, doubt, corner = (np.take_along_axis(a, best, 0)[0] for a in (middle[1:], doubts, corners))
            kink = np.isfinite(doubt) & (abs(corner) > 1e-3 * abs(expected) + 100 * doubt)
            return np.stack([np.where(kink | np.isinf(doubt), np.nan, expected), np.where(kink, 0, doubt)])

        with np.errstate(all="ignore"):
            return tuple(local.along(i, moves, slope))

    return Answer(y, slopes, rtol=1e-6)


def complex_step(local: Local) -> Answer | None:
    """Im f(x + ih)/h: no two numbers are subtracted, so that h may be tiny and nothing is lost to rounding."""
    if local.op is None or not _analytic(local.op):
        return None
    return Answer(None, lambda i, moves: (_imaginary(local, i, moves), 0))


def _imaginary(local: Local, i: int, moves: Moves = None) -> Any:
    h = 1e-200
    slopes = local.along(i, moves, lambda move, total: np.stack([total(np.imag(local.moved(i, 1j * h * move))) / h]))[0]
    return np.where(abs(slopes) < 1e15, slopes, np.nan)  # more than that is a pole or a branch point, as of sqrt at 0


@cache
def _analytic(op: Op) -> bool:
    """Whether a row's kernel takes complex numbers as a power series would, tried out on the row's samples."""
    rng = np.random.default_rng(0)
    samples = op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)) if op.samples else ()
    try:
        for inputs, params in samples:
            local = of_row(op, inputs, op.bind(params))
            for i in local.places:
                expected, doubt = differences(local).slopes(i, None)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")  # NumPy warns where an imaginary part is thrown away
                    if not np.all(abs(_imaginary(local, i) - expected) <= 1e-6 * abs(expected) + 10 * doubt):
                        return False
    except (TypeError, ValueError, Warning):
        return False
    return bool(samples)
