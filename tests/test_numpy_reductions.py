"""NumPy's reductions, statistics, linear algebra and polynomials on Tensors: values and gradients as of plain NumPy."""

import math
from functools import partial

import numpy as np
import pytest

from autograd_core import Tensor
from autograd_core.backward import backprop
from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.derived import DERIVED, NEAREST, PASSED, named
from autograd_core.op import BY_NUMPY
from autograd_core.ops import linear_recurrence
from autograd_core.trees import leaves

X = np.array([[0.3, -0.7, 0.5, 1.2], [0.9, 0.2, -0.4, -1.1], [-0.6, 1.4, 0.8, 0.1]])
V = np.array([0.7, -1.3, 0.4, 2.1, -0.2])
HOLES = np.array([[0.3, np.nan, 0.5, 1.2], [0.9, 0.2, np.nan, -1.1], [-0.6, 1.4, 0.8, 0.1]])
CUBE = np.cos(np.arange(24.0)).reshape(2, 3, 4) + 0.1 * np.arange(24.0).reshape(2, 3, 4)
SQUARE = np.array([[2.0, 0.3, -0.5], [0.1, -1.5, 0.4], [0.6, 0.2, 3.1]])
PAIR = np.stack([SQUARE, SQUARE.T * 1.2 + np.diag([0.3, -0.2, 0.5])])
SYMMETRIC = np.array([[2.0, 0.3, -0.5], [0.3, 4.5, 0.4], [-0.5, 0.4, 8.1]])
LARGE = 2 * np.eye(6) + 0.3 * np.sin(np.arange(36.0)).reshape(6, 6)
W = np.array([0.5, 1.5, 1.0, 2.0])


def even(f):
    """A function of the symmetric part of its argument: NumPy reads one triangle, the gradient is shared by both."""
    return lambda x: f((x + x.swapaxes(-1, -2)) / 2)


# name, then what is special about the case -> (function, where)
CASES = {
    # reductions
    "prod": (np.prod, X),
    "prod axis": (lambda x: np.prod(x, 1), X),
    "prod axes kept": (lambda x: np.prod(x, axis=(-1, 0), keepdims=True), CUBE),
    "prod of nothing": (lambda x: np.prod(x[:, :0], axis=1) + x[0, 0], X),
    "amax": (lambda x: np.amax(x, axis=1), X),
    "amin": (lambda x: np.amin(x, 0), X),
    "ptp": (np.ptp, X),
    "ptp axis kept": (lambda x: np.ptp(x, axis=-1, keepdims=True), X),
    "cumprod": (np.cumprod, X),
    "cumprod axis": (lambda x: np.cumprod(x, axis=-1), CUBE),
    "cumulative_sum": (lambda x: np.cumulative_sum(x, axis=1, include_initial=True), X),
    "cumulative_sum line": (lambda x: np.cumulative_sum(x), V),
    "cumulative_prod": (lambda x: np.cumulative_prod(x, axis=-2, include_initial=True), CUBE),
    "nansum": (np.nansum, HOLES),
    "nansum axis": (lambda x: np.nansum(x, axis=1, keepdims=True), HOLES),
    "nanprod": (lambda x: np.nanprod(x, axis=0), HOLES),
    "nanmean": (lambda x: np.nanmean(x, 1), HOLES),
    "nanvar": (lambda x: np.nanvar(x, axis=1, ddof=1), HOLES),
    "nanvar all": (np.nanvar, HOLES),
    "nanstd": (lambda x: np.nanstd(x, axis=0, keepdims=True), HOLES),
    "nanmax": (lambda x: np.nanmax(x, axis=0), HOLES),
    "nanmin": (lambda x: np.nanmin(x, axis=(0, 1)), HOLES),
    "nancumsum": (np.nancumsum, HOLES),
    "nancumprod": (lambda x: np.nancumprod(x, axis=1), HOLES),
    "diff": (np.diff, X),
    "diff n": (lambda x: np.diff(x, 2, axis=0), X),
    "diff ends": (lambda x: np.diff(x, prepend=0, append=x[:, :2]), X),
    "diff not at all": (lambda x: np.diff(x, n=0) * 2, X),
    "ediff1d": (np.ediff1d, X),
    "ediff1d ends": (lambda x: np.ediff1d(x, to_end=x[0, :2], to_begin=7.0), X),
    "gradient": (np.gradient, V),
    "gradient two axes": (lambda x: np.gradient(x, 2.0, 0.5), X),
    "gradient axis": (lambda x: np.gradient(x, 0.1, axis=-1, edge_order=2), X),
    "trapezoid": (np.trapezoid, X),
    "trapezoid dx": (lambda x: np.trapezoid(x, dx=0.1, axis=0), X),
    "trapezoid x": (lambda x: np.trapezoid(x, x[0] ** 2, axis=1), X),
    "trapezoid x of all": (lambda x: np.trapezoid(x, np.sin(x), axis=0), X),
    # statistics
    "average": (np.average, X),
    "average weights": (lambda x: np.average(x, 1, weights=W), X),
    "average weights differ": (lambda x: np.average(x, weights=x**2, axis=0, keepdims=True), X),
    "average two axes": (lambda x: np.average(x, axis=(2, 0), weights=np.outer(W, [1.0, 3.0])), CUBE),
    "average returned": (lambda x: np.average(x, axis=1, weights=x[0] ** 2, returned=True), X),
    "average returned, none": (lambda x: np.average(x, axis=1, returned=True), X),
    "median": (np.median, X),
    "median odd": (lambda x: np.median(x, axis=0), X),
    "median axes kept": (lambda x: np.median(x, axis=(0, 2), keepdims=True), CUBE),
    "median of a NaN": (lambda x: np.median(x, axis=1), HOLES),
    "nanmedian": (lambda x: np.nanmedian(x, axis=1), HOLES),
    "nanmedian all": (np.nanmedian, HOLES),
    "quantile": (lambda x: np.quantile(x, 0.3), X),
    "quantile several": (lambda x: np.quantile(x, [0, 0.15, 1], axis=1), X),
    "quantile table": (lambda x: np.quantile(x, [[0.1, 0.9], [0.5, 0.7]], axis=0, keepdims=True), X),
    "quantile lower": (lambda x: np.quantile(x, 0.4, axis=1, method="lower"), X),
    "quantile higher": (lambda x: np.quantile(x, 0.4, axis=1, method="higher"), X),
    "quantile nearest": (lambda x: np.quantile(x, [0.4, 0.5, 0.55], method="nearest"), X),
    "quantile midpoint": (lambda x: np.quantile(x, [0.4, 0.5, 1], axis=0, method="midpoint"), X),
    "percentile": (lambda x: np.percentile(x, [25, 75], axis=(0, 1)), X),
    "nanquantile": (lambda x: np.nanquantile(x, [0.2, 0.9], axis=1), HOLES),
    "nanpercentile": (lambda x: np.nanpercentile(x, 40, axis=0, keepdims=True), HOLES),
    "cov": (np.cov, X),
    "cov two": (lambda x: np.cov(x[0], x[1], bias=True), X),
    "cov columns": (lambda x: np.cov(x, rowvar=False, ddof=0), X),
    "cov of one": (np.cov, V),
    "corrcoef": (np.corrcoef, X),
    "corrcoef two": (lambda x: np.corrcoef(x[0], x[1:], rowvar=True), X),
    # polynomials
    "convolve": (lambda x: np.convolve(x, W), V),
    "convolve both": (lambda x: np.convolve(x[:2], x), V),
    "convolve same": (lambda x: np.convolve(x, W, "same"), V),
    "convolve same, longer second": (lambda x: np.convolve(W[:3], x, "same"), V),
    "convolve valid": (lambda x: np.convolve(x, W, mode="valid"), V),
    "convolve a number": (lambda x: np.convolve(x, 2.0), V),
    "correlate": (lambda x: np.correlate(x, W), V),
    "correlate longer second": (lambda x: np.correlate(W, x), V),
    "correlate same": (lambda x: np.correlate(x, W, "same"), V),
    "correlate same, odd": (lambda x: np.correlate(x, W[:3], "same"), V),
    "correlate same, longer second": (lambda x: np.correlate(W, x, "same"), V),
    "correlate same, longer second, odd": (lambda x: np.correlate(W[:3], x, "same"), V),
    "correlate same, equally long": (lambda x: np.correlate(x[:4], W, "same"), V),
    "correlate full": (lambda x: np.correlate(x, x[:3], mode="full"), V),
    "polyval": (lambda x: np.polyval(x, 1.3), V),
    "polyval at": (lambda x: np.polyval([1.0, -2.0, 0.5], x), X),
    "polyval both": (lambda x: np.polyval(x[:3], x), V),
    "vander": (np.vander, V),
    "vander N": (lambda x: np.vander(x, 3, increasing=True), V),
    "polyadd": (lambda x: np.polyadd(x, x[:2]), V),
    "polyadd a number": (lambda x: np.polyadd(2.0, x), V),
    "polysub": (lambda x: np.polysub(x[:2], x), V),
    "polymul": (lambda x: np.polymul(x, [1.0, 3.0]), V),
    "polyder": (lambda x: np.polyder(x, 2), V),
    "polyint": (np.polyint, V),
    "polyint k": (lambda x: np.polyint(x, 2, k=[3.0, 4.0]), V),
    "polyint one k": (lambda x: np.polyint(x, 2, k=3.0), V),
    "poly": (np.poly, V),
    "polyfit": (lambda x: np.polyfit(x[0], x[1], 2), X),
    "polyfit weights": (lambda x: np.polyfit(np.arange(3.0), x, 1, w=[1.0, 2.0, 0.5]), X),
    # products
    "dot two axes": (lambda x: np.dot(x, X.T), X),
    "dot three axes": (lambda x: np.dot(x[0, :2, :3], x), CUBE),
    "dot three and three axes": (lambda x: np.dot(x, x.swapaxes(1, 2)), CUBE),
    "outer": (lambda x: np.outer(x, W), V),
    "trace offset": (lambda x: np.trace(x, offset=-1), X),
    "trace axes": (lambda x: np.trace(x, 1, axis1=-1, axis2=0), CUBE),
    "einsum": (lambda x: np.einsum("ij,kj->ik", x, X), X),
    "einsum implicit": (lambda x: np.einsum("ji,jk", x, x), X),
    "einsum spaces": (lambda x: np.einsum("i j , j -> i", x, W), X),
    "einsum all": (lambda x: np.einsum("ij->", x), X),
    "einsum transposed": (lambda x: np.einsum("ba", x), X),
    "einsum ellipsis": (lambda x: np.einsum("...ij,...kj->...ik", x, X), CUBE),
    "einsum ellipsis implicit": (lambda x: np.einsum("i...,j...", x[0], x[:, 0]), CUBE),
    "einsum ellipsis, several axes": (lambda x: np.einsum("...,...k->k...", x[0], x[..., None]), CUBE),
    "einsum interleaved": (lambda x: np.einsum(x, [0, 1], X, [2, 1], [2, 0]), X),
    "einsum interleaved implicit": (lambda x: np.einsum(x, [30, 1], X, [2, 1]), X),
    "einsum interleaved ellipsis": (lambda x: np.einsum(x, [..., 0], W, [0], [...]), CUBE),
    "einsum trace": (lambda x: np.einsum("ii", x), SQUARE),
    "einsum diagonal": (lambda x: np.einsum("bii->bi", x), PAIR),
    "einsum letter three times": (lambda x: np.einsum("iii,i->i", np.stack([x, x * x, -x]), x[0]), SQUARE),
    "einsum letter alone": (lambda x: np.einsum("ij,k->k", x, W), X),
    "einsum size 1": (lambda x: np.einsum("ij,ij->i", x[:, :1], x[:1]), X),
    "einsum size 1 summed": (lambda x: np.einsum("ij,j->", x, W[:1]), X),
    "einsum numbers": (lambda x: np.einsum(",i->i", 2.0, x), V),
    "einsum optimized": (lambda x: np.einsum("ij,kj,kl->il", x, X, x, optimize=True), X),
    "einsum optimized by a path": (lambda x: np.einsum("ij,kj,kl->il", x, X, x, optimize=["einsum_path", (0, 1), (0, 1)]), X),
    "tensordot": (lambda x: np.tensordot(x, CUBE.transpose(1, 2, 0)), CUBE),
    "tensordot axes": (lambda x: np.tensordot(x, X, axes=([1, -1], [0, 1])), CUBE),
    "tensordot one axis": (lambda x: np.tensordot(x, X, (-1, 1)), CUBE),
    "tensordot outer": (lambda x: np.tensordot(x, W, 0), X),
    "inner": (lambda x: np.inner(x, W), CUBE),
    "inner many": (lambda x: np.inner(x, X), CUBE),
    "inner number": (lambda x: np.inner(3.0, x), X),
    "inner vectors": (lambda x: np.inner(x[0], x[1]), X),
    "vdot": (lambda x: np.vdot(x, X.T.reshape(3, 4)), X),
    "vecdot": (lambda x: np.vecdot(x, W), X),
    "vecdot axis": (lambda x: np.vecdot(x, X[:, :1], axis=0), X),
    "matvec": (lambda x: np.matvec(x, W), CUBE),
    "matvec vectors": (lambda x: np.matvec(X, x), CUBE),
    "vecmat": (lambda x: np.vecmat(x, X), X[:, :3]),
    "kron": (lambda x: np.kron(x, [[1.0, 2.0]]), X),
    "kron axes": (lambda x: np.kron(x[:2], CUBE), V),
    "kron number": (lambda x: np.kron(2.0, x), X),
    "cross": (lambda x: np.cross(x, [1.0, 2.0, 3.0]), X[:, :3]),
    "cross axes": (lambda x: np.cross(x, X.T, axisa=0, axisb=1, axisc=0), X),
    "cross axis": (lambda x: np.cross(x, x[:, ::-1], axis=0), X),
    # np.linalg
    "linalg.matmul": (lambda x: np.linalg.matmul(x, X.T), X),
    "linalg.outer": (lambda x: np.linalg.outer(x, x), V),
    "linalg.cross": (lambda x: np.linalg.cross(x, X, axis=0), X),
    "linalg.tensordot": (lambda x: np.linalg.tensordot(x, X, axes=2), X),
    "linalg.vecdot": (lambda x: np.linalg.vecdot(x, X, axis=0), X),
    "linalg.trace": (lambda x: np.linalg.trace(x, offset=1), CUBE),
    "linalg.diagonal": (lambda x: np.linalg.diagonal(x, offset=-1), CUBE),
    "linalg.matrix_power": (lambda x: np.linalg.matrix_power(x, 5), SQUARE),
    "linalg.matrix_power 3": (lambda x: np.linalg.matrix_power(x, 3), PAIR),
    "linalg.matrix_power negative": (lambda x: np.linalg.matrix_power(x, -2), SQUARE),
    "linalg.matrix_power none": (lambda x: np.linalg.matrix_power(x, 0) * x, PAIR),
    "linalg.multi_dot": (lambda x: np.linalg.multi_dot([x, X.T, x, W]), X),
    "linalg.multi_dot vector first": (lambda x: np.linalg.multi_dot([V[:3], x, X.T, x]), X),
    "linalg.multi_dot two": (lambda x: np.linalg.multi_dot([x, W]), X),
    "linalg.norm": (np.linalg.norm, X),
    "linalg.norm vector": (lambda x: np.linalg.norm(x, 2), V),
    "linalg.norm axis": (lambda x: np.linalg.norm(x, axis=1, keepdims=True), X),
    "linalg.norm two axes": (lambda x: np.linalg.norm(x, axis=(0, 2)), CUBE),
    "linalg.norm inf": (lambda x: np.linalg.norm(x, np.inf, axis=0), X),
    "linalg.norm -inf": (lambda x: np.linalg.norm(x, -np.inf, axis=0), X),
    "linalg.norm 1": (lambda x: np.linalg.norm(x, 1, axis=0), X),
    "linalg.norm 0": (lambda x: np.linalg.norm(x, 0, axis=0), np.where(X > 1, 0, X)),
    "linalg.norm 3": (lambda x: np.linalg.norm(x, 3, axis=1), X),
    "linalg.norm half": (lambda x: np.linalg.norm(x, 0.5, axis=1), X),
    "linalg.norm -1": (lambda x: np.linalg.norm(x, -1), V),
    "linalg.norm matrix fro": (lambda x: np.linalg.norm(x, "fro"), X),
    "linalg.norm matrix nuc": (lambda x: np.linalg.norm(x, "nuc", axis=(2, 1), keepdims=True), CUBE),
    "linalg.norm matrix 1": (lambda x: np.linalg.norm(x, 1), X),
    "linalg.norm matrix -1": (lambda x: np.linalg.norm(x, -1, axis=(2, 0)), CUBE),
    "linalg.norm matrix inf": (lambda x: np.linalg.norm(x, np.inf, keepdims=True), X),
    "linalg.norm matrix -inf": (lambda x: np.linalg.norm(x, -np.inf), X),
    "linalg.norm matrix 2": (lambda x: np.linalg.norm(x, 2, axis=(1, 2)), CUBE),
    "linalg.norm matrix -2": (lambda x: np.linalg.norm(x, -2), X),
    "linalg.vector_norm": (np.linalg.vector_norm, CUBE),
    "linalg.vector_norm axes": (lambda x: np.linalg.vector_norm(x, axis=(0, 1, 2), keepdims=True), CUBE),
    "linalg.vector_norm ord": (lambda x: np.linalg.vector_norm(x, axis=(0, 1), ord=3), CUBE),
    "linalg.matrix_norm": (np.linalg.matrix_norm, CUBE),
    "linalg.matrix_norm ord": (lambda x: np.linalg.matrix_norm(x, ord=np.inf, keepdims=True), CUBE),
    "linalg.cond": (np.linalg.cond, SQUARE),
    "linalg.cond -2": (lambda x: np.linalg.cond(x, -2), PAIR),
    "linalg.cond 1": (lambda x: np.linalg.cond(x, 1), PAIR),
    "linalg.cond fro": (lambda x: np.linalg.cond(x, "fro"), SQUARE),
    "linalg.inv": (np.linalg.inv, PAIR),
    "linalg.solve": (lambda x: np.linalg.solve(x, W[:3]), SQUARE),
    "linalg.solve stack and vector": (lambda x: np.linalg.solve(x, W[:3]), PAIR),
    "linalg.solve matrix": (lambda x: np.linalg.solve(SQUARE, x), X),
    "linalg.solve both": (lambda x: np.linalg.solve(x, x[0]), PAIR),
    "linalg.det": (np.linalg.det, SQUARE),
    "linalg.det stack": (np.linalg.det, PAIR),
    "linalg.slogdet": (lambda x: np.linalg.slogdet(x).logabsdet, PAIR),
    "linalg.slogdet both": (lambda x: math.prod(np.linalg.slogdet(x)), SQUARE),
    "linalg.pinv": (np.linalg.pinv, X),
    "linalg.pinv tall": (np.linalg.pinv, X.T),
    "linalg.pinv stack": (lambda x: np.linalg.pinv(x, 1e-10), PAIR),
    "linalg.cholesky": (even(np.linalg.cholesky), SYMMETRIC),
    "linalg.cholesky upper": (even(lambda x: np.linalg.cholesky(x, upper=True)), np.stack([SYMMETRIC, 2 * SYMMETRIC])),
    "linalg.eigh": (even(np.linalg.eigh), SYMMETRIC),
    "linalg.eigh upper": (even(lambda x: np.linalg.eigh(x, "U").eigenvectors), np.stack([SYMMETRIC, -SYMMETRIC])),
    "linalg.eigvalsh": (even(np.linalg.eigvalsh), np.stack([SYMMETRIC, 2 * SYMMETRIC])),
    "linalg.svd": (np.linalg.svd, SQUARE),
    "linalg.svd wide": (lambda x: np.linalg.svd(x, full_matrices=False), X),
    "linalg.svd tall": (lambda x: np.linalg.svd(x, False), X.T),
    "linalg.svd stack": (lambda x: np.linalg.svd(x, full_matrices=False), CUBE),
    "linalg.svd values": (lambda x: np.linalg.svd(x, compute_uv=False), X),
    "linalg.svdvals": (np.linalg.svdvals, CUBE),
    "linalg.qr": (np.linalg.qr, SQUARE),
    "linalg.qr wide": (np.linalg.qr, X),
    "linalg.qr tall": (np.linalg.qr, X.T),
    "linalg.qr r": (lambda x: np.linalg.qr(x, mode="r"), PAIR),
    "linalg.tensorinv": (np.linalg.tensorinv, LARGE.reshape(2, 3, 6)),
    "linalg.tensorinv ind": (lambda x: np.linalg.tensorinv(x, ind=1), LARGE.reshape(6, 3, 2)),
    "linalg.tensorsolve": (lambda x: np.linalg.tensorsolve(x, x[0, 0]), LARGE.reshape(6, 2, 3)[:, None]),
    "linalg.tensorsolve axes": (lambda x: np.linalg.tensorsolve(x, X[:2, :3], axes=(0, 2)), LARGE.reshape(2, 2, 3, 3)),
}  # fmt: skip

CASES = {name: case for name, case in CASES.items() if named(name.split()[0]) is not None}  # some are of later versions
# computed in another order than NumPy's: the same numbers but for rounding
ROUNDED = {
    "vander", "polyfit", "polyfit weights", "einsum trace",
    "inner many", "linalg.matrix_power 3", "linalg.vector_norm", "linalg.norm matrix nuc", "linalg.norm matrix 2",
    "linalg.cond", "linalg.cond -2", "linalg.eigvalsh", "linalg.svd values", "linalg.svdvals",
}  # fmt: skip


def leaf(data, dtype=None):
    return Tensor(np.array(data, dtype), requires_grad=True)


def slopes(f, x, weights):
    """Central differences of the weighted sum of all that f gives, by NumPy alone."""
    step, found = 1e-6, np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        sides = []
        for side in (step, -step):
            moved = x.copy()
            moved[index] += side
            sides.append(sum(np.nansum(y * w) for y, w in zip(leaves(f(moved)), weights, strict=True)))
        found[index] = (sides[0] - sides[1]) / (2 * step)
    return np.where(np.isnan(x), 0, found)


def joined(f):
    """All outputs of f as one line."""
    return lambda x: np.concatenate([y.reshape(-1) for y in leaves(f(x))])


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_plain_numpy(name):
    f, x = CASES[name]
    expected, t = f(x), leaf(x)
    got = f(t)
    assert type(got) is (Tensor if isinstance(expected, (np.ndarray, np.generic)) else type(expected))
    same = (
        np.testing.assert_array_equal
        if name not in ROUNDED
        else partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-13)
    )
    for y, e in zip(leaves(got), leaves(expected), strict=True):
        same(y.value, e)
        assert (y.shape, y.dtype) == (np.shape(e), e.dtype)
    weights = [np.cos(1 + np.arange(np.size(e))).reshape(np.shape(e)) for e in leaves(expected)]
    (g,) = backprop(
        leaves(got), t, [np.where(np.isnan(e), 0, w) for e, w in zip(leaves(expected), weights, strict=True)]
    )
    np.testing.assert_allclose(g.value, slopes(f, x, weights), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_float32_gives_numpys_dtype_and_a_float32_gradient(name):
    f, x = CASES[name]
    t, wide = leaf(x, np.float32), leaf(x)
    results = leaves(f(t))
    for y, e in zip(results, leaves(f(x.astype(np.float32))), strict=True):
        assert (y.dtype, y.shape) == (e.dtype, np.shape(e))
    seeds = [np.where(np.isnan(y.value), 0, 1) for y in results]
    (g,) = backprop(results, t, [seed.astype(y.dtype) for seed, y in zip(seeds, results, strict=True)])
    (expected,) = backprop(leaves(f(wide)), wide, seeds)
    assert g.dtype == np.float32
    np.testing.assert_allclose(g.value, expected.value, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("name", CASES)
def test_views_and_arrays_that_may_not_be_written_to(name):
    f, x = CASES[name]
    plain, turned = leaf(x), leaf(x[..., ::-1])
    turned.value.flags.writeable = False
    expected, got = leaves(f(plain)), leaves(f(turned[..., ::-1]))
    seeds = [np.where(np.isnan(y.value), 0, 1.0) for y in expected]
    for y, e, seed in zip(got, expected, seeds, strict=True):
        np.testing.assert_allclose(y.value, e.value, rtol=1e-12, atol=1e-13)
        np.asarray(seed).flags.writeable = False
    (g,), (h,) = backprop(got, turned, seeds), backprop(expected, plain, seeds)
    np.testing.assert_allclose(g.value[..., ::-1], h.value, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", [name for name, (_, x) in CASES.items() if not np.isnan(x).any()])
def test_gradients_of_gradients(name):
    f, x = CASES[name]
    gradgradcheck(joined(f), x, name=name, rtol=1e-5, atol=1e-6)


def test_every_function_has_a_case():
    modules = ("arguments", "reductions", "statistics", "polynomials", "products", "linear_algebra")
    ours = {f for f, d in DERIVED.items() if d.__module__.rpartition(".")[2] in modules}
    ours |= {f for name in ("prod", "cumprod", "amax", "amin", "dot", "outer", "trace") if (f := named(name))}
    ours |= {f for f in BY_NUMPY if getattr(np.linalg, getattr(f, "__name__", ""), None) is f}
    assert ours == {named(name.split()[0]) for name in CASES}
    assert len(ours) >= 70


# --- what has no axes, or nothing in it ------------------------------------------------------------------------------

SMALL = {
    "prod of a number": (np.prod, np.array(2.5)),
    "prod of nothing": (np.prod, np.zeros(0)),
    "cumprod of a number": (np.cumprod, np.array(2.5)),
    "cumprod of nothing": (lambda x: np.cumprod(x, axis=1), np.zeros((2, 0))),
    "norm of a number": (np.linalg.norm, np.array(-2.5)),
    "norm of nothing": (lambda x: np.linalg.norm(x, axis=0), np.zeros((0, 2))),
    "vector_norm of a number": (np.linalg.vector_norm, np.array(-2.5)),
    "median of a number": (np.median, np.array(2.5)),
    "quantile of one": (lambda x: np.quantile(x, [0.2, 1.0]), np.array([2.5])),
    "percentile of columns of one": (lambda x: np.percentile(x, 30, axis=0), np.array([[2.5, 1.0]])),
    "nansum of nothing": (np.nansum, np.zeros(0)),
    "nancumprod of a number": (np.nancumprod, np.array(np.nan)),
    "diff of one": (np.diff, np.array([2.5])),
    "ediff1d of a number": (np.ediff1d, np.array(2.5)),
    "trapezoid of one": (np.trapezoid, np.array([2.5])),
    "average of a number": (np.average, np.array(2.5)),
    "ptp of a number": (np.ptp, np.array(2.5)),
    "cov of one of each": (lambda x: np.cov(x, bias=True), np.array([[2.5], [1.0]])),
    "corrcoef of one": (np.corrcoef, np.array([2.5, 1.0, 0.3])),
    "inner of a number": (lambda x: np.inner(x, V), np.array(2.5)),
    "vdot of numbers": (lambda x: np.vdot(x, x), np.array(2.5)),
    "kron of numbers": (lambda x: np.kron(x, 3.0), np.array(2.5)),
    "dot with nothing": (lambda x: np.dot(x, np.zeros((0, 3))), np.zeros((2, 0))),
    "tensordot over nothing": (lambda x: np.tensordot(x, np.zeros((0, 3)), 1), np.zeros((2, 0))),
    "einsum over nothing": (lambda x: np.einsum("ij,jk->ik", x, np.zeros((0, 3))), np.zeros((2, 0))),
    "einsum of a number": (lambda x: np.einsum(",", x, 3.0), np.array(2.5)),
    "trace of one": (np.trace, np.array([[2.5]])),
    "inv of none": (np.linalg.inv, np.zeros((0, 2, 2))),
    "det of none": (np.linalg.det, np.zeros((0, 2, 2))),
    "svd of one": (np.linalg.svd, np.array([[-2.5]])),
    "eigh of one": (np.linalg.eigh, np.array([[-2.5]])),
    "qr of one": (np.linalg.qr, np.array([[2.5]])),
    "polyval of nothing": (lambda x: np.polyval([], x), np.array(2.5)),
    "polyder of a constant": (np.polyder, np.array([2.5])),
    "polyint of nothing": (np.polyint, np.zeros(0)),
    "poly of a root": (np.poly, np.array([2.5])),
    "vander of one": (np.vander, np.array([2.5])),
    "convolve of one": (lambda x: np.convolve(x, x), np.array([2.5])),
}


@pytest.mark.parametrize(("f", "x"), SMALL.values(), ids=SMALL)
def test_small_inputs(f, x):
    t = leaf(x)
    for y, e in zip(leaves(f(t)), leaves(f(x)), strict=True):
        np.testing.assert_allclose(y.value, e, rtol=1e-14)
        assert (y.shape, y.dtype) == (np.shape(e), e.dtype)
    results = [y for y in leaves(f(t)) if y.requires_grad]
    (g,) = backprop(results, t, [np.ones(y.shape) for y in results])
    np.testing.assert_allclose(
        g.value, slopes(f, x, [np.ones(np.shape(e)) for e in leaves(f(x))]), rtol=1e-7, atol=1e-9
    )


LISTS = {
    "kron": lambda t: np.kron([1.0, 2.0], t),
    "average": lambda t: np.average([1.0, 2.0], weights=t),
    "polyval": lambda t: np.polyval([1, 2, 3], t),
    "polyadd": lambda t: np.polyadd([1, 2, 3], t),
    "inner": lambda t: np.inner([1.0, 2.0], t),
    "cov": lambda t: np.cov([1.0, 2.0], t),
    "convolve": lambda t: np.convolve([1, 2, 3], t),
    "trapezoid": lambda t: np.trapezoid([1.0, 2.0], t),
    "einsum": lambda t: np.einsum("i,i", [1.0, 2.0], t),
    "tensordot": lambda t: np.tensordot([[1.0, 2.0]], t, 1),
    "linalg.solve": lambda t: np.linalg.solve([[1.0, 2.0], [3.0, 5.0]], t),
    "linalg.multi_dot": lambda t: np.linalg.multi_dot([t, np.eye(2), [1.0, 2.0]]),
}


@pytest.mark.parametrize("f", LISTS.values(), ids=LISTS)
def test_lists_beside_tensors(f):
    x = np.array([0.5, 3.0])
    gradcheck(f, x)
    np.testing.assert_allclose(f(leaf(x)).value, f(x), rtol=1e-14)


# --- where a slope is a choice, or needs care ------------------------------------------------------------------------


def gradient(f, x):
    t = leaf(x)
    return backprop(f(t), t, np.ones(f(t).shape))[0].value


@pytest.mark.parametrize("factors", [[2.0, 3.0, 5.0], [2.0, 0.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
def test_products_are_exact_with_zeros(factors):
    a, b, c = factors
    assert gradient(np.prod, factors).tolist() == [b * c, a * c, a * b]
    assert gradient(np.cumprod, factors).tolist() == [1 + b + b * c, a + a * c, a * b]
    assert gradient(lambda x: np.prod(x, axis=1, keepdims=True), [factors, factors[::-1]]).tolist() == [
        [b * c, a * c, a * b],
        [a * b, a * c, b * c],
    ]
    t = leaf(factors)
    for f, hessian in (
        (np.prod, [[0, c, b], [c, 0, a], [b, a, 0]]),
        (np.cumprod, [[0, 1 + c, b], [1 + c, 0, a], [b, a, 0]]),
    ):
        (g,) = backprop(f(t), t, np.ones(f(t).shape), create_graph=True)
        assert [backprop(g[i], t, retain_graph=True)[0].value.tolist() for i in range(3)] == hessian
        (third,) = backprop(backprop(g[0], t, create_graph=True)[0][1], t)
        assert third.value.tolist() == [0, 0, 1], "the product of three has the third derivative 1"


def test_the_recurrence_is_what_it_says():
    a, b = np.array([0.5, -2.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])
    assert linear_recurrence(a, b).tolist() == [1, 2.5, -2, -2]
    np.testing.assert_array_equal(linear_recurrence(b[1:], [1.0, 0, 0, 0]), np.cumprod([1, *b[1:]]))


@pytest.mark.parametrize("order", [None, 1, 1.5, 2, 3, np.inf, 0, 0.5, -1])
def test_a_norm_at_0_has_the_slope_0(order):
    f = partial(np.linalg.norm, ord=order)
    assert gradient(f, [0.0, 0.0]).tolist() == [0, 0]
    g = gradient(f, [0.0, 2.0])
    if order == -1:
        assert g.tolist() == [0, 0]  # 1/(1/0 + 1/2), which is 0 however large the other
    else:
        np.testing.assert_allclose(g, [0, 0 if order == 0 else 1], rtol=1e-14)
    t = leaf([0.0, 0.0])
    (g,) = backprop(f(t), t, create_graph=True)
    assert backprop(g.sum() + 0 * t.sum(), t)[0].value.tolist() == [0, 0]


def test_a_matrix_norm_where_singular_values_are_0_or_equal():
    u, v = np.array([0.6, 0.8]), np.array([2.0, 1.0, 2.0]) / 3
    for order in (2, "fro"):
        np.testing.assert_allclose(
            gradient(partial(np.linalg.norm, ord=order), 7 * np.outer(u, v)), np.outer(u, v), atol=1e-14
        )
    g = gradient(partial(np.linalg.norm, ord="nuc"), 7 * np.outer(u, v))  # one of many: u vᵀ and something beside both
    np.testing.assert_allclose(g @ v, u, rtol=1e-13)
    np.testing.assert_allclose(g.T @ u, v, rtol=1e-13)
    assert np.linalg.norm(g, 2) <= 1 + 1e-13
    for order in ("nuc", 2, -2, "fro", 1, np.inf):
        assert not gradient(partial(np.linalg.norm, ord=order), np.zeros((2, 3))).any()
    np.testing.assert_allclose(gradient(lambda x: np.linalg.norm(x, 2), 3 * np.eye(2)), np.eye(2) / 2, atol=1e-15)
    assert not gradient(lambda x: np.linalg.svdvals(x)[0] * 0, np.zeros((3, 2))).any()


def test_equal_eigenvalues_have_a_gradient_if_their_vectors_are_not_asked_for():
    a = np.diag([2.0, 2.0, 5.0])
    np.testing.assert_allclose(
        gradient(lambda x: np.linalg.eigvalsh(x)[:2].sum(), a), np.diag([1.0, 1.0, 0.0]), atol=1e-15
    )
    np.testing.assert_allclose(gradient(lambda x: np.linalg.eigh(x).eigenvectors[2, 2], a), 0 * a, atol=1e-15)


@pytest.mark.parametrize("f", [np.linalg.cholesky, np.linalg.eigvalsh, lambda a: np.linalg.eigh(a).eigenvalues])
def test_symmetric_matrices_have_symmetric_gradients_and_others_are_refused(f):
    g = gradient(f, SYMMETRIC)
    np.testing.assert_array_equal(g, g.T)
    lower = np.tril(SYMMETRIC)
    with pytest.raises(np.linalg.LinAlgError, match="not symmetric: for arrays NumPy reads one triangle"):
        f(leaf(lower))
    mended = leaf(lower)
    np.testing.assert_allclose(f(np.tril(mended) + np.tril(mended, -1).T).value, f(lower), rtol=1e-14)


def test_slopes_at_ties_and_values_that_are_not_finite():
    assert gradient(np.nanstd, [2.0, 2.0, np.nan]).tolist() == [0, 0, 0]
    assert gradient(np.median, [1.0, 1.0]).tolist() == [0.5, 0.5]
    assert gradient(np.ptp, [1.0, 3.0, 3.0]).tolist() == [-1, 0.5, 0.5]
    assert gradient(np.nanmax, [np.nan, 3.0, 3.0]).tolist() == [0, 0.5, 0.5]
    assert np.median(leaf([np.inf, np.inf])).item() == np.inf
    assert np.linalg.cond(leaf(np.diag([2.0, 0.0]))).item() == np.inf
    assert np.isnan(np.nanmax(leaf([[np.nan, np.nan]]), axis=1).value).tolist() == [True]


def test_a_determinant_as_the_product_of_singular_values():
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(
        np.abs(gradient(lambda x: np.prod(np.linalg.svdvals(x)), singular)),
        np.abs([[4.0, -2.0], [-2.0, 1.0]]),
        atol=1e-14,
    )


# --- what is refused -------------------------------------------------------------------------------------------------

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
EQUAL = np.diag([2.0, 2.0, 5.0])


def backward(f):
    """A pass from f, in which every element has a weight of its own."""
    return lambda t: (y := f(t)).backward(np.cos(np.arange(y.size)).reshape(y.shape))


WITHOUT_GRADIENT = {
    "inv": (np.linalg.inv, SINGULAR, r"np\.linalg\.inv.*shape \(2, 2\) is singular; write np\.linalg\.pinv"),
    "inv in a stack": (np.linalg.inv, np.stack([np.eye(2), SINGULAR]), r"shape \(2, 2, 2\) is singular"),
    "solve": (lambda t: np.linalg.solve(t, [1.0, 2.0]), SINGULAR, r"np\.linalg\.solve.*singular; write np\.linalg\.pinv\(a\) @ b"),
    "det": (backward(np.linalg.det), SINGULAR, r"gradient of np\.linalg\.det.*singular; np\.prod\(np\.linalg\.svdvals"),
    "slogdet": (backward(lambda t: np.linalg.slogdet(t)[1]), SINGULAR, r"gradient of np\.linalg\.slogdet.*singular"),
    "cholesky": (np.linalg.cholesky, -np.eye(2), r"np\.linalg\.cholesky.*positive definite.*\(2, 2\) is not; add a little"),
    "eigh": (backward(lambda t: np.linalg.eigh(t)[1]), EQUAL, r"eigh: eigenvalues 0 and 1 are equal.*eigvalsh"),
    "eigh but for rounding": (backward(lambda t: np.linalg.eigh(t)[1]), EQUAL + np.diag([4e-16, 0, 0]), "0 and 1 are equal"),
    "eigh in a stack": (backward(lambda t: np.linalg.eigh(t)[1]), np.stack([SYMMETRIC, EQUAL[::-1, ::-1]]), "0 and 1 are equal"),
    "eigvalsh twice": (
        lambda t: backprop(backprop(np.linalg.eigvalsh(t)[0], t, create_graph=True)[0][0, 1], t), EQUAL, "0 and 1 are equal",
    ),
    "svd": (backward(lambda t: np.linalg.svd(t)[0]), EQUAL, r"svd: singular values 1 and 2 are equal.*svdvals"),
    "svd of lower rank": (backward(lambda t: np.linalg.svd(t, False)[0]), np.diag([1.0, 0, 0])[:, :2], r"value 1 is 0"),
    "qr": (backward(lambda t: np.linalg.qr(t)[1]), np.array([[0.0, 1], [0, 2]]), r"gradient of np\.linalg\.qr.*linearly independent"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "x", "message"), WITHOUT_GRADIENT.values(), ids=WITHOUT_GRADIENT)
def test_singular_cases_say_what_was_found(f, x, message):
    with pytest.raises(np.linalg.LinAlgError, match=message):
        f(leaf(x))


def test_other_errors_of_linear_algebra_are_numpys_own():
    for f in (np.linalg.inv, np.linalg.cholesky):
        with pytest.raises(np.linalg.LinAlgError, match="square"):
            f(leaf(X))


REFUSED = {
    "svd full": (np.linalg.svd, X, TypeError, "3×4.*full_matrices=False"),
    "svd hermitian": (lambda t: np.linalg.svd(t, hermitian=True), SYMMETRIC, TypeError, "eigh"),
    "qr complete": (lambda t: np.linalg.qr(t, "complete"), X, TypeError, "'complete'.*reduced"),
    "eig": (np.linalg.eig, SQUARE, TypeError, r"np\.linalg\.eig has no row.*np\.linalg\.eigh"),
    "eigvals": (np.linalg.eigvals, SQUARE, TypeError, "eigvalsh"),
    "lstsq": (lambda t: np.linalg.lstsq(t, W[:3]), X, TypeError, r"pinv\(a\) @ b"),
    "roots": (np.roots, V, TypeError, "Newton step"),
    "polydiv": (lambda t: np.polydiv(t, t), V, TypeError, "polyval"),
    "poly of a matrix": (np.poly, SQUARE, TypeError, "eigvalsh"),
    "polyfit full": (lambda t: np.polyfit(t, t, 1, full=True), V, TypeError, "leave out full="),
    "quantile method": (lambda t: np.quantile(t, 0.5, method="hazen"), V, TypeError, "'hazen'.*linear, midpoint"),
    "quantile weights": (lambda t: np.quantile(t, 0.5, weights=V), V, TypeError, "weights"),
    "quantile beyond": (lambda t: np.percentile(t, 101), V, ValueError, "between 0 and 1, percentiles"),
    "cov weights": (lambda t: np.cov(t, aweights=V), V, TypeError, "weights"),
    "cov of three axes": (np.cov, CUBE, ValueError, "one or two axes, not of 3"),
    "average weights": (lambda t: np.average(t, weights=W), X, TypeError, "write axis="),
    "average weights that do not fit": (lambda t: np.average(t, 0, weights=W), X, ValueError, "do not fit"),
    "gradient at coordinates": (lambda t: np.gradient(t, V), V, TypeError, r"np\.diff\(f\) / np\.diff\(x\)"),
    "gradient with too many spacings": (lambda t: np.gradient(t, 1.0, 2.0, 3.0), X, TypeError, "3 spacings for 2 axes"),
    "gradient of too few": (lambda t: np.gradient(t[:2], edge_order=2), V, ValueError, "3 elements at least along axis 0, not 2"),
    "diff negative": (lambda t: np.diff(t, -1), V, ValueError, "n is -1"),
    "polyint constants": (lambda t: np.polyint(t, 3, k=[1, 2]), V, ValueError, "3 times.*not 2"),
    "convolve mode": (lambda t: np.convolve(t, t, mode="some"), V, ValueError, "'some'.*full"),
    "einsum too few": (lambda t: np.einsum("ij,jk", t), X, ValueError, "2 terms.*1 arrays"),
    "einsum ellipsis lost": (lambda t: np.einsum("...i->i", t), X, ValueError, r"needs \.\.\."),
    "einsum diagonal": (lambda t: np.einsum("ii", t), X, ValueError, "'i' stands for axes of 3 and 4"),
    "tensordot": (lambda t: np.tensordot(t, t, 1), X, ValueError, "must agree"),
    "cross of two": (lambda t: np.cross(t, t), V[:2], ValueError, "three dimensions, not in 2"),
    "linalg.outer of matrices": (lambda t: np.linalg.outer(t, t), X, ValueError, "two vectors"),
    "multi_dot of one": (lambda t: np.linalg.multi_dot([t]), X, ValueError, "1 were given"),
    "tensorinv": (lambda t: np.linalg.tensorinv(t, 0), X, ValueError, "not 0"),
    "norm of three axes": (lambda t: np.linalg.norm(t, 2), CUBE, ValueError, "vector_norm"),
    "norm of a vector by name": (lambda t: np.linalg.norm(t, "fro"), V, ValueError, "'fro'"),
    "norm of a matrix": (lambda t: np.linalg.norm(t, 3), X, ValueError, "order 3; write 1, 2"),
    "prod where": (lambda t: np.prod(t, where=t > 0), X, TypeError, "prod does not take where"),
    "pinv hermitian": (lambda t: np.linalg.pinv(t, hermitian=True), SYMMETRIC, TypeError, "pinv does not take hermitian"),
}  # fmt: skip
if named("cumulative_sum") is not None:
    REFUSED["cumulative_sum of two axes"] = (lambda t: np.cumulative_sum(t), X, ValueError, "2 axes.*axis=")


@pytest.mark.parametrize(("f", "x", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_gradient_says_what_to_write(f, x, error, message):
    with pytest.raises(error, match=message):
        f(leaf(x))


def test_a_newton_step_from_the_roots_has_their_gradient():
    """What the refusal of np.roots advises: (x − 2)(x − 5), whose roots move by −pₖ'(r)/p'(r)."""
    p = leaf([1.0, -7.0, 10.0])
    r = np.roots(p.numpy())
    y = r - np.polyval(p, r) / np.polyval(np.polyder(p), r)
    np.testing.assert_allclose(y.value, [5, 2])
    (g,) = backprop(y, p, np.array([1.0, 0.0]))
    np.testing.assert_allclose(g.value, [-25 / 3, -5 / 3, -1 / 3])


def test_questions_about_numbers_have_plain_answers():
    assert {named("linalg.matrix_rank"), np.einsum_path, np.nanargmax} <= PASSED
    assert np.linalg.matrix_rank(leaf(X)) == 3
    assert np.nanargmax(leaf(HOLES), axis=1).tolist() == [3, 0, 1]
    assert np.einsum_path("ij,jk", leaf(X), X.T)[0] == ["einsum_path", (0, 1)]
    assert {np.roots, np.linalg.lstsq} <= set(NEAREST)


@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_the_mean_of_half_numbers_is_numpys(axis):
    x = np.random.default_rng(0).normal(100, 30, (40, 30)).astype(np.float16)  # their sum is more than 65504
    mean = leaf(x).mean(axis=axis)
    np.testing.assert_array_equal(mean.value, x.mean(axis=axis), strict=True)
