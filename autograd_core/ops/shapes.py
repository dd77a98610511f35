"""Moving numbers about without changing them: each rule moves the gradient back where the numbers came from."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import numpy as np

from ..op import Op, row
from .samples import shaped


@lru_cache(maxsize=64)
def ones(n: int, dtype: Any) -> Any:
    """A vector of ones, not to be written to: a product with it sums the rows of a matrix in a third of the time."""
    vector = np.ones(n, dtype)
    vector.flags.writeable = False
    return vector


def row_sums(a: Any) -> Any:
    """Sums over the last axis."""
    return a.dot(ones(a.shape[-1], a.dtype)) if isinstance(a, np.ndarray) else a.sum(axis=-1)


def _broadcast_to(a: Any, shape: tuple[int, ...]) -> Any:
    if shape == ():
        return a
    like = None if isinstance(a, np.generic) else a
    y = np.empty(shape, a.dtype, like=like)  # np.broadcast_to takes 4 µs, and its result may not be written to
    y[...] = a
    return y


def _unbroadcast(a: Any, shape: tuple[int, ...]) -> Any:
    """Sum over the axes that broadcasting added or stretched, so that `shape` is left."""
    if a.ndim == 2 and shape == a.shape[1:] and isinstance(a, np.ndarray):
        return ones(len(a), a.dtype).dot(a)
    added = a.ndim - len(shape)
    stretched = tuple(i + added for i, n in enumerate(shape) if n == 1 and a.shape[i + added] != 1)
    return a.sum(axis=(*range(added), *stretched)).reshape(shape)


def _cast(a: Any, dtype: Any) -> Any:
    if a.dtype.kind == "c" or np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"Tensors hold real numbers: {a.dtype} cannot be read as {np.dtype(dtype)}")
    return a.astype(dtype, copy=False)


broadcast_to = row(
    _broadcast_to, params={"shape": None}, a=lambda g, a: unbroadcast(g, shape=a.shape), numpy=(np.broadcast_to,),
    latex="a", samples=shaped((((3,),), {"shape": (2, 3)}), (((2, 1),), {"shape": (4, 2, 3)}), (((),), {"shape": (2,)})),
    words="what was repeated sums the gradients of its copies",
)  # fmt: skip
unbroadcast: Op = row(
    _unbroadcast, params={"shape": None}, a=lambda g, a: broadcast_to(g, shape=a.shape), latex=r"\sum a",
    samples=shaped((((2, 3),), {"shape": (3,)}), (((2, 3),), {"shape": (2, 1)}), (((2, 3),), {"shape": ()})),
    words="what was summed hands its gradient to every term",
)  # fmt: skip
cast: Op = row(
    _cast, params={"dtype": None},
    a=lambda g, a: cast(g, dtype=a.dtype), latex="a", samples=shaped((((3,),), {"dtype": np.float64})),
    words="another precision, the same gradient",
)  # fmt: skip
reshape = row(
    lambda a, shape: a.reshape(shape), name="reshape", params={"shape": None}, numpy=(np.reshape,),
    a=lambda g, a: g.reshape(a.shape), latex="a",
    samples=shaped((((2, 3),), {"shape": (3, 2)}), (((2, 3),), {"shape": -1}), (((6,),), {"shape": (1, 2, -1)})),
    words="the gradient is laid out as the input was",
)  # fmt: skip
transpose = row(
    np.transpose, params={"axes": None},
    a=lambda g, axes: g.transpose() if axes is None else g.transpose(np.argsort([i % g.ndim for i in axes]).tolist()),
    latex=r"a^\top", text="aᵀ", binds="^",
    samples=shaped((((2, 3),), {}), (((2, 3, 4),), {"axes": (1, 2, 0)}), (((2, 3, 4),), {"axes": (-1, 0, 1)})),
    words="the gradient is transposed back",
)  # fmt: skip
swapaxes = row(
    np.swapaxes, params={"axis1": 0, "axis2": 1}, a=lambda g, axis1, axis2: g.swapaxes(axis1, axis2),
    latex=r"a^\top", text="aᵀ", binds="^", samples=shaped((((2, 3, 4),), {"axis1": 0, "axis2": -1})),
    words="the gradient's axes are swapped back",
)  # fmt: skip
moveaxis = row(
    np.moveaxis, params={"source": 0, "destination": 0},
    a=lambda g, source, destination: np.moveaxis(g, destination, source),
    latex="a", samples=shaped((((2, 3, 4),), {"source": 0, "destination": -1})),
    words="the gradient's axis is moved back",
)  # fmt: skip
expand_dims = row(
    np.expand_dims, params={"axis": 0}, a=lambda g, a: g.reshape(a.shape), latex="a",
    samples=shaped((((2, 3),), {"axis": 1}), (((2,),), {"axis": (0, 2)})), words="the new axis is dropped again",
)  # fmt: skip
squeeze = row(
    np.squeeze, params={"axis": None}, a=lambda g, a: g.reshape(a.shape), latex="a",
    samples=shaped((((2, 1, 3),), {}), (((1, 2, 1),), {"axis": 0})), words="the dropped axis is put back",
)  # fmt: skip
flip = row(
    np.flip, params={"axis": None}, a=lambda g, axis: np.flip(g, axis), latex=r"\operatorname{flip}(a)",
    samples=shaped((((2, 3),), {}), (((2, 3),), {"axis": 1})), words="the gradient is flipped back",
)  # fmt: skip


def _back(shift: Any) -> Any:
    return -shift if np.ndim(shift) == 0 else tuple(-n for n in shift)


roll = row(
    np.roll, params={"shift": 0, "axis": None}, a=lambda g, shift, axis: np.roll(g, _back(shift), axis),
    latex=r"\operatorname{roll}(a)",
    samples=shaped((((2, 3),), {"shift": 2}), (((2, 3),), {"shift": (1, -2), "axis": (0, 1)}), (((3,),), {"shift": -4, "axis": 0})),
    words="the gradient is rolled back",
)  # fmt: skip


def _starts(inputs: Any, axis: int | None) -> list[int]:
    """Where each of the joined arrays begins, and where the last one ends."""
    return list(itertools.accumulate((x.size if axis is None else x.shape[axis] for x in inputs), initial=0))


def _concatenate(*inputs: Any, axis: int | None = 0) -> Any:
    return np.concatenate(inputs, axis), _starts([x if hasattr(x, "shape") else np.asarray(x) for x in inputs], axis)


def _piece(i: int, g: Any, inputs: Any, starts: list[int], axis: int | None) -> Any:
    """The part of g that stands where the i-th of the joined arrays stood."""
    part = slice(starts[i], starts[i + 1])
    return g[part].reshape(inputs[i].shape) if axis is None else g[(slice(None),) * (axis % g.ndim) + (part,)]


concatenate = row(
    _concatenate, params={"axis": 0}, saved={"starts": _starts}, each=_piece, numpy=(np.concatenate,),
    samples=shaped((((2, 3), (1, 3)), {}), (((2, 1), (2, 3), (2, 2)), {"axis": -1}), (((2,), (1, 3)), {"axis": None})),
    words="each of the joined arrays gets its own piece of the gradient",
)  # fmt: skip
stack = row(
    lambda *inputs, axis: np.stack(inputs, axis), name="stack", params={"axis": 0},
    each=lambda i, g, axis: g[(slice(None),) * (axis % g.ndim) + (i,)],
    numpy=(np.stack,), samples=shaped((((2, 3), (2, 3)), {}), (((3,), (3,), (3,)), {"axis": -1})),
    words="each of the stacked arrays gets its own layer of the gradient",
)  # fmt: skip
