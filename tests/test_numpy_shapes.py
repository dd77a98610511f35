"""NumPy's functions of elements, shapes and places on Tensors: NumPy's own values, and the slopes it measures itself."""

import contextlib

import numpy as np
import pytest

from autograd_core import GraphCut, Tensor, ops
from autograd_core.backward import backprop
from autograd_core.check import gradgradcheck
from autograd_core.derived import DERIVED, NEAREST, PASSED, REDUCED, named, spelled
from autograd_core.op import BY_NUMPY, Op
from autograd_core.ops import comparisons, pairs
from autograd_core.trees import leaves, mapped

X = np.array([[0.3, -0.7, 0.5], [0.9, 0.2, -0.4]])
V = np.array([0.0, 0.4, -0.3, 1.2, 0.0])
CUBE = np.sin(np.arange(24.0)).reshape(2, 3, 4)
AT = np.array([[1, 0, 1], [0, 0, 2]])
GRID = np.array([-1.0, -0.2, 0.35, 1.1])  # where straight lines are broken

# name of the function, and what is special about the case -> (a function of x, x)
CASES = {
    # elements
    "arctan2": (lambda x: np.arctan2(x, x[::-1] + 0.1), X),
    "hypot": (lambda x: np.hypot(x, 0.5), X),
    "logaddexp": (lambda x: np.logaddexp(x, -x[::-1]), X),
    "logaddexp2": (lambda x: np.logaddexp2(x, x[:, :1] + 1), X),
    "fmax": (lambda x: np.fmax(x, x[::-1] * x), X),
    "fmin": (lambda x: np.fmin(x, [0.1, 0.25, 0.4]), X),
    "remainder": (lambda x: np.remainder(x * 3 + 0.05, x[:, 1:2]), X),
    "mod": (lambda x: np.mod(x, 0.13), X),
    "fmod": (lambda x: np.fmod(x * 3 + 0.05, x[:, 1:2]), X),
    "floor_divide": (lambda x: np.floor_divide(x, 0.13) * x, X),
    "divmod": (lambda x: np.divmod(x, 0.13), X),
    "copysign": (lambda x: np.copysign(x, -x[::-1]), X),
    "heaviside": (lambda x: np.heaviside(x, x) * x, X),
    "deg2rad": (np.deg2rad, X),
    "radians": (np.radians, X),
    "rad2deg": (np.rad2deg, X),
    "degrees": (np.degrees, X),
    "fabs": (np.fabs, X),
    "sinc": (np.sinc, X),
    "sinc, at 0": (np.sinc, V),
    "round": (lambda x: np.round(x, 1) * x, X),
    "around": (lambda x: np.around(x * 2.3) * x, X),
    "float_power": (lambda x: np.float_power(np.abs(x), x), X),
    "conjugate": (np.conj, X),
    "real": (np.real, X),
    "imag": (lambda x: np.imag(x) + x, X),
    "real_if_close": (np.real_if_close, X),
    "angle": (lambda x: np.angle(x) * x, X),
    "angle, in degrees": (lambda x: np.angle(x, deg=True) * x, X),
    "fix": (lambda x: np.trunc(x * 3) * x, X),
    "modf": (lambda x: np.modf(x * 3), X),
    "ldexp": (lambda x: np.ldexp(x, [1, -2, 3]), X),
    "frexp": (lambda x: np.frexp(x * 5.1), X),
    "where, the places": (lambda x: x[np.where(x < 9.0)] * 1, X),
    "clip, by Tensors": (lambda x: np.clip(x, x[0] - 0.3, np.max(x) - 0.05), X),
    "clip, from below": (lambda x: np.clip(X, np.sum(x) / 9, None), X),
    "clip, by keyword": (lambda x: np.clip(x, min=-0.5, max=np.sum(x) / 9), X),
    "nan_to_num": (lambda x: np.nan_to_num(np.where(X > 0.4, np.nan, x)), X),
    "nan_to_num, numbers of one's own": (lambda x: np.nan_to_num(np.where(X > 0.4, np.inf, x), posinf=3.0, neginf=-1.0), X),
    "interp": (lambda x: np.interp(x, GRID, [0.0, 1.0, -1.0, 2.0]), X),
    "interp, between Tensors": (lambda x: np.interp([-2.0, -0.5, 0.4, 5.0], GRID, x), np.array([0.1, 1.0, -1.0, 2.0])),
    "interp, points that move": (lambda x: np.interp([-0.5, 0.1, 0.4], x, [0.1, 1.0, -1.0, 2.0]), GRID),
    "interp, left and right": (lambda x: np.interp(x, [-0.5, 0.4], [1.0, 3.0], left=7.0, right=-7.0), X),
    "interp, periodic": (lambda x: np.interp(x * 3.1, [0.0, 0.4, 0.2], [1.0, 3.0, 0.0], period=0.6), X),
    "unwrap": (lambda x: np.unwrap(x * 9), X),
    "unwrap, along an axis": (lambda x: np.unwrap(x * 9, axis=0, period=4), X),
    "select": (lambda x: np.select([x > 0.4, X > 0], [x**2, 3 * x], -x), X),
    "choose": (lambda x: np.choose(AT, [x, x**2, 1.0]), X),
    "choose, clipped": (lambda x: np.choose(AT * 3, x, mode="clip"), X),
    "choose, around": (lambda x: np.choose(AT - 5, [x, x**2, 1.0], mode="wrap"), X),
    "piecewise": (lambda x: np.piecewise(x, [x < 0, x > 0.4], [np.negative, lambda v: v**2, 3.0]), X),
    "piecewise, two": (lambda x: np.piecewise(x, [x < 0.1], [np.exp, np.sin]), X),
    # axes
    "atleast_1d": (lambda x: np.atleast_1d(x, x[0, 0]), X),
    "atleast_2d": (lambda x: np.atleast_2d(x[0], x[0, 0], x), X),
    "atleast_3d": (lambda x: np.atleast_3d(x[0], x[0, 0], x), X),
    "ravel": (np.ravel, X),
    "matrix_transpose": (np.matrix_transpose, CUBE),
    "linalg.matrix_transpose": (np.linalg.matrix_transpose, CUBE),
    "permute_dims": (lambda x: np.permute_dims(x, (2, 0, 1)), CUBE),
    "rollaxis": (lambda x: (np.rollaxis(x, 2), np.rollaxis(x, 0, 3), np.rollaxis(x, 2, 1), np.rollaxis(x, 0, -1)), CUBE),
    "rot90": (lambda x: tuple(np.rot90(x, k) for k in range(-1, 4)), X),
    "rot90, of other axes": (lambda x: np.rot90(x, 1, (2, 0)), CUBE),
    "fliplr": (np.fliplr, X),
    "flipud": (np.flipud, X),
    "roll": (lambda x: np.roll(x, 2), X),
    "roll, several axes": (lambda x: np.roll(x, (1, -1), (0, 1)), X),
    "roll, a list": (lambda x: np.roll(x, [1, -1], axis=[0, 1]), X),
    "fft.fftshift": (np.fft.fftshift, X),
    "fft.ifftshift": (lambda x: np.fft.ifftshift(x, 1), X),
    # joining
    "vstack": (lambda x: np.vstack([x[0], x, [[1.0, 2.0, 3.0]]]), X),
    "hstack": (lambda x: np.hstack([x, X, x[:, :1]]), X),
    "hstack, of vectors": (lambda x: np.hstack([x, x[1], [2.0]]), V),
    "dstack": (lambda x: np.dstack([x, X]), X),
    "column_stack": (lambda x: np.column_stack([x, [1.0, 2.0], x[:, 1]]), X),
    "append": (lambda x: np.append(x, [1.0, 2.0]), X),
    "append, along an axis": (lambda x: np.append(X, x[:, :1], axis=1), X),
    "block": (lambda x: np.block([[x, x[:, :1]], [np.ones((1, 3)), x[0, 0]]]), X),
    "block, of unequal depth": (lambda x: np.block([x, x[0], 1.0]), X[:1]),
    # splitting
    "split": (lambda x: np.split(x, 3, axis=1), X),
    "split, at places": (lambda x: np.split(x, [1, 3, 4]), V),
    "array_split": (lambda x: np.array_split(x, 3), V),
    "hsplit": (lambda x: np.hsplit(x, [1]), X),
    "hsplit, of a vector": (lambda x: np.hsplit(x, 5), V),
    "vsplit": (lambda x: np.vsplit(x, 2), X),
    "dsplit": (lambda x: np.dsplit(x, 2), CUBE),
    "unstack": (lambda x: np.unstack(x, axis=1), X),
    # repeating
    "repeat": (lambda x: np.repeat(x, 3), X),
    "repeat, along an axis": (lambda x: np.repeat(x, 2, axis=1), CUBE),
    "repeat, each as often as is said": (lambda x: np.repeat(x, [2, 0, 1], axis=1), X),
    "tile": (lambda x: np.tile(x, 2), X),
    "tile, more axes": (lambda x: np.tile(x, (2, 1, 3)), X),
    "tile, fewer axes": (lambda x: np.tile(x, [3]), CUBE),
    "resize": (lambda x: np.resize(x, (3, 4)), X),
    "resize, smaller": (lambda x: np.resize(x, 4), X),
    "broadcast_arrays": (lambda x: np.broadcast_arrays(x, x[:, :1], 2.0), X),
    "meshgrid": (lambda x: np.meshgrid(x, [1.0, 2.0], x[:3]), V),
    "meshgrid, sparse": (lambda x: np.meshgrid(x, x[:2], sparse=True), V),
    "meshgrid, by rows": (lambda x: np.meshgrid(x, x[:2], indexing="ij"), V),
    "lib.stride_tricks.sliding_window_view": (lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2)), X),
    "lib.stride_tricks.sliding_window_view, an axis": (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1), X),
    # picking
    "take": (lambda x: np.take(x, [5, 0, 0]), X),
    "take, along an axis": (lambda x: np.take(x, AT, axis=1), X),
    "take, one": (lambda x: np.take(x, 2, axis=-1), X),
    "take, clipped": (lambda x: np.take(x, [-1, 7], axis=0, mode="clip"), X),
    "take, around": (lambda x: np.take(x, [-1, 7], axis=0, mode="wrap"), X),
    "take_along_axis": (lambda x: np.take_along_axis(x, AT, axis=1), X),
    "take_along_axis, broadcast": (lambda x: np.take_along_axis(x, AT[:1], axis=0), X),
    "take_along_axis, flat": (lambda x: np.take_along_axis(x, np.array([5, 0, 0]), axis=None), X),
    "compress": (lambda x: np.compress([True, False, True], x, axis=1), X),
    "compress, flat": (lambda x: np.compress([0, 1, 1], x), X),
    "extract": (lambda x: np.extract(x > 0.25, x), X),
    "delete": (lambda x: np.delete(x, 1, axis=1), X),
    "delete, several": (lambda x: np.delete(x, [0, 4]), X),
    "delete, a slice": (lambda x: np.delete(x, slice(None, None, 2), 1), X),
    "insert": (lambda x: np.insert(x, 1, x[0, 0], axis=1), X),
    "insert, several in one place": (lambda x: np.insert(x, 2, [5.0, 6.0, 7.0]), X),
    "insert, one each": (lambda x: np.insert(x, [0, 2], x[:, :2], axis=1), X),
    "insert, a row": (lambda x: np.insert(x, -1, x[0] * 2, axis=0), X),
    "insert, a column for one place": (lambda x: np.insert(x, [1], [[7.0], [8.0]], axis=1), X),
    "insert, a column": (lambda x: np.insert(x, 1, [7.0, 8.0], axis=1), X),
    "insert, a slice": (lambda x: np.insert(x, slice(0, 2), 3.0, axis=1), X),
    "trim_zeros": (np.trim_zeros, V),
    "trim_zeros, at the back": (lambda x: np.trim_zeros(x, "b"), V),
    "diagonal": (lambda x: np.diagonal(x, 1, 0, 2), CUBE),
    "diag": (lambda x: np.diag(x, 1), X),
    "diag, of a vector": (lambda x: (np.diag(x), np.diag(x, 2), np.diag(x, -1)), V),
    "diagflat": (lambda x: np.diagflat(x, -1), X),
    "tril": (lambda x: np.tril(x, -1), CUBE),
    "tril, of a vector": (np.tril, V),
    "triu": (lambda x: np.triu(x, 1), X),
    "bincount": (lambda x: np.bincount(AT.ravel(), x.reshape(-1), minlength=5), X),
    "sort": (np.sort, X),
    "sort, along an axis": (lambda x: np.sort(x, axis=1), CUBE),
    "sort, flat": (lambda x: np.sort(x, axis=None), X),
    "partition": (lambda x: np.partition(x, 1), X),
    "partition, several": (lambda x: np.partition(x, (0, 2), axis=1)[:, [0, 2]], CUBE),
    "pad": (lambda x: np.pad(x, 1), X),
    "pad, constants": (lambda x: np.pad(x, ((1, 2), (0, 1)), constant_values=((1.0, 2.0), (3.0, 4.0))), X),
    "pad, a constant that is learned": (lambda x: np.pad(x, (1, 2), constant_values=x[0, 1]), X),
    **{f"pad, {mode}": (lambda x, mode=mode: np.pad(x, ((1, 1), (2, 3)), mode), X) for mode in ("edge", "reflect", "symmetric", "wrap")},
    # filling
    "copy": (np.copy, X),
    "astype": (lambda x: np.astype(x, np.float64), X),
    "full_like": (lambda x: np.full_like(x, x[0, 0]), X),
    "full_like, another shape": (lambda x: np.full_like(x, x[0], shape=(4, 3)), X),
    "linspace": (lambda x: np.linspace(x[0], x[1], 4), X),
    "linspace, open": (lambda x: np.linspace(x, 3.0, num=4, endpoint=False, retstep=True, axis=-1), X),
    "linspace, one": (lambda x: np.linspace(x, 3.0, 1), V),
    "logspace": (lambda x: np.logspace(x, 1.0, 3), X),
    "logspace, base": (lambda x: np.logspace(0.5, x, 3, base=2.0, axis=1), X),
    "logspace, a base that is learned": (lambda x: np.logspace(0.5, 2.0, 3, base=np.abs(x[0, 0]) + 1), X),
    "logspace, bases": (lambda x: np.logspace(x[0], [1.0, 2.0, 1.5], 3, base=x * x + 1, axis=-1), X),
    "geomspace": (lambda x: np.geomspace(x, x * 3, 4), X),
    "geomspace, open": (lambda x: np.geomspace(2.0, x**2, 3, endpoint=False, axis=-1), X),
    "apply_along_axis": (lambda x: np.apply_along_axis(lambda v, k: v * np.sum(v) + k, 1, x, 2.0), CUBE),
    "apply_along_axis, to numbers": (lambda x: np.apply_along_axis(np.sum, 0, x), X),
    "apply_along_axis, to matrices": (lambda x: np.apply_along_axis(lambda v: np.outer(v, v), 1, x), CUBE),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x, (0, -1)), CUBE),
    # methods of ufuncs
    "add.reduce": (np.add.reduce, X),
    "add.reduce, of all": (lambda x: np.add.reduce(x, axis=None), X),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=1), X),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, axis=(0, 1)), X),
    "minimum.reduce": (lambda x: np.minimum.reduce(x, axis=1, keepdims=True), X),
    "logaddexp.reduce": (np.logaddexp.reduce, X),
    "logical_and.reduce": (lambda x: np.logical_and.reduce(x > -0.5) * x, X),
    "logical_or.reduce": (lambda x: np.logical_or.reduce(x > 0.4, axis=1, keepdims=True) * x, X),
    "add.accumulate": (np.add.accumulate, X),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x, axis=1), X),
    "subtract.outer": (lambda x: np.subtract.outer(x, x[0]), X),
    "multiply.outer": (lambda x: np.multiply.outer([2.0, 3.0], x), X),
}  # fmt: skip
# some functions are of later versions
CASES = {name: case for name, case in CASES.items() if named(name.split(",")[0]) is not None}
# computed in another order than NumPy does
ROUNDED = {"unwrap", "logaddexp.reduce", "logspace", "geomspace", "linspace"}


def tensors(tree):
    return [y for y in leaves(tree) if isinstance(y, Tensor)]


def equal(got, expected, name=""):
    """Numbers, dtypes and the way in which they are nested."""
    assert type(mapped(lambda _: 0, got)) is type(mapped(lambda _: 0, expected))
    for y, e in zip(leaves(got), leaves(expected), strict=True):
        value = np.asarray(y.value if isinstance(y, Tensor) else y)
        assert value.dtype == np.asarray(e).dtype
        if name.split(",")[0] in ROUNDED:
            assert value.shape == np.shape(e)
            np.testing.assert_allclose(value, e, rtol=20 * np.finfo(value.dtype).eps)
        else:
            np.testing.assert_array_equal(value, e, strict=True)


@pytest.mark.parametrize("name", CASES)
def test_values_are_numpys(name):
    f, x = CASES[name]
    for dtype in (np.float64, np.float32):
        equal(f(Tensor(x.astype(dtype), requires_grad=True)), f(x.astype(dtype)), name)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_what_numpy_measures(name):
    f, x = CASES[name]
    t = Tensor(x, requires_grad=True)
    ys = leaves(f(t))
    weights = [np.cos(1 + np.arange(np.size(y))).reshape(np.shape(y)) for y in ys]
    (got,) = backprop(tensors(ys), t, [w for y, w in zip(ys, weights, strict=True) if isinstance(y, Tensor)])

    def weighted(x):
        return sum(np.sum(y * w) for y, w in zip(leaves(f(x)), weights, strict=True))

    step, expected = 1e-6, np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        if name.startswith("trim_zeros") and got.value[index] == 0:
            continue  # a zero that is nudged is not trimmed any more
        sides = [x.copy(), x.copy()]
        sides[0][index] += step
        sides[1][index] -= step
        expected[index] = (weighted(sides[0]) - weighted(sides[1])) / (2 * step)
    np.testing.assert_allclose(got.value, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [n for n in CASES if "trim_zeros" not in n])
def test_gradients_of_gradients(name):
    f, x = CASES[name]
    gradgradcheck(lambda t: np.concatenate([y.reshape(-1) for y in tensors(f(t))]), x)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32_on_the_way_back(name):
    f, x = CASES[name]
    t = Tensor(x.astype(np.float32), requires_grad=True)
    ys = tensors(f(t))
    (got,) = backprop(ys, t, [np.ones_like(y.value) for y in ys])
    assert got.dtype == np.float32


READONLY = X.copy()
READONLY.flags.writeable = False
UNUSUAL = {
    "a number": np.float64(0.7), "0-d": np.array(0.7), "empty": np.zeros(0), "no rows": np.zeros((0, 3)), "one": np.array([0.7]),
    "one by one": np.array([[0.7]]), "transposed": np.asfortranarray(CUBE).T, "backwards": X[::-1, ::-1], "read-only": READONLY,
    "stretched": np.broadcast_to(np.array([0.3, -0.7, 0.5]), (2, 3)),
}  # fmt: skip
DIFFERENT = {
    ("logaddexp.reduce", "empty"): "of nothing: an error, and −∞ in NumPy",
    ("logaddexp.reduce", "no rows"): "of nothing: an error, and −∞ in NumPy",
    ("add.accumulate", "a number"): "np.cumsum takes a number, too",
    ("add.accumulate", "0-d"): "np.cumsum takes a number, too",
    ("astype", "a number"): "NumPy 2.0 takes arrays alone",
    ("pad, a constant that is learned", "transposed"): "several constants are read as plain numbers, with a warning",
}


@pytest.mark.parametrize("name", CASES)
def test_unusual_arrays_give_what_numpy_gives_or_an_error_where_it_has_one(name):
    f, _ = CASES[name]
    for kind, x in UNUSUAL.items():
        if (name, kind) in DIFFERENT or (name.startswith("trim_zeros") and x.ndim != 1):  # as NumPy 2.0 has it
            continue
        with np.errstate(all="ignore"):
            try:
                expected = f(x)
            except Exception:
                with pytest.raises((TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError)):
                    f(Tensor(x, requires_grad=True))
                continue
            t = Tensor(x, requires_grad=True)
            y = f(t)
            try:
                equal(y, expected, name)
                ys = [y for y in tensors(y) if y.requires_grad]
                (g,) = backprop(ys, t, [np.ones_like(y.value) for y in ys]) if ys else (t,)
                assert g.shape == t.shape
            except Exception as error:
                error.add_note(f"{name} of {kind}")
                raise


def test_everything_that_is_derived_or_new_in_the_table_has_a_case():
    cases = {name.split(",")[0] for name in CASES}
    files = {"elementwise", "filling", "picking", "shapes"}
    said = {spelled(f)[3:] for f, ours in DERIVED.items() if ours.__module__.rpartition(".")[2] in files}
    said |= {f"{f.__name__}.{method}" for f, method in REDUCED if method != "outer"}
    said |= {op.kernel.__name__ for op in vars(pairs).values() if isinstance(op, Op) and op.name != "sigmoid"}
    said |= {"sort", "partition", "take_along_axis", "roll", "sinc", "round", "around", "deg2rad", "rad2deg", "fabs"}
    assert said - cases == set()
    for name in said:  # and the cases mean what they are called
        assert name.split(".")[0] in dir(np)


JUMPS = {  # where no slope can be measured
    "unwrap by half a period": lambda x: np.unwrap(x, period=4.0),
    "round": lambda x: np.round(x / 4),
    "floor_divide": lambda x: np.floor_divide(x, 2),
    "mod": lambda x: np.mod(x, -2),
    "heaviside": lambda x: np.heaviside(x, 0.25),
    "sort with ties and NaN": lambda x: np.sort(np.where(x > 3, np.nan, x)),
}


@pytest.mark.parametrize("f", JUMPS.values(), ids=JUMPS)
def test_values_at_jumps_are_numpys(f):
    x = np.array([0.0, 2.0, 0.0, -2.0, -4.0, 1.0, 5.0, 6.0])
    equal(f(Tensor(x, requires_grad=True)), f(x))


# --- slopes where there is none, and infinities --------------------------------------------------------------------------

INF, NAN = np.inf, np.nan
KINKS = [  # function, arguments, slopes towards them
    (np.hypot, (0.0, 0.0), (0, 0)),
    (np.arctan2, (0.0, 0.0), (0, 0)),
    (np.arctan2, (1e-200, 1e-200), (5e199, -5e199)),
    (np.logaddexp, (-INF, 2.0), (0, 1)),
    (np.logaddexp, (-INF, -INF), (0.5, 0.5)),
    (np.logaddexp, (INF, 0.0), (1, 0)),
    (np.logaddexp, (1e5, 1e5), (0.5, 0.5)),
    (np.logaddexp2, (-INF, -INF), (0.5, 0.5)),
    (np.fmax, (NAN, 2.0), (0, 1)),
    (np.fmax, (2.0, NAN), (1, 0)),
    (np.fmax, (2.0, 2.0), (0.5, 0.5)),
    (np.fmin, (2.0, NAN), (1, 0)),
    (np.fmin, (2.0, 2.0), (0.5, 0.5)),
    (np.fmin, (2.0, 3.0), (1, 0)),
    (np.fabs, (0.0,), (0,)),
    (np.copysign, (0.0, -1.0), (0, 0)),
    (np.heaviside, (0.0, 0.5), (0, 1)),
    (np.sinc, (0.0,), (0,)),
    (np.remainder, (-7.5, 2.0), (1, 4)),
    (np.fmod, (-7.5, 2.0), (1, 3)),
    (np.fmod, (0.3, 0.1), (1, -2)),  # 0.3/0.1 rounds to 3, and yet 0.1 goes in twice
    (np.nan_to_num, (INF,), (0,)),
    (np.nan_to_num, (NAN,), (0,)),
]


@pytest.mark.parametrize(("f", "arguments", "slopes"), KINKS, ids=[f"{f.__name__}{a}" for f, a, _ in KINKS])
def test_slopes_at_kinks_ties_and_infinities(f, arguments, slopes):
    for create_graph in (False, True):
        leaf = [Tensor(a, requires_grad=True) for a in arguments]
        got = backprop(f(*leaf), leaf, create_graph=create_graph)
        np.testing.assert_allclose([g.item() for g in got], slopes, rtol=1e-12)


def test_second_slopes_of_logaddexp_where_both_are_equal_or_infinite():
    for at, expected in ((3.0, 0.25), (-INF, 0)):
        a = Tensor(at, requires_grad=True)
        (g,) = backprop(np.logaddexp(a, at), a, create_graph=True)
        assert backprop(g, a)[0].item() == expected


SINC_AT_0 = [1, 0, -(np.pi**2) / 3, 0, np.pi**4 / 5, 0, -(np.pi**6) / 7]


@pytest.mark.parametrize("x", [0.0, 1e-9, 1e-5])
def test_sinc_near_0_to_the_sixth_order(x):
    at = t = Tensor(x, requires_grad=True)
    y, found = np.sinc(t), []
    for _ in SINC_AT_0:
        found.append(y.item())
        (y,) = backprop(y, at, create_graph=True)
    np.testing.assert_allclose(found, SINC_AT_0, rtol=1e-6, atol=1e-2 * x + 60000 * x)


def test_ties_in_a_sort_keep_every_gradient():
    t = Tensor([2.0, 1.0, 2.0, 1.0], requires_grad=True)
    (g,) = backprop(np.sort(t), t, np.array([1.0, 2.0, 3.0, 4.0]))
    assert sorted(g.value.tolist()) == [1, 2, 3, 4]
    assert set(g.value[[1, 3]]) == {1, 2}


# --- erf and the normal distribution ---------------------------------------------------------------------------------------

FAR = np.concatenate([np.linspace(-37.5, 9, 400), np.linspace(-1, 1, 101), [1e-300, -1e-9]])


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 8e-16), (np.float32, 6e-7)], ids=["float64", "float32"])
def test_erf_and_normal_cdf_to_the_last_digit(dtype, rtol):
    mp = pytest.importorskip("mpmath")
    x = FAR.astype(dtype)
    x = x[x > -12] if dtype == np.float32 else x  # further out float32 has no normal numbers
    with mp.workdps(30):
        cdf = np.array([float(mp.erfc(-mp.mpf(float(v)) / mp.sqrt(2)) / 2) for v in x])
        erf = np.array([float(mp.erf(mp.mpf(float(v)))) for v in x])
    np.testing.assert_allclose(ops.normal_cdf(x), cdf, rtol=rtol)
    np.testing.assert_allclose(ops.erf(x), erf, rtol=rtol)
    assert ops.erf(x).dtype == ops.normal_cdf(x).dtype == dtype


def test_erf_and_normal_cdf_of_unusual_arguments():
    np.testing.assert_array_equal(ops.erf(np.array([INF, -INF, NAN, 1e300])), [1, -1, NAN, 1])
    np.testing.assert_array_equal(ops.normal_cdf(np.array([INF, -INF, NAN, -1e300, 0.0])), [1, 0, NAN, 0, 0.5])
    assert ops.erf(np.array([-0.0])).tolist() == [0.0]
    assert ops.erf(np.zeros((0, 3))).shape == (0, 3)
    assert isinstance(ops.erf(1), np.float64)
    assert ops.erf(np.float16(0.5)).dtype == np.float16


# --- what has no gradient ----------------------------------------------------------------------------------------------------

WITHOUT = {
    "nonzero": lambda x: np.nonzero(x > 0), "argwhere": lambda x: np.argwhere(x > 0), "flatnonzero": lambda x: np.flatnonzero(x > 0),
    "searchsorted": lambda x: np.searchsorted([0.0, 0.4], x), "digitize": lambda x: np.digitize(x, [0.0, 0.4]),
    "histogram": lambda x: np.histogram(x, 3), "unique": np.unique, "count_nonzero": lambda x: np.count_nonzero(x > 0),
    "isin": lambda x: np.isin(x, [0.3, 0.2]), "allclose": lambda x: np.allclose(x, X), "array_equal": lambda x: np.array_equal(x, X),
    "isclose": lambda x: np.isclose(x, 0.3), "lexsort": lambda x: np.lexsort((x[0], x[1])), "array2string": np.array2string,
    "result_type": lambda x: np.result_type(x, np.float32), "can_cast": lambda x: np.can_cast(np.float32, x.dtype),
    "shares_memory": lambda x: np.shares_memory(x, np.ones(2)), "isneginf": np.isneginf, "bincount": lambda x: np.bincount([1, 1, 3]),
    "empty_like": lambda x: np.empty_like(x).shape, "intersect1d": lambda x: np.intersect1d(x, [0.3, 0.5]), "array_repr": np.array_repr,
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT)
def test_questions_have_plain_answers(name):
    f, cut = WITHOUT[name], name in ("histogram", "unique", "intersect1d")  # values come out of the graph, with a word
    with pytest.warns(GraphCut, match=name) if cut else contextlib.nullcontext():
        got, expected = f(Tensor(X, requires_grad=True)), f(X)
    assert not tensors(got)
    for y, e in zip(leaves(got), leaves(expected), strict=True):
        np.testing.assert_array_equal(y, e)


MASKS = [op for op in vars(comparisons).values() if isinstance(op, Op)]


@pytest.mark.parametrize("op", MASKS, ids=lambda op: op.name)
def test_comparisons_and_bits_are_computed_without_a_gradient(op):
    whole = op.kernel in (np.left_shift, np.right_shift, np.invert, np.bitwise_count) or "bitwise" in op.name
    a, b = (AT, AT[::-1]) if whole else (X, X[::-1])
    arguments = [a, b][: op.arity]
    y = op(*map(Tensor, arguments))
    assert isinstance(y, Tensor)
    assert not y.requires_grad
    np.testing.assert_array_equal(y.value, op.kernel(*arguments, **op.params), strict=True)


REFUSED = {
    "copyto": (lambda t: np.copyto(np.zeros(2), t), r"np.copyto has no row.*t\[index\] = values.*np.where"),
    "put": (lambda t: np.put(t, [0], 1.0), r"np.put has no row.*t\[index\] = values"),
    "place": (lambda t: np.place(t, t > 0, 1.0), r"t\[index\] = values"),
    "putmask": (lambda t: np.putmask(t, t > 0, 1.0), r"t\[index\] = values"),
    "fill_diagonal": (lambda t: np.fill_diagonal(t, 1.0), r"t\[np.diag_indices_from\(t\)\] = values"),
    "put_along_axis": (lambda t: np.put_along_axis(t, np.array([0]), 1.0, 0), r"t\[index\] = values, with np.ogrid"),
    "fft": (np.fft.fft, "np.fft.fft has no row.*complex numbers are not supported; .*cosines"),
    "irfft2": (np.fft.irfft2, "np.fft.irfft2 has no row.*complex numbers are not supported"),
    "sort_complex": (np.sort_complex, r"complex numbers are not supported; write np.sort\(t\)"),
    "i0": (np.i0, "np.i0 has no row.*series"),
    "spacing": (np.spacing, "np.spacing has no row.*no function of calculus"),
    "nextafter": (lambda t: np.nextafter(t, 1.0), "no function of calculus"),
    "pad, computed": (lambda t: np.pad(t, 1, "linear_ramp"), "'linear_ramp' has no row; .*constant, edge, reflect"),
    "pad, odd": (lambda t: np.pad(t, 1, "reflect", reflect_type="odd"), "reflect_type='odd'.*np.concatenate"),
    "a method without a row": (np.subtract.reduce, "np.subtract.reduce has no row"),
    "in place": (lambda t: np.add.at(t, [0], 1.0), "np.add.at has no row"),
    "out=": (lambda t: np.take(t, [0], out=np.zeros(1)), r"np.take\(\.\.\., out=.*would write into an array"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_names_what_to_write(call, message):
    with pytest.raises(TypeError, match=message):
        call(Tensor([1.0, 2.0], requires_grad=True))


WRONG = {
    "unequal pieces": (lambda t: np.split(t, 2), "axis of 3 into 2 equal pieces; write np.array_split"),
    "too few choices": (lambda t: np.choose([0, 5, 1], [t, t]), '2 choices; mode="clip"'),
    "choices without conditions": (lambda t: np.select([t > 0], [t, t]), "1 conditions and 2 choices"),
    "functions without conditions": (lambda t: np.piecewise(t, [t > 0], [1, 2, 3]), "1 conditions and 3 functions"),
    "an indexing of its own": (lambda t: np.meshgrid(t, t, indexing="yx"), 'indexing="xy" or "ij"'),
    "no lines": (lambda t: np.apply_along_axis(np.sum, 1, t.reshape(1, 3)[:0]), "no lines"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_said(call, message):
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 3.0], requires_grad=True))


def test_every_dispatched_function_of_numpy_is_decided():
    """A row, a derivation, a plain answer or a refusal that names something: none is left to the general sentence."""
    facts = {np.shape, np.ndim, np.size}
    known = {*BY_NUMPY, *DERIVED, *PASSED, *NEAREST, *facts}
    dispatched = type(np.sum)
    undecided = {
        spelled(f)
        for module in (np, np.linalg, np.fft)
        for name, f in vars(module).items()
        if isinstance(f, (np.ufunc, dispatched)) and not name.startswith("_") and f not in known
    }
    assert undecided == set()


# --- operators and methods -----------------------------------------------------------------------------------------------------

METHODS = {
    "%": lambda x: (x % 0.3, 1.5 % x, divmod(x, 0.3), divmod(2.0, x)),
    "//": lambda x: (x // 0.3, 1.5 // x),
    "^": lambda x: ((x > 0) ^ (x > 0.4), True ^ (x > 0), True & (x > 0), False | (x > 0)),
    "<<": lambda x: ((x > 0).astype(int) << 2, (x > 0).astype(int) >> 1),
    "prod": lambda x: (x.prod(), x.prod(1, keepdims=True), x.cumprod(1)),
    "round": lambda x: (x.round(), x.round(1)),
    "take": lambda x: (x.take([0, 5]), x.take([0], axis=1), x.take(7, mode="clip"), x.compress([True, False], axis=0)),
    "repeat": lambda x: (x.repeat(2), x.repeat([1, 2], axis=0)),
    "diagonal": lambda x: (x.trace(), x.trace(1), x.diagonal(), x.diagonal(1)),
    "places": lambda x: (x.nonzero(), x.argsort(), x.argsort(0), x[0].argpartition(1)),
    "copy": lambda x: (x.copy(), x.conj(), x.conjugate(), x.real, x.imag, x.mT),
    "choose": lambda x: ((x > 0).astype(int).choose([1.0, 2.0]), x[0, :2].searchsorted(0.1), x.tolist()),
}


@pytest.mark.parametrize("f", METHODS.values(), ids=METHODS)
def test_methods_mean_what_they_mean_to_an_ndarray(f):
    equal(f(Tensor(X)), f(X))


def test_a_copy_stays_in_the_graph_with_memory_of_its_own():
    t = Tensor(X, requires_grad=True)
    for y in (t.copy(), np.copy(t)):
        assert y.requires_grad
        assert not np.shares_memory(y.value, t.value)
    assert round(Tensor(0.456), 2).item() == 0.46
