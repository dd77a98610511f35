"""Many samples read as one: a function sees a single sample, while each of its rows runs once for all of them.

A Batched wraps a Tensor whose first axis counts the samples and hides that axis: shape, ndim and axis=0 are those of
one sample. It reads a row by the family it belongs to; a row that no family knows is applied sample by sample, with a
warning, and gives the same numbers.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NoReturn

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from .lines import warn
from .op import NO_PARAMS, Op
from .operators import Operators
from .ops import arithmetic, linear_algebra, shapes
from .ops import losses as loss_rows
from .ops.indexing import is_basic
from .tensor import Tensor
from .trees import leaves, mapped


class LoopedOverSamples(UserWarning):
    """A row could not be read for all samples at once and was applied to one after the other."""


class Batched(Operators):
    """Many samples under the name of one; `.tensor` holds them along its first axis.

    >>> x = Batched(Tensor([[1.0, 2.0], [3.0, 5.0]]))
    >>> x.shape, (x * x).sum().tensor, x[0].tensor
    ((2,), Tensor([ 5., 34.]), Tensor([1., 3.]))
    """

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor):
        self.tensor = tensor

    def _read(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Batched:
        y = _at_once(op, inputs, params)
        if y is NotImplemented:
            y = _one_by_one(op, inputs, params, len(self.tensor))
        return y if isinstance(y, Batched) else Batched(y)

    def _as_parameter(self) -> Batched:
        return self  # an index of each sample's own: the readings know what to do with it

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return self.tensor.shape[1:]
    @property
    def ndim(self) -> int: return self.tensor.ndim - 1
    @property
    def size(self) -> int: return math.prod(self.shape)
    @property
    def dtype(self) -> Any: return self.tensor.dtype
    # fmt: on

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a single number of each sample has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Batched]:
        return (self[i] for i in range(len(self)))

    def detach(self) -> Batched:
        """The same numbers as constants: no gradient passes."""
        return Batched(self.tensor.detach())

    def __repr__(self) -> str:
        return f"Batched({len(self.tensor)} samples of shape {self.shape}, {self.dtype})"

    # --- what would need the numbers of one sample ---------------------------------------------------------------

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} stands for all samples at once and has no numbers of one of them to branch on, index with or "
            "convert (if, float(), item(), np.asarray, another gradient inside): write np.where instead of if, NumPy's "
            "functions on it as it is, and return what you want to look at"
        )

    value = property(_refuse)
    data = property(_refuse)
    numpy = item = tolist = backward = __bool__ = __float__ = __int__ = __index__ = __array__ = __setitem__ = _refuse


def vmap(f: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
    """From a function of one sample to one of many, computed at once; the results are stacked along a first axis.

    in_axes: the axis of the arguments along which the samples lie, None for an argument that all share, or a tuple of
    these, one for each argument (jax.vmap). Arguments and results may be nests. f must take no gradients inside:
    write grad(lambda w: vmap(f)(...).sum()), or per_sample_grad. ValueError where arguments differ in the number of
    samples.

    >>> vmap(lambda a, b: a @ b)(np.ones((3, 2)), np.array([[1.0, 0.0], [1.0, 1.0], [2.0, 3.0]]))
    Tensor([1., 2., 5.])
    """

    @wraps(f)
    def wrapped(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"vmap needs an axis for each argument; in_axes has {len(axes)}, there are {len(args)}")
        given = [x if axis is None else samples(x, axis) for x, axis in zip(args, axes, strict=True)]
        count = count_of(given)
        return mapped(lambda y: _all_samples(y, count), f(*given))

    return wrapped


def samples(batch: Any, axis: int = 0) -> Any:
    """A nest of arrays with an axis of samples as a nest of Batched; ValueError for one without such an axis."""

    def one(x: Any) -> Batched:
        if isinstance(x, Batched):
            raise TypeError("vmap inside vmap is not read: give the inner function the whole array along its last axes")
        tensor = x if isinstance(x, Tensor) else Tensor(x)
        if not tensor.ndim:
            raise ValueError(
                "a batch is made of arrays with an axis of samples, and there is a single number in it: a list of "
                "numbers is a nest of them, write np.array([...])"
            )
        return Batched(shapes.moveaxis(tensor, source=axis, destination=0) if axis else tensor)

    return mapped(one, batch)


def count_of(batch: Any) -> int:
    """How many samples a nest of Batched holds; ValueError unless all of it holds as many."""
    counts = {len(x.tensor) for x in leaves(batch) if isinstance(x, Batched)}
    if len(counts) != 1:
        raise ValueError(f"all arrays of a batch must hold as many samples; they hold {sorted(counts) or 'none'}")
    return counts.pop()


# --- the families ------------------------------------------------------------------------------------------------


def _at_once(op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """A row read for all samples at once; NotImplemented where no family knows how."""
    if op.name in READERS:
        return READERS[op.name](*inputs, **params)
    if any(isinstance(p, Batched) for p in leaves(params)):
        return NotImplemented
    if op.elementwise:
        return op(*_aligned(inputs, params), **params)
    if op.name in LOSSES:
        return _reduced(op(*_aligned(inputs), reduction="none"), params["reduction"])
    if not AXES.isdisjoint(params):
        return _along_axes(op, inputs, params)
    if op.name in AS_THEY_ARE:
        return op(inputs[0].tensor, **params)
    return op.definition(*inputs) if op.definition is not None and not params else NotImplemented


def _all_samples(x: Any, count: int) -> Any:
    """What each sample has, or all share, along a first axis."""
    if isinstance(x, Batched):
        return x.tensor
    return shapes.broadcast_to(x if isinstance(x, Tensor) else Tensor(x), shape=(count, *np.shape(x)))


def _raised(x: Any, ndim: int) -> Any:
    """All samples with axes of length 1 put before theirs, so that each has `ndim` axes; what is shared as it is."""
    if not isinstance(x, Batched):
        return x
    missing = ndim - x.ndim
    return x.tensor if missing <= 0 else x.tensor.reshape(len(x.tensor), *(1,) * missing, *x.shape)


def _aligned(inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> list[Any]:
    """Inputs that broadcast against each other as those of one sample do."""
    ndim = max(np.ndim(x) for x in (*inputs, *(p for p in params.values() if isinstance(p, (np.ndarray, list)))))
    return [_raised(x, ndim) for x in inputs]


def _shifted(axis: Any, ndim: int) -> Any:
    """The axes of one sample, counted with that of the samples before them."""
    places = tuple(i + 1 for i in normalize_axis_tuple(axis, ndim))
    return places if isinstance(axis, (tuple, list)) else places[0]


def _along_axes(op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """A row that is told axes: each is one further on; where axis is None, it is all axes of a sample."""
    if "shape" in params or not (op.variadic or len({*map(np.ndim, inputs)}) == 1):
        return NotImplemented
    count = count_of(inputs)
    tensors = [_all_samples(x, count) for x in inputs]
    ndim = tensors[0].ndim - 1
    own = {name: params[name] for name in AXES & params.keys()}
    if own.get("axis", 0) is not None:
        added = np.size(own["axis"]) if op.name in ("expand_dims", "stack") else 0
        own = {name: _shifted(axis, ndim + added) for name, axis in own.items()}
    elif op.name == "squeeze":
        own["axis"] = tuple(i for i in range(1, ndim + 1) if tensors[0].shape[i] == 1)
    elif op.name == "flip":
        own["axis"] = tuple(range(1, ndim + 1))
    else:
        y = op(*(t.reshape(count, math.prod(t.shape[1:])) for t in tensors), **params | {"axis": 1})
        kept = inputs[0].shape if op.name == "roll" else (1,) * ndim if params.get("keepdims") else y.shape[1:]
        return y.reshape(count, *kept)
    return op(*tensors, **params | own)


def _one_by_one(op: Op, inputs: tuple[Any, ...], params: dict[str, Any], count: int) -> Any:
    warn(
        f"{op.name} is not read for all samples at once: it was applied to each of {count}, which takes as many calls",
        LoopedOverSamples,
    )

    def apply(i: int) -> Any:
        own = mapped(lambda p: p.tensor.value[i] if isinstance(p, Batched) else p, params)
        return op(*(x.tensor[i] if isinstance(x, Batched) else x for x in inputs), **own)

    return shapes.stack(*map(apply, range(count)))


def _reduced(losses: Tensor, reduction: str) -> Any:
    """The losses in each sample, or their mean or sum over it."""
    each = Batched(losses)
    known = {"none": lambda: each, "mean": each.mean, "sum": each.sum}
    return known[reduction]() if reduction in known else NotImplemented


# --- rows that say themselves how they are read ----------------------------------------------------------------------


def _matmul(a: Any, b: Any) -> Any:
    """The product of each sample's matrices; a vector stands for a matrix of one row or one column."""
    if not isinstance(b, Batched) and np.ndim(b) <= 2:  # one product does for all samples
        return a.tensor @ b
    row, column = np.ndim(a) == 1, np.ndim(b) == 1
    a = shapes.expand_dims(a, axis=0) if row else a
    b = shapes.expand_dims(b, axis=1) if column else b
    y = Batched(linear_algebra.matmul(*_aligned((a, b))))
    return shapes.squeeze(y, axis=(-2,) * row + (-1,) * column) if row or column else y


def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return arithmetic.multiply(a, b)
    return _matmul(a, b) if np.ndim(b) <= 2 else NotImplemented


def _getitem(a: Batched, index: Any) -> Any:
    """Each sample's elements, by an index that all share or by each one's own."""
    parts = index if isinstance(index, tuple) else (index,)
    if is_basic(index):
        return a.tensor[(slice(None), *parts)]
    arrays = [i for i, p in enumerate(parts) if not (p is None or p is Ellipsis or isinstance(p, slice))]
    if arrays != list(range(arrays[0], arrays[-1] + 1)):
        return NotImplemented  # NumPy moves the axes of separated indices to the front, that of the samples included
    if not any(isinstance(p, Batched) for p in parts):
        return a.tensor[(slice(None), *parts)]
    if arrays[0] or any(np.dtype(bool) == getattr(p, "dtype", None) for p in parts):
        return NotImplemented
    ndim = max(np.ndim(parts[i]) for i in arrays)
    own = [x.value if isinstance(x, Tensor) else x for x in (_raised(p, ndim) for p in parts)]
    return a.tensor[(np.arange(len(a.tensor)).reshape(-1, *(1,) * ndim), *own)]


def _transpose(a: Batched, axes: Any) -> Any:
    order = range(a.ndim)[::-1] if axes is None else axes
    return a.tensor.transpose(0, *_shifted(tuple(order), a.ndim))


def _solve(a: Any, b: Any) -> Any:
    vector = np.ndim(b) == 1
    y = Batched(linear_algebra.solve(*_aligned((a, shapes.expand_dims(b, axis=1) if vector else b))))
    return shapes.squeeze(y, axis=-1) if vector else y


def _einsum(*inputs: Any, subscripts: str, optimize: Any) -> Any:
    """One letter more, for the samples, in the terms of all that differ between them."""
    letters, out = subscripts.split("->")
    letter = next(c for c in string.ascii_letters if c not in subscripts)
    terms = [letter * isinstance(x, Batched) + term for x, term in zip(inputs, letters.split(","), strict=True)]
    own = [x.tensor if isinstance(x, Batched) else x for x in inputs]
    return linear_algebra.einsum(*own, subscripts=f"{','.join(terms)}->{letter}{out}", optimize=optimize)


def _cross_entropy(logits: Any, target: Any, reduction: str) -> Any:
    """Also of a single row of logits and its class, which one sample is."""
    count = count_of((logits, target))
    z, t = _all_samples(logits, count), _all_samples(target, count)
    if z.ndim < 2 or z.shape[:-1] != t.shape:
        return NotImplemented
    losses = loss_rows.cross_entropy(z.reshape(-1, z.shape[-1]), t.reshape(-1), reduction="none")
    return _reduced(losses.reshape(t.shape), reduction)


READERS: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "dot": _dot,
    "outer": lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)),
    "getitem": _getitem,
    "reshape": lambda a, shape: a.tensor.reshape(len(a.tensor), *((shape,) if isinstance(shape, int) else shape)),
    "broadcast_to": lambda a, shape: shapes.broadcast_to(_raised(a, len(shape)), shape=(len(a.tensor), *shape)),
    "transpose": _transpose,
    "einsum": _einsum,
    "solve": _solve,
    "slogdet": lambda a: linear_algebra.slogdet(a.tensor).swapaxes(0, 1),
    "cross_entropy": _cross_entropy,
}
LOSSES = {"squared_error", "bce_with_logits"}  # element by element before they are reduced
AXES = {"axis", "axis1", "axis2", "source", "destination"}  # parameters that are axes
AS_THEY_ARE = {  # whatever axes stand in front
    "cast", "counted", "zeros_like", "ones_like", "keep_mask", "inv", "pinv", "det", "cholesky", "eigh", "qr", "svd", "windows", "add_windows",
}  # fmt: skip
