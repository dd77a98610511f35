"""Products in all of NumPy's spellings, said by the rows matmul, dot and einsum."""

from __future__ import annotations

import math
from functools import cache
from operator import index
from string import ascii_letters
from typing import Any

import numpy as np

from ..ops.linear_algebra import einsum as einsum_row
from . import derived, passed
from .arguments import as_array, axes_of, raised

passed("einsum_path")


@derived("einsum")
def einsum(*operands: Any, optimize: Any = False) -> Any:
    """Any way to write it, brought to letters that stand for one axis each: the row's own language."""
    subscripts, arrays = operands[0], [as_array(x) for x in operands[1:]]
    if not isinstance(subscripts, str):
        subscripts, arrays = _interleaved(operands)
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    parts = terms.split(",")
    if len(parts) != len(arrays):
        raise ValueError(f"np.einsum has {len(parts)} terms in {subscripts!r} and {len(arrays)} arrays")
    counts = [x.ndim - len(t.replace("...", "")) if "..." in t else 0 for x, t in zip(arrays, parts, strict=True)]
    unnamed = "".join(c for c in ascii_letters if c not in subscripts)[: max(counts)]
    if not arrow:
        out = "..." + "".join(c for c in sorted(set(terms) - set(".,")) if terms.count(c) == 1)
    elif unnamed and "..." not in out:
        raise ValueError(f"np.einsum: the output of {subscripts!r} needs ... as its inputs have it")
    out = out.replace("...", unnamed)
    parts = [t.replace("...", unnamed[len(unnamed) - n :]) for t, n in zip(parts, counts, strict=True)]
    clean = [_diagonals(x, t) for x, t in zip(arrays, parts, strict=True)]
    letters = ",".join(t for _, t in clean)
    return einsum_row(*(x for x, _ in clean), subscripts=f"{letters}->{out}", optimize=optimize)


def _interleaved(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """`einsum(a, [0, 1], b, [1, 2], [0, 2])` as letters and arrays."""
    letters = sorted(ascii_letters)  # in the order of the alphabet, which decides where no output is given

    def term(axes: Any) -> str:
        return "".join("..." if axis is Ellipsis else letters[axis] for axis in axes)

    pairs, out = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]
    subscripts = ",".join(map(term, pairs[1::2])) + "".join(f"->{term(axes)}" for axes in out)
    return subscripts, [as_array(x) for x in pairs[::2]]


def _diagonals(x: Any, term: str) -> tuple[Any, str]:
    """A letter that stands twice in one term means the diagonal of its two axes, which NumPy moves to the end."""
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ValueError(f"np.einsum: {c!r} stands for axes of {x.shape[i]} and {x.shape[j]} in one array")
            x, term = np.diagonal(x, 0, i, j), term[:i] + term[i + 1 : j] + term[j + 1 :] + c
    return x, term


@derived("tensordot", "linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """A matrix product, once the axes to be summed stand last in a and first in b."""
    a, b = as_array(a), as_array(b)
    of_a, of_b = (range(a.ndim - axes, a.ndim), range(axes)) if np.ndim(axes) == 0 else axes
    of_a, of_b = axes_of(of_a, a.ndim), axes_of(of_b, b.ndim)
    summed = tuple(a.shape[i] for i in of_a)
    if summed != tuple(b.shape[i] for i in of_b):
        raise ValueError(f"np.tensordot sums over axes {of_a} of {a.shape} and {of_b} of {b.shape}: they must agree")
    rows = tuple(i for i in range(a.ndim) if i not in of_a)
    columns = tuple(i for i in range(b.ndim) if i not in of_b)
    shape = tuple(a.shape[i] for i in rows) + tuple(b.shape[i] for i in columns)
    length = math.prod(summed)
    left = np.transpose(a, rows + of_a).reshape(math.prod(shape[: len(rows)]), length)
    right = np.transpose(b, of_b + columns).reshape(length, math.prod(shape[len(rows) :]))
    return (left @ right).reshape(shape)


@derived("inner")
def inner(a: Any, b: Any) -> Any:
    """Sums over the last axis of both."""
    a, b = as_array(a), as_array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else np.tensordot(a, b, (-1, -1))


@derived("vdot")
def vdot(a: Any, b: Any) -> Any:
    """Both read as vectors."""
    return np.dot(as_array(a).reshape(-1), as_array(b).reshape(-1))


@derived("vecdot", "linalg.vecdot")
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Vectors along an axis, multiplied in pairs."""
    return np.sum(np.moveaxis(as_array(x1), axis, -1) * np.moveaxis(as_array(x2), axis, -1), axis=-1)


@derived("matvec")
def matvec(x1: Any, x2: Any) -> Any:
    """Matrices times vectors, in pairs."""
    return (as_array(x1) @ as_array(x2)[..., None])[..., 0]


@derived("vecmat")
def vecmat(x1: Any, x2: Any) -> Any:
    """Vectors times matrices, in pairs."""
    return (as_array(x1)[..., None, :] @ as_array(x2))[..., 0, :]


@derived("linalg.matmul")
def matmul(x1: Any, x2: Any) -> Any:
    """As np.matmul."""
    return np.matmul(x1, x2)


@derived("linalg.outer")
def outer(x1: Any, x2: Any) -> Any:
    """As np.outer, of vectors."""
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"np.linalg.outer is of two vectors, not of shapes {np.shape(x1)} and {np.shape(x2)}")
    return np.outer(x1, x2)


@derived("kron")
def kron(a: Any, b: Any) -> Any:
    """Every element of a times all of b: axes of both in turn, then joined in pairs."""
    ndim = max(np.ndim(a), np.ndim(b))
    a, b = raised(a, ndim), raised(b, ndim)
    in_turn = np.expand_dims(a, tuple(range(1, 2 * ndim, 2))) * np.expand_dims(b, tuple(range(0, 2 * ndim, 2)))
    return in_turn.reshape(tuple(i * j for i, j in zip(a.shape, b.shape, strict=True)))


@derived("cross")
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Each component is the difference of the two products of the other two."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    if (a.shape[-1], b.shape[-1]) != (3, 3):
        raise ValueError(f"np.cross is of vectors in three dimensions, not in {a.shape[-1]} and {b.shape[-1]}")
    after, before = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., after] * b[..., before] - a[..., before] * b[..., after], -1, axisc)


@derived("linalg.cross")
def cross_along(x1: Any, x2: Any, axis: int = -1) -> Any:
    """As np.cross along one axis."""
    return np.cross(x1, x2, axis=axis)


@derived("linalg.matrix_power")
def matrix_power(a: Any, n: Any) -> Any:
    """By squaring, as many products as n has binary digits."""
    n = index(n)
    if n < 0:
        return matrix_power(np.linalg.inv(a), -n)
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    if n == 1:
        return a
    squared = matrix_power(a @ a, n // 2)
    return a @ squared if n % 2 else squared


@derived("linalg.multi_dot")
def multi_dot(arrays: Any) -> Any:
    """The product of a chain of matrices, in the order of fewest multiplications."""
    arrays = [as_array(x) for x in arrays]
    if len(arrays) < 2:
        raise ValueError(f"np.linalg.multi_dot multiplies at least two arrays, {len(arrays)} were given")
    rows, columns = (arrays[0].shape if arrays[0].ndim == 2 else (1,))[0], arrays[-1].shape[1:] or (1,)
    sizes = [rows, *map(len, arrays[1:]), *columns]

    @cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """How many multiplications arrays i to j take, and after which of them to split the chain."""
        return min(
            (
                (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            ),
            default=(0, i),
        )

    def product(i: int, j: int) -> Any:
        return arrays[i] if i == j else product(i, k := cheapest(i, j)[1]) @ product(k + 1, j)

    return product(0, len(arrays) - 1)
