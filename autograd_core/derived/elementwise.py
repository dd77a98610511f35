"""Functions of elements that are said by others of the table, and the methods of ufuncs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Readable
from ..ops import elementwise as rows
from ..ops.indexing import put
from ..ops.reductions import logsumexp
from . import REDUCED, derived
from .arguments import as_array, numbers, part


@derived("conjugate", "real")
def real(val: Any) -> Any:
    """Real numbers as they are."""
    return np.positive(val)


@derived("imag")
def imag(val: Any) -> Any:
    """Of real numbers 0."""
    return np.zeros_like(val)


@derived("real_if_close")
def real_if_close(a: Any, tol: float = 100) -> Any:
    """Real numbers as they are."""
    return np.positive(a)


@derived("angle")
def angle(z: Any, deg: bool = False) -> Any:
    """0 for positive numbers and π for negative ones."""
    turned = np.arctan2(0, z)
    return np.rad2deg(turned) if deg else turned


@derived("where")
def where(condition: Any) -> Any:
    """The places where it holds; of three arguments the table has a row."""
    return np.nonzero(condition)


@derived("clip")
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Cut off at both bounds; bounds that are Tensors get the gradient of what they cut off."""
    low, high = a_min if min is None else min, a_max if max is None else max
    if not isinstance(low, Readable) and not isinstance(high, Readable):
        return rows.clip(a, a_min=low, a_max=high)
    raised = a if low is None else np.maximum(a, low)
    return raised if high is None else np.minimum(raised, high)


@derived("float_power")
def float_power(x1: Any, x2: Any) -> Any:
    """A power in double precision."""
    return np.power(as_array(x1).astype(float), as_array(x2).astype(float))


@derived("divmod")
def divmod(x1: Any, x2: Any) -> Any:
    """The whole quotient, and what is left."""
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@derived("fix")
def fix(x: Any) -> Any:
    """Rounded towards 0."""
    return np.trunc(x)


@derived("modf")
def modf(x: Any) -> Any:
    """What stands behind the point and what stands before it."""
    return x - np.trunc(x), np.trunc(x)


@derived("ldexp")
def ldexp(x1: Any, x2: Any) -> Any:
    """x1·2^x2 for whole x2."""
    x1 = as_array(x1)
    return x1 * np.ldexp(x1.dtype.type(1), numbers(x2))


@derived("frexp")
def frexp(x: Any) -> Any:
    """Mantissa and exponent to base 2; the mantissa has a gradient."""
    _, exponent = np.frexp(x.value)
    return x * np.ldexp(x.dtype.type(1), -exponent), exponent


@derived("nan_to_num")
def nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """NaN and infinities replaced by numbers, which get no gradient."""
    largest = float(np.finfo(x.dtype).max)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(x == math.inf, largest if posinf is None else posinf, x)
    return np.where(x == -math.inf, -largest if neginf is None else neginf, x)


@derived("select")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each element the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"np.select got {len(condlist)} conditions and {len(choicelist)} choices; give one for each")
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = np.where(condition, choice, y)
    return y


@derived("choose")
def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    """For each element the choice of its number."""
    a, last = numbers(a), len(choices) - 1
    a = np.mod(a, last + 1) if mode == "wrap" else np.clip(a, 0, last) if mode == "clip" else np.asarray(a)
    if np.any((a < 0) | (a > last)):
        raise ValueError(f'np.choose got numbers beyond its {last + 1} choices; mode="clip" or "wrap" brings them back')
    return select([a == k for k in range(last + 1)], choices, choices[0])


@derived("piecewise")
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function (or number) where its condition holds, evaluated there alone; one function more for elsewhere."""
    given = [numbers(c) for c in (condlist if isinstance(condlist, (list, tuple)) else [condlist])]
    if given and np.ndim(given[0]) == 0 and np.ndim(x):  # one condition, as the list of its truth values
        given = [np.asarray(given)]
    if len(funclist) == len(given) + 1:
        given.append(~np.any(given, axis=0))
    if len(funclist) != len(given):
        raise ValueError(f"np.piecewise got {len(given)} conditions and {len(funclist)} functions; give one for each")
    y = np.zeros_like(x)
    for condition, f in zip(given, funclist, strict=True):
        mask = np.asarray(condition, bool)
        y = put(y, f(x[mask], *args, **kw) if callable(f) else f, index=mask)
    return y


@derived("interp")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """On the straight line between the two points on either side; with gradients to all of x, xp and fp."""
    x, xp, fp = (as_array(v).astype(float) for v in (x, xp, fp))
    if xp.shape != fp.shape:
        raise ValueError(f"np.interp got points at {xp.shape} places and {fp.shape} values; give one for each")
    if period is not None:
        x, xp, left, right = np.mod(x, period), np.mod(xp, period), None, None
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    slopes = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
    slopes = np.concatenate([slopes, slopes[-1:] if len(xp) > 1 else 0 * fp])  # the last point has that of its left
    i = np.maximum(np.searchsorted(xp, x, side="right") - 1, 0)
    y = slopes[i] * (x - xp[i]) + fp[i]
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[-1], fp[-1] if right is None else right, y)


@derived("unwrap")
def unwrap(p: Any, discont: Any = None, axis: int = -1, period: float = 2 * math.pi) -> Any:
    """Jumps of half a period and more taken out by whole periods, which have no gradient."""
    half = period / 2
    steps = part(p, 1, None, axis) - part(p, None, -1, axis)
    within = np.mod(steps + half, period) - half
    within = np.where((within == -half) & (steps > 0), half, within)
    corrections = np.where(np.abs(steps) < (half if discont is None else discont), 0, within - steps)
    return np.concatenate([part(p, None, 1, axis), part(p, 1, None, axis) + np.cumsum(corrections, axis)], axis)


# --- np.add.reduce, np.add.accumulate, np.add.outer and their kin ------------------------------------------------------


def _over_first(reduction: Any) -> Any:
    """A reduction with the default of ufuncs, which is the first axis."""
    return lambda array, axis=0, keepdims=False: reduction(array, axis=axis, keepdims=keepdims)


def _outer(ufunc: Any) -> Any:
    """Every element of one with every element of the other."""
    return lambda a, b: ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)


REDUCED.update({
    (ufunc, "reduce"): _over_first(reduction)
    for ufunc, reduction in [
        (np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min),
        (np.logaddexp, logsumexp), (np.logical_and, np.all), (np.logical_or, np.any),
    ]
})  # fmt: skip
REDUCED[np.add, "accumulate"] = lambda array, axis=0: np.cumsum(array, axis=axis)
REDUCED[np.multiply, "accumulate"] = lambda array, axis=0: np.cumprod(array, axis=axis)
REDUCED.update(
    {(f, "outer"): _outer(f) for f in vars(np).values() if isinstance(f, np.ufunc) and f.nin == 2 and not f.signature}
)
