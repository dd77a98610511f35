r"""Products of vectors and matrices: for \(Y = AB\) the gradients are \(G B^\top\) and \(A^\top G\)."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..op import row
from .samples import shaped


def _left(g: Any, a: Any, b: Any) -> Any:
    """The gradient of `a @ b` towards a; a vector stands for a matrix of one row or one column."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ b.swapaxes(-1, -2)


def _right(g: Any, a: Any, b: Any) -> Any:
    """The gradient of `a @ b` towards b."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (a.swapaxes(-1, -2) @ g[..., None])[..., 0]
    return a.swapaxes(-1, -2) @ g


matmul = row(
    np.matmul, operator=operator.matmul, a=_left, b=_right, latex="a b", text="a @ b", binds="*",
    samples=shaped(
        *(((s, t), {}) for s, t in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((4, 2, 3), (3,)),
          ((3,), (4, 3, 2)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((2, 1, 2, 3), (4, 3, 2))]),
    ),
    words="each factor gets the gradient times the other factor transposed",
)  # fmt: skip


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(b) > 2:
        raise ValueError(f"np.dot with a second factor of {np.ndim(b)} axes has no rule; write a @ b or np.matmul")
    return np.dot(a, b)


dot = row(
    _dot, numpy=(np.dot,), latex="a b", text="a @ b", binds="*",
    a=lambda g, a, b: g * b if a.ndim == 0 or b.ndim == 0 else _left(g, a, b),
    b=lambda g, a, b: g * a if a.ndim == 0 or b.ndim == 0 else _right(g, a, b),
    samples=shaped(
        *(((s, t), {}) for s, t in [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((4, 2, 3), (3, 2)), ((), (2, 3))]),
    ),
    words="each factor gets the gradient times the other factor transposed",
)  # fmt: skip
outer = row(
    np.outer, a=lambda g, a, b: (g @ b.ravel()).reshape(a.shape), b=lambda g, a, b: (a.ravel() @ g).reshape(b.shape),
    latex=r"a b^\top", text="a bᵀ", binds="*", samples=shaped((((3,), (2,)), {}), (((2, 2), (3,)), {})),
    words="each vector gets the gradient times the other vector",
)  # fmt: skip
trace = row(
    np.trace,
    a=lambda g, a: g * np.eye(*a.shape[:2], dtype=a.dtype).reshape(*a.shape[:2], *[1] * (a.ndim - 2)),
    latex=r"\operatorname{tr}(a)", samples=shaped((((3, 3),), {}), (((2, 3),), {}), (((2, 3, 4),), {})),
    words="the diagonal elements each get the gradient",
)  # fmt: skip
