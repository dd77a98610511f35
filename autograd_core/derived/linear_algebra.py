"""np.linalg beyond products: norms of every order, and the decompositions as NumPy's named tuples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ops import decompositions
from ..ops.linear_algebra import slogdet as slogdet_row
from ..ops.reductions import norm as norm_row
from . import derived, passed, refused
from .arguments import as_array, axes_of

# the types that NumPy answers with, which have no public name of their own
_Eigh: Any = type(np.linalg.eigh(np.eye(1)))
_SVD: Any = type(np.linalg.svd(np.eye(1)))
_QR: Any = type(np.linalg.qr(np.eye(1)))
_Slogdet: Any = type(np.linalg.slogdet(np.eye(1)))

passed("linalg.matrix_rank")
refused("write np.linalg.pinv(a) @ b", "linalg.lstsq")
refused(
    "its values may be complex: write np.linalg.eigh(a) or np.linalg.eigvalsh(a) for a symmetric matrix",
    "linalg.eig",
    "linalg.eigvals",
)


# --- norms -----------------------------------------------------------------------------------------------------------


def _power(a: Any, p: float) -> Any:
    """a**p of numbers that are not negative, with the slope 0 at 0, where a norm has its kink."""
    return np.where(a == 0, 0 if p > 0 else math.inf, np.where(a == 0, 1, a) ** p)


def _vector_norm(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    if ord is None or ord == 2:
        return norm_row(x, axis=axis, keepdims=keepdims)
    if isinstance(ord, str):
        raise ValueError(f"a vector has no norm of order {ord!r}; write a number, np.inf or -np.inf")
    if math.isinf(ord):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:  # how many are not 0: steps, with the slope 0
        return np.sum(np.abs(np.sign(x)), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return _power(np.sum(_power(np.abs(x), ord), axis=axis, keepdims=keepdims), 1 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (None, "fro", "f"):
        return norm_row(x, axis=axes, keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        values = np.abs(np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1))))  # |s| has the slope 0 where s is 0
        reduction: Any = {2: np.max, -2: np.min, "nuc": np.sum}[ord]
        number = reduction(values, axis=-1)
        return np.expand_dims(number, axes) if keepdims else number
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"a matrix has no norm of order {ord!r}; write 1, 2, np.inf, their negatives, 'fro' or 'nuc'")
    summed, other = axes if abs(ord) == 1 else axes[::-1]
    sums = np.sum(np.abs(x), axis=summed, keepdims=True)
    extreme = (np.max if ord > 0 else np.min)(sums, axis=other, keepdims=True)
    return extreme if keepdims else np.squeeze(extreme, axis=axes)


@derived("linalg.norm")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Of vectors where there is one axis, of matrices where there are two."""
    if ord is None and axis is None:
        return norm_row(x, keepdims=keepdims)
    axes = axes_of(axis, x.ndim)
    if len(axes) > 2:
        raise ValueError(f"np.linalg.norm is over one axis or two, not over {axes}; write np.linalg.vector_norm")
    return _vector_norm(x, ord, axes[0], keepdims) if len(axes) == 1 else _matrix_norm(x, ord, axes, keepdims)


@derived("linalg.vector_norm")
def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Over any axes, read as one vector."""
    return _vector_norm(x, ord, axis, keepdims)


@derived("linalg.matrix_norm")
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Over the last two axes."""
    return _matrix_norm(x, ord, axes_of((-2, -1), x.ndim), keepdims)


@derived("linalg.cond")
def cond(x: Any, p: Any = None) -> Any:
    """How much longer the longest image of a unit vector is than the shortest."""
    if p is None or p in (2, -2):
        values = np.linalg.svdvals(x)
        longest, shortest = values[..., 0], values[..., -1]
        if p == -2:
            return shortest / longest
        return np.where(shortest == 0, math.inf, longest / np.where(shortest == 0, 1, shortest))
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


# --- decompositions ----------------------------------------------------------------------------------------------------


@derived("linalg.cholesky")
def cholesky(a: Any, upper: bool = False) -> Any:
    """The lower factor, or the upper one, which is the same transposed."""
    factor = decompositions.cholesky(a)
    return factor.mT if upper else factor


@derived("linalg.eigh")
def eigh(a: Any, UPLO: str = "L") -> Any:
    """EighResult(eigenvalues, eigenvectors)."""
    both = decompositions.eigh(a, UPLO=UPLO)
    return _Eigh(both[..., 0, :], both[..., 1:, :])


@derived("linalg.eigvalsh")
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """The values alone, which have a gradient where they are equal, too."""
    return decompositions.eigh(a, UPLO=UPLO)[..., 0, :]


@derived("linalg.svd")
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """SVDResult(U, S, Vh), or S."""
    if not compute_uv:
        return np.linalg.svdvals(a)
    rows, columns = a.shape[-2:]
    if full_matrices and rows != columns:
        raise TypeError(
            f"np.linalg.svd completes the vectors of a matrix of {rows}×{columns} to a square, in a way that has no "
            "gradient; write np.linalg.svd(a, full_matrices=False)"
        )
    if hermitian:
        raise TypeError("np.linalg.svd does not take hermitian=True when differentiated; write np.linalg.eigh(a)")
    stacked = decompositions.svd(a)
    u, s, v = stacked[..., 1 : rows + 1, :], stacked[..., 0, :], stacked[..., rows + 1 :, :]
    return _SVD(u, s, v.mT)


@derived("linalg.svdvals")
def svdvals(x: Any) -> Any:
    """The values alone, which have a gradient where they are equal, too."""
    return decompositions.svd(x)[..., 0, :]


@derived("linalg.qr")
def qr(a: Any, mode: str = "reduced") -> Any:
    """QRResult(Q, R), or R."""
    if mode not in ("reduced", "r"):
        raise TypeError(f"np.linalg.qr has no gradient in mode {mode!r}; write mode='reduced' or 'r'")
    both, rows = decompositions.qr(a), a.shape[-2]
    r = both[..., rows:, :].mT
    return r if mode == "r" else _QR(both[..., :rows, :], r)


@derived("linalg.slogdet")
def slogdet(a: Any) -> Any:
    """SlogdetResult(sign, logabsdet)."""
    both = slogdet_row(a)
    return _Slogdet(both[0], both[1])


# --- the rest ----------------------------------------------------------------------------------------------------------


@derived("linalg.trace")
def trace(x: Any, offset: int = 0) -> Any:
    """Over the last two axes."""
    return np.trace(x, offset, -2, -1)


@derived("linalg.diagonal")
def diagonal(x: Any, offset: int = 0) -> Any:
    """Over the last two axes."""
    return np.diagonal(x, offset, -2, -1)


@derived("linalg.tensorinv")
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of an array read as a matrix: the first `ind` axes are its rows."""
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv reads the first ind axes as rows; ind must be positive, not {ind}")
    columns = math.prod(a.shape[ind:])
    return np.linalg.inv(a.reshape(columns, -1)).reshape(a.shape[ind:] + a.shape[:ind])


@derived("linalg.tensorsolve")
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """A linear system whose unknowns have several axes: the last ones of a, those named in `axes` put behind them."""
    a, b = as_array(a), as_array(b)
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    shape = a.shape[b.ndim :]
    return np.linalg.solve(a.reshape(b.size, math.prod(shape)), b.reshape(-1)).reshape(shape)
