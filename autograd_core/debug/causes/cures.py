"""What makes numbers infinite or no numbers, and the known cure: one table by op, for values and for gradients.

A line is read when its test of the operands (at the bad element, as NumPy scalars, or whole arrays where the op is not
elementwise) is true. The first that is gives a code, what happened, and what to write instead. A second table says of the rows
whose slope can be 0 what that means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Line = tuple[Callable[..., Any], str, str, str]
Found = tuple[str, str, str]

LOG = "Keep the argument away from 0: np.log(x + 1e-12), np.log1p(x), or a loss that takes logits"
EXPONENTIAL = "Subtract the largest first (softmax, log_softmax, logsumexp, sigmoid do), or scale the values down"
OVERFLOW = "Scale the values down, normalise them on the way, or use float64"
DIVISION = "Keep the denominator away from 0: x / (d + 1e-12), or x / np.where(d == 0, 1, d) under a mask"
DOMAIN = "Keep the argument inside: np.clip(x, -1 + 1e-7, 1 - 1e-7)"
SQRT = (
    "Add a small number under the root, np.sqrt(x + 1e-12): its slope at 0 is infinite; np.linalg.norm has slope 0 at 0"
)
MASKED = "Put a safe value inside the where: np.where(ok, f(np.where(ok, x, 1)), 0), since 0 · ∞ of the side not chosen is no number"
INFINITE = "Find where the ∞ comes from, and use a large finite number (-1e9 for a mask) in its place"

log = [
    (lambda a: np.any(a < 0), "log_of_negative", "{op} of a negative number", "Take the log of what cannot be negative: np.abs, softplus or an exponential before it"),
    (lambda a: np.any(a == 0), "log_of_zero", "{op} of 0", LOG),
]  # fmt: skip
zero_below = [
    (lambda a, b: np.any((a == 0) & (b == 0)), "zero_by_zero", "0 divided by 0", DIVISION),
    (lambda a, b: np.any(b == 0), "division_by_zero", "division by 0", DIVISION),
]
inside = [(lambda a: np.any(np.abs(a) > 1), "out_of_domain", "{op} is defined from -1 to 1", DOMAIN), (lambda a: True, "out_of_domain", "{op} is infinite at ±1", DOMAIN)]  # fmt: skip
negative_root = (lambda a, *_: np.any(a < 0), "sqrt_of_negative", "{op} of a negative number", "Take the root of what cannot be negative: np.sqrt(np.maximum(x, 0) + 1e-12)")  # fmt: skip

VALUES: dict[str, Sequence[Line]] = {
    "log": log, "log2": log, "log10": log,
    "log1p": [
        (lambda a: np.any(a < -1), "log_of_negative", "log1p of less than -1", "Keep the argument above -1"),
        (lambda a: True, "log_of_zero", "log1p of -1, the log of 0", "Keep the argument above -1"),
    ],
    "sqrt": [negative_root],
    "power": [
        (lambda a, b: np.any((a == 0) & (b < 0)), "division_by_zero", "0 to a negative power", DIVISION),
        (lambda a, b: np.any((a < 0) & (b != np.round(b))), "power_of_negative", "a negative number to a broken power", "Take the power of what cannot be negative: np.abs(x) ** p"),
    ],
    "divide": zero_below, "remainder": zero_below, "fmod": zero_below, "floor_divide": zero_below,
    "reciprocal": [(lambda a: np.any(a == 0), "division_by_zero", "division by 0", DIVISION)],
    "arcsin": inside, "arccos": inside, "arctanh": inside,
    "arccosh": [(lambda a: True, "out_of_domain", "arccosh is defined from 1 upwards", "Keep the argument at 1 or above")],
    "softmax": [(lambda a: np.any(np.isneginf(a)), "all_masked", "softmax of a row that is -∞ throughout", "Leave one element of every row unmasked, or " + INFINITE[0].lower() + INFINITE[1:])],
    "var": [(lambda a: True, "too_few", "the variance of too few elements", "Take more samples, or ddof=0")],
    "std": [(lambda a: True, "too_few", "the deviation of too few elements", "Take more samples, or ddof=0")],
    "slogdet": [(lambda a: True, "log_of_zero", "the log of the determinant of a singular matrix, which is 0", "Add a little to its diagonal: a + 1e-6 * np.eye(n)")],
    "mean": [(lambda a: np.size(a) == 0, "empty", "the mean of nothing", "Leave out empty batches")],
}  # fmt: skip
VALUES["cot"] = VALUES["csc"] = VALUES["reciprocal"]
VALUES["log_softmax"] = VALUES["logsumexp"] = VALUES["softmax"]

SLOPES: dict[str, Sequence[Line]] = {
    "sqrt": [(lambda a: np.any(a == 0), "sqrt_at_zero", "sqrt at 0, where its slope is infinite", SQRT)],
    "cbrt": [(lambda a: np.any(a == 0), "sqrt_at_zero", "cbrt at 0, where its slope is infinite", SQRT)],
    "power": [
        (lambda a, b: np.any((a == 0) & (b < 1)), "power_at_zero", "0 to a power below 1, where its slope is infinite", SQRT),
        (lambda a, b: np.any(a < 0), "power_of_negative", "the slope towards the exponent takes the log of a negative base", "Keep the base above 0, or do not train the exponent"),
    ],
    "divide": zero_below, "reciprocal": VALUES["reciprocal"], "log": log, "log2": log, "log10": log, "log1p": VALUES["log1p"],
    "arcsin": [(lambda a: True, "edge_of_domain", "{op} at ±1, where its slope is infinite", DOMAIN)],
    "arctan2": [(lambda a, b: np.any((a == 0) & (b == 0)), "zero_by_zero", "arctan2 at the origin, where it has no slope", "Keep away from the origin: add 1e-12 to one argument")],
}  # fmt: skip
SLOPES["arccos"] = SLOPES["arctanh"] = SLOPES["arccosh"] = SLOPES["arcsin"]


# --- what stops a gradient ---------------------------------------------------------------------------------------------

KINDS = {  # code -> the rows, what happened there, and what to do
    "dead_relu": ("relu", "relu is off", "Lower the learning rate or the bias, or use leaky_relu or a He initialisation"),
    "saturated": (
        "sigmoid tanh softmax log_softmax cross_entropy bce_with_logits erf normal_cdf arctan elu swish mish softplus logsumexp expit",
        "{op} is saturated: its slope is 0 in {dtype}",
        "Scale the inputs or weights down, or use the loss that takes logits (cross_entropy, bce_with_logits)",
    ),
    "step": (
        "zero_one sign floor ceil rint trunc round floor_divide heaviside copysign remainder fmod",
        "{op} is constant between its jumps, so nothing passes",
        "Use something smooth in its place (a sigmoid for a step), or keep it out of the gradient's way",
    ),
    "not_taken": (
        "maximum minimum fmax fmin max min sort partition amax amin",
        "{op} took {other}",
        "Nothing is wrong if the other side is meant to win; logaddexp or logsumexp let all sides take part",
    ),
    "clipped": ("clip", "clip cut the values off", "Widen the bounds, or clip the gradient instead of the value"),
    "not_chosen": ("where", "where chose the other side", "Check the condition: it decides which side receives a gradient"),
    "not_selected": (
        "getitem take_along_axis put windows diagonal trace",
        "{op} took, or kept, other elements",
        "Check the index: elements that are not picked, or are overwritten, have no influence",
    ),
    "flat_point": (
        "square power absolute fabs norm cos cosh std var sinc huber squared_error hypot",
        "{op} is flat at this value: its slope is 0",
        "Start from another value: this one is a stationary point or a kink, where the slope is 0 by convention",
    ),
    "times_zero": ("multiply divide matmul linear dot outer prod cumprod einsum", "{op} multiplies by 0", ""),
}  # fmt: skip
CODES = {name: code for code, (names, _, _) in KINDS.items() for name in names.split()}
UNDERFLOW = "Work with logarithms (sum the logs), scale the values, or use float64"


def forward_cure(op: str, operands: Sequence[Any], value: Any) -> Found:
    """Why an op gave a value that is not finite.

    >>> forward_cure("divide", [np.float64(1), np.float64(0)], np.inf)[:2]
    ('division_by_zero', 'division by 0')
    """
    arrays = [np.asarray(x) for x in operands]
    infinite = [x for x in arrays if x.dtype.kind == "f" and np.any(np.isinf(x))]
    if op not in ("softmax", "log_softmax", "logsumexp") and infinite and np.isnan(value):
        if op in ("multiply", "matmul", "linear", "dot", "prod", "einsum", "outer"):
            return "zero_times_inf", "0 · ∞", INFINITE
        if op in ("add", "subtract", "sum", "mean", "cumsum", "var", "std"):
            return "inf_minus_inf", "∞ − ∞", INFINITE
        return "infinite", f"{op} of ∞", INFINITE
    if (found := _lookup(VALUES, op, arrays)) is not None:
        return found
    if np.isnan(value):
        return "nan", f"{op} made NaN of finite operands", "Look at the operands above: this op has no value there"
    return (
        "overflow",
        f"{op} overflows: the result is too large for its dtype",
        EXPONENTIAL if "exp" in op else OVERFLOW,
    )


def backward_cure(op: str, operands: Sequence[Any], g: Any, value: Any, custom: bool) -> Found:
    """Why the rule of an op gave a gradient that is not finite."""
    if custom:
        return (
            "custom",
            f"the gradient of {op}, written by hand, is not finite",
            "Look into its .backward: set a breakpoint() in it, it is called as plain Python",
        )
    if (found := _lookup(SLOPES, op, [np.asarray(x) for x in operands])) is not None:
        return found
    return (
        "overflow",
        f"the rule of {op} overflows: upstream times local derivative is too large",
        "Scale the loss or the values down, clip what is large, or use float64",
    )


def _lookup(table: dict[str, Sequence[Line]], op: str, operands: Sequence[Any]) -> Found | None:
    for test, code, what, cure in table.get(op, ()):
        if len(operands) in (1, test.__code__.co_argcount) and np.any(test(*operands)):
            return code, what.format(op=op), cure
    return None
