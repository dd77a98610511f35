r"""Matrices taken apart: Cholesky, eigenvalues, singular values, QR, each with the rule that puts the gradients together.

A row has one output, so what a decomposition gives stands stacked in one array: the values in the first line, the
vectors as columns below. np.linalg.eigh and its kin (`derived/linear_algebra.py`) slice it. Symmetric matrices are
read as \((a + a^\top)/2\): a change of one element is a change of its mirror image, so the gradients are symmetric, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, row
from .linear_algebra import unless_singular


def _t(a: Any) -> Any:
    return a.swapaxes(-1, -2)


def _symmetric(a: Any) -> Any:
    square = a.ndim > 1 and a.shape[-1] == a.shape[-2]
    return (a + _t(a)) / 2 if square else a  # NumPy says what is wrong with it


def _mirrored(a: Any, name: str) -> Any:
    """The symmetric part of a matrix that is symmetric but for small changes; LinAlgError for any other."""
    symmetric = _symmetric(a)
    if a.size and np.max(np.abs(symmetric - a)) > 1e-3 * np.max(np.abs(a)):
        raise np.linalg.LinAlgError(
            f"{name} of a matrix that is not symmetric: for arrays NumPy reads one triangle alone. Write (a + a.mT) / 2, "
            "or np.tril(a) + np.tril(a, -1).mT if the lower triangle is all there is"
        )
    return symmetric


def _diagonal(v: Any) -> Any:
    """Diagonal matrices of the last axis."""
    return v[..., None] * np.eye(v.shape[-1], dtype=v.dtype)


def _divide_unless_zero(a: Any, b: Any, refusal: str = "") -> Any:
    zero = np.equal(b, 0)
    if np.any(found := zero & np.not_equal(a, 0)):
        raise np.linalg.LinAlgError(refusal.format(*np.argwhere(found)[0][-2:]))
    return a / np.where(zero, 1, b)


divide_unless_zero: Op = row(
    _divide_unless_zero, elementwise=True, params={"refusal": ""},
    a=lambda g, b, refusal: divide_unless_zero(g, b, refusal=refusal),
    b=lambda g, b, y, refusal: -divide_unless_zero(g * y, b, refusal=refusal),
    latex=r"\frac{a}{b}", text="a / b", binds="*",
    samples=lambda draw: [((draw((2, 3)), draw((2, 3), 0.5, 2.0)), {})],
    words="a quotient that is 0 where nothing is divided by 0, and refuses to divide anything else by it",
)  # fmt: skip


def _or_zero(gaps: Any, values: Any) -> Any:
    """Gaps between values, exactly 0 where they are no more than rounding."""
    smallest = values.shape[-1] * float(np.finfo(values.dtype).eps)
    return np.where(np.abs(gaps) <= smallest * np.max(np.abs(values), axis=-1, keepdims=True)[..., None], 0, gaps)


def _over_gaps(m: Any, left: Any, right: Any, refusal: str) -> Any:
    """m_ij / (right_j − left_i), where the diagonal of m is 0 and stays so."""
    gaps = _or_zero(right[..., None, :] - left[..., :, None], right)
    return divide_unless_zero(m, gaps + np.eye(m.shape[-1], dtype=m.dtype), refusal=refusal)


# --- Cholesky --------------------------------------------------------------------------------------------------------


def _cholesky(a: Any) -> Any:
    try:
        return np.linalg.cholesky(_mirrored(np.asarray(a), "np.linalg.cholesky"))
    except np.linalg.LinAlgError as error:
        if "positive definite" not in str(error):
            raise
        raise np.linalg.LinAlgError(
            f"np.linalg.cholesky needs a positive definite matrix, and one of shape {np.shape(a)} is not; "
            "add a little to its diagonal, a + 1e-6 * np.eye(n), or write np.linalg.eigh(a)"
        ) from None


def _half_lower(m: Any) -> Any:
    """The lower triangle with half of the diagonal."""
    ones = np.ones(m.shape[-2:], m.dtype)
    return m * (np.tril(ones) - np.eye(len(ones), dtype=m.dtype) / 2)


def _cholesky_rule(g: Any, y: Any) -> Any:
    """sym(y⁻ᵀ·Φ(yᵀg)·y⁻¹), where Φ takes the lower triangle and half of the diagonal (Murray 2016, arXiv 1602.07527)."""
    inverse = np.linalg.inv(y)
    return _symmetric(_t(inverse) @ _half_lower(_t(y) @ g) @ inverse)


def _positive(draw: Any, *batch: int) -> Any:
    """Symmetric matrices with values of their own about 1, 3 and 6."""
    return _symmetric(0.2 * draw((*batch, 3, 3))) + np.diag([1.0, 3.0, 6.0])


def _positives(draw: Any) -> Any:
    return [((_positive(draw),), {}), ((_positive(draw, 2),), {})]


cholesky = row(
    _cholesky, a=_cholesky_rule, latex=r"\operatorname{chol}(a)", text="cholesky(a)", samples=_positives,
    words="the gradient of a factor is carried back through its inverse from both sides; symmetric, as the matrix is",
)  # fmt: skip


# --- eigenvalues and singular values -----------------------------------------------------------------------------------


def _eigh(a: Any, UPLO: Any = "L") -> Any:
    values, vectors = np.linalg.eigh(_mirrored(np.asarray(a), "np.linalg.eigh"), UPLO)
    return np.concatenate([values[..., None, :], vectors], axis=-2)


def _eigh_rule(g: Any, y: Any) -> Any:
    """v·(diag(g_w) + F∘(vᵀg_v))·vᵀ with F_ij = 1/(w_j − w_i), its symmetric part (Giles 2008)."""
    values, vectors = y[..., 0, :], y[..., 1:, :]
    turned = _t(vectors) @ g[..., 1:, :]
    inner = _over_gaps((turned - _t(turned)) / 2, values, values, (
        "np.linalg.eigh: eigenvalues {} and {} are equal, so that their vectors have no gradient; use the values alone "
        "(np.linalg.eigvalsh), or tell equal ones apart: a + 1e-6 * np.diag(np.arange(n))"
    ))  # fmt: skip
    return _symmetric(vectors @ (_diagonal(g[..., 0, :]) + inner) @ _t(vectors))


eigh = row(
    _eigh, params={"UPLO": "L"}, a=_eigh_rule, latex=r"\operatorname{eigh}(a)", text="eigh(a)", samples=_positives,
    words="an eigenvalue passes its gradient on along its own vector; vectors turn towards each other by one over the gap",
)  # fmt: skip


def _svd(a: Any) -> Any:
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([s[..., None, :], u, _t(vt)], axis=-2)


_EQUAL = (
    "np.linalg.svd: singular values {} and {} are equal (or both 0), so that their vectors have no gradient; "
    "use the values alone (np.linalg.svdvals), or np.linalg.pinv"
)
_ZERO = (
    "np.linalg.svd: singular value {1} is 0, so that its vectors have no gradient; "
    "use the values alone (np.linalg.svdvals), or np.linalg.pinv"
)


def _svd_rule(g: Any, a: Any, y: Any) -> Any:
    """As for eigh: vectors turn towards each other by s_j/(s_j² − s_i²) and s_i/(s_j² − s_i²), which are half the
    sum and the difference of 1/(s_j − s_i) and 1/(s_j + s_i); in a matrix that is not square, out of their space too."""
    rows, columns = a.shape[-2:]
    s, u, v = y[..., 0, :], y[..., 1 : rows + 1, :], y[..., rows + 1 :, :]
    gs, gu, gv = g[..., 0, :], g[..., 1 : rows + 1, :], g[..., rows + 1 :, :]
    p, q = _t(u) @ gu, _t(v) @ gv
    left, right = p - _t(p), q - _t(q)
    inner = (_over_gaps(left + right, s, s, _EQUAL) + _over_gaps(left - right, -s, s, _EQUAL)) / 2
    result = u @ (_diagonal(gs) + inner) @ _t(v)
    lengths = _or_zero(s[..., None, :], s)
    if rows > columns:
        result = result + divide_unless_zero(gu - u @ p, lengths, refusal=_ZERO) @ _t(v)
    if columns > rows:
        result = result + u @ _t(divide_unless_zero(gv - v @ q, lengths, refusal=_ZERO))
    return result


def _spread_out(draw: Any, rows: int, columns: int, *batch: int) -> Any:
    """Matrices whose singular values lie about 1, 2, …"""
    return 0.2 * draw((*batch, rows, columns)) + np.arange(1.0, rows + 1)[:, None] * np.eye(rows, columns)


def _oblong(draw: Any) -> Any:
    return [((_spread_out(draw, *shape),), {}) for shape in [(3, 3), (4, 2), (2, 3), (3, 2, 2)]]


svd = row(
    _svd, a=_svd_rule, latex=r"\operatorname{svd}(a)", text="svd(a)", samples=_oblong,
    words="a singular value passes its gradient on along its two vectors; these turn by one over the gaps",
)  # fmt: skip


# --- QR --------------------------------------------------------------------------------------------------------------


def _qr(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return np.concatenate([q, _t(r)], axis=-2)


def _qr_rule(g: Any, a: Any, y: Any) -> Any:
    """(g_q + q·sym(m))·r⁻ᵀ with m = r·g_rᵀ − g_qᵀ·q, of which sym mirrors the lower triangle (Seeger et al. 2017)."""
    rows, columns = a.shape[-2:]
    q, r, gq, gr = y[..., :rows, :], _t(y[..., rows:, :]), g[..., :rows, :], _t(g[..., rows:, :])
    if columns > rows:  # the further columns of r are q transposed times those of a
        gq = gq + a[..., rows:] @ _t(gr[..., rows:])
    m = r[..., :rows] @ _t(gr[..., :rows]) - _t(gq) @ q
    lower = _half_lower(m)
    first = _t(unless_singular(
        np.linalg.solve, r[..., :rows], _t(gq + q @ (lower + _t(lower))), asked="the gradient of np.linalg.qr",
        remedy="its first columns must be linearly independent: leave out those that are not, or write np.linalg.svd(a)",
    ))  # fmt: skip
    return np.concatenate([first, q @ gr[..., rows:]], axis=-1) if columns > rows else first


qr = row(
    _qr, a=_qr_rule, latex=r"\operatorname{qr}(a)", text="qr(a)", samples=_oblong,
    words="what reaches the two factors is brought together in the triangle and solved back through r",
)  # fmt: skip
