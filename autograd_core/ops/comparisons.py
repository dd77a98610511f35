"""Comparisons, truth values and bits: computed like everything else, but without a derivative."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..op import row


def _mask(function: Any, sign: Any, latex: str) -> Any:
    return row(function, operator=sign, a=None, b=None, latex=latex, binds="+", words="a comparison has no derivative")


def _truth(x: Any) -> Any:
    return x if hasattr(x, "dtype") else np.bool_(x)


greater = _mask(np.greater, operator.gt, "a > b")
greater_equal = _mask(np.greater_equal, operator.ge, r"a \ge b")
less = _mask(np.less, operator.lt, "a < b")
less_equal = _mask(np.less_equal, operator.le, r"a \le b")
equal = _mask(np.equal, lambda a, b: _truth(a == b), "a = b")  # with None or a text as well: False
not_equal = _mask(np.not_equal, lambda a, b: _truth(a != b), r"a \ne b")
logical_and = _mask(np.logical_and, np.logical_and, r"a \wedge b")
logical_or = _mask(np.logical_or, np.logical_or, r"a \vee b")
bitwise_and = _mask(np.bitwise_and, operator.and_, r"a \wedge b")
bitwise_or = _mask(np.bitwise_or, operator.or_, r"a \vee b")
logical_xor = _mask(np.logical_xor, np.logical_xor, r"a \oplus b")
bitwise_xor = _mask(np.bitwise_xor, operator.xor, r"a \oplus b")
left_shift = _mask(np.left_shift, operator.lshift, r"a \ll b")
right_shift = _mask(np.right_shift, operator.rshift, r"a \gg b")
invert = row(np.invert, a=None, latex=r"\neg a", words="bits have no derivative")
bitwise_count = row(np.bitwise_count, a=None, words="bits have no derivative")
logical_not = row(np.logical_not, a=None, latex=r"\neg a", words="a truth value has no derivative")
isnan = row(np.isnan, a=None, words="a truth value has no derivative")
isinf = row(np.isinf, a=None, words="a truth value has no derivative")
isfinite = row(np.isfinite, a=None, words="a truth value has no derivative")
signbit = row(np.signbit, a=None, words="a truth value has no derivative")
counted = row(
    lambda a, dtype: a.astype(dtype), name="counted", params={"dtype": np.dtype(np.int64)}, a=None, latex="a", text="a",
    words="whole numbers and truth values have no derivative",
)  # fmt: skip
