"""What `a + b` means: the operators, methods and NumPy protocols that every reading of a row shares.

Tensor and Symbol inherit this one mixin, so `np.tanh(x)`, `2 * x` and `x.T @ g` in a rule mean the same to both.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Self

import numpy as np

from .op import BY_NUMPY, Readable
from .ops import activations, arithmetic, comparisons, elementwise, indexing, linear_algebra, pairs, reductions, shapes

functions: Any = np  # as they are dispatched to rows, which NumPy's annotations do not know


class Operators(Readable):
    """Python's operators, the methods an ndarray has too, and `np.f(x)`, all by way of the table's rows."""

    __slots__ = ()

    # fmt: off
    def __add__(self, other: Any) -> Self: return self._read(arithmetic.add, (self, other))
    def __radd__(self, other: Any) -> Self: return self._read(arithmetic.add, (other, self))
    def __sub__(self, other: Any) -> Self: return self._read(arithmetic.subtract, (self, other))
    def __rsub__(self, other: Any) -> Self: return self._read(arithmetic.subtract, (other, self))
    def __mul__(self, other: Any) -> Self: return self._read(arithmetic.multiply, (self, other))
    def __rmul__(self, other: Any) -> Self: return self._read(arithmetic.multiply, (other, self))
    def __truediv__(self, other: Any) -> Self: return self._read(arithmetic.divide, (self, other))
    def __rtruediv__(self, other: Any) -> Self: return self._read(arithmetic.divide, (other, self))
    def __pow__(self, other: Any) -> Self: return self._read(arithmetic.power, (self, other))
    def __rpow__(self, other: Any) -> Self: return self._read(arithmetic.power, (other, self))
    def __mod__(self, other: Any) -> Self: return self._read(pairs.remainder, (self, other))
    def __rmod__(self, other: Any) -> Self: return self._read(pairs.remainder, (other, self))
    def __floordiv__(self, other: Any) -> Self: return self._read(pairs.floor_divide, (self, other))
    def __rfloordiv__(self, other: Any) -> Self: return self._read(pairs.floor_divide, (other, self))
    def __divmod__(self, other: Any) -> tuple[Self, Self]: return self // other, self % other
    def __rdivmod__(self, other: Any) -> tuple[Self, Self]: return other // self, other % self
    def __matmul__(self, other: Any) -> Self: return self._read(linear_algebra.matmul, (self, other))
    def __rmatmul__(self, other: Any) -> Self: return self._read(linear_algebra.matmul, (other, self))
    def __neg__(self) -> Self: return arithmetic.negative(self)
    def __pos__(self) -> Self: return arithmetic.positive(self)
    def __abs__(self) -> Self: return arithmetic.absolute(self)
    def __round__(self, ndigits: int = 0) -> Self: return elementwise.round(self, decimals=ndigits)
    def __invert__(self) -> Self: return comparisons.invert(self)
    def __and__(self, other: Any) -> Self: return self._read(comparisons.bitwise_and, (self, other))
    def __or__(self, other: Any) -> Self: return self._read(comparisons.bitwise_or, (self, other))
    def __xor__(self, other: Any) -> Self: return self._read(comparisons.bitwise_xor, (self, other))
    def __rand__(self, other: Any) -> Self: return self._read(comparisons.bitwise_and, (other, self))
    def __ror__(self, other: Any) -> Self: return self._read(comparisons.bitwise_or, (other, self))
    def __rxor__(self, other: Any) -> Self: return self._read(comparisons.bitwise_xor, (other, self))
    def __lshift__(self, other: Any) -> Self: return self._read(comparisons.left_shift, (self, other))
    def __rlshift__(self, other: Any) -> Self: return self._read(comparisons.left_shift, (other, self))
    def __rrshift__(self, other: Any) -> Self: return self._read(comparisons.right_shift, (other, self))
    def __rshift__(self, other: Any) -> Self: return self._read(comparisons.right_shift, (self, other))
    def __gt__(self, other: Any) -> Self: return self._read(comparisons.greater, (self, other))
    def __ge__(self, other: Any) -> Self: return self._read(comparisons.greater_equal, (self, other))
    def __lt__(self, other: Any) -> Self: return self._read(comparisons.less, (self, other))
    def __le__(self, other: Any) -> Self: return self._read(comparisons.less_equal, (self, other))
    def __eq__(self, other: Any) -> Self: return self._read(comparisons.equal, (self, other))  # type: ignore[override]
    def __ne__(self, other: Any) -> Self: return self._read(comparisons.not_equal, (self, other))  # type: ignore[override]
    __hash__ = object.__hash__  # by identity: == compares elements

    def sum(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.sum(self, axis=axis, keepdims=keepdims)
    def mean(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.mean(self, axis=axis, keepdims=keepdims)
    def max(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.max(self, axis=axis, keepdims=keepdims)
    def min(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.min(self, axis=axis, keepdims=keepdims)
    def var(self, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Self:
        return reductions.var(self, axis=axis, ddof=ddof, keepdims=keepdims)
    def std(self, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Self:
        return reductions.std(self, axis=axis, ddof=ddof, keepdims=keepdims)
    def dot(self, other: Any) -> Self: return linear_algebra.dot(self, other)
    def cumsum(self, axis: Any = None) -> Self: return reductions.cumsum(self, axis=axis)
    def prod(self, axis: Any = None, keepdims: bool = False) -> Self: return functions.prod(self, axis=axis, keepdims=keepdims)
    def cumprod(self, axis: Any = None) -> Self: return functions.cumprod(self, axis=axis)
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self: return functions.trace(self, offset, axis1, axis2)
    def argmax(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.argmax(self, axis=axis, keepdims=keepdims)
    def argmin(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.argmin(self, axis=axis, keepdims=keepdims)
    def argsort(self, axis: Any = -1) -> Self: return reductions.argsort(self, axis=axis)
    def argpartition(self, kth: Any, axis: Any = -1) -> Self: return indexing.argpartition(self, kth=kth, axis=axis)
    def any(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.any(self, axis=axis, keepdims=keepdims)
    def all(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.all(self, axis=axis, keepdims=keepdims)
    def clip(self, min: Any = None, max: Any = None) -> Self: return _derived(np.clip, (self, min, max), {})
    def round(self, decimals: int = 0) -> Self: return elementwise.round(self, decimals=decimals)
    def conj(self) -> Self: return arithmetic.positive(self)
    conjugate = conj
    def copy(self) -> Self: return arithmetic.positive(self)
    def reshape(self, *shape: Any) -> Self: return shapes.reshape(self, shape=_one_or_many(shape))
    def ravel(self) -> Self: return shapes.reshape(self, shape=-1)
    def flatten(self) -> Self: return arithmetic.positive(self.ravel())  # a copy, as NumPy's
    def transpose(self, *axes: Any) -> Self: return shapes.transpose(self, axes=_one_or_many(axes) if axes else None)
    def swapaxes(self, axis1: int, axis2: int) -> Self: return shapes.swapaxes(self, axis1=axis1, axis2=axis2)
    def squeeze(self, axis: Any = None) -> Self: return shapes.squeeze(self, axis=axis)
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self: return functions.diagonal(self, offset, axis1, axis2)
    def repeat(self, repeats: Any, axis: Any = None) -> Self: return functions.repeat(self, repeats, axis)
    def take(self, indices: Any, axis: Any = None, mode: Any = "raise") -> Self: return functions.take(self, indices, axis, mode=mode)
    def compress(self, condition: Any, axis: Any = None) -> Self: return functions.compress(condition, self, axis)
    def choose(self, choices: Any, mode: Any = "raise") -> Any: return functions.choose(self, choices, mode=mode)
    def nonzero(self) -> tuple[Any, ...]: return functions.nonzero(self)
    def searchsorted(self, v: Any, side: Any = "left") -> Any: return functions.searchsorted(self, v, side)
    def astype(self, dtype: Any) -> Self:
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self.copy()
        return (shapes.cast if dtype.kind == "f" else comparisons.counted)(self, dtype=dtype)
    def exp(self) -> Self: return elementwise.exp(self)
    def log(self) -> Self: return elementwise.log(self)
    def sqrt(self) -> Self: return arithmetic.sqrt(self)
    def tanh(self) -> Self: return elementwise.tanh(self)
    def sigmoid(self) -> Self: return activations.sigmoid(self)
    def relu(self) -> Self: return activations.relu(self)
    @property
    def T(self) -> Self: return shapes.transpose(self)
    @property
    def mT(self) -> Self: return shapes.swapaxes(self, axis1=-2, axis2=-1)
    @property
    def real(self) -> Self: return arithmetic.positive(self)
    @property
    def imag(self) -> Self: return elementwise.zeros_like(self)
    @property
    def shape(self) -> tuple[int, ...]: return self.value.shape
    @property
    def ndim(self) -> int: return self.value.ndim
    @property
    def size(self) -> int: return self.value.size
    @property
    def dtype(self) -> np.dtype[Any]: return self.value.dtype
    # fmt: on

    def __getitem__(self, index: Any) -> Self:
        return indexing.getitem(self, index=index)

    def __len__(self) -> int:
        return len(self.value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        _no_out(ufunc, kwargs)
        op = BY_NUMPY.get(ufunc)
        if op is None or method != "__call__":
            return _derived(ufunc, inputs, kwargs, method)
        return op(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if function in _FACTS:
            return _FACTS[function](*args, **kwargs)
        _no_out(function, kwargs)
        op = BY_NUMPY.get(function)
        if op is None or (function is np.where and len(args) == 1):
            return _derived(function, args, kwargs)
        inputs, params = _by_signature(op, function, args, kwargs)
        return op(*inputs, **params)


def _no_out(function: Any, kwargs: dict[str, Any]) -> None:
    if kwargs.pop("out", None) is not None:
        raise TypeError(
            f"np.{function.__name__}(..., out=a) would write into an array, which has no graph; write a = np.{function.__name__}(...), "
            "and a = a + t for a += t"
        )


def _derived(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = "__call__") -> Any:
    from .derived import answer  # loaded when a function without a row is first asked for

    return answer(function, args, kwargs, method)


_FACTS: dict[Any, Any] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
}
_ALIASES = {"newshape": "shape", "min": "a_min", "max": "a_max"}  # other names that NumPy has for the rows' parameters


def _by_signature(op: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """NumPy's arguments as a row takes them: inputs by place, parameters by name."""
    count = 1 if op.variadic else len(op.inputs)
    if not args:
        raise TypeError(
            f"np.{function.__name__} takes its array{'s' * (op.variadic or count > 1)} by place when differentiated, not by keyword"
        )
    if len(args) > count:
        kwargs = dict(zip(_names(function)[count : len(args)], args[count:], strict=False)) | kwargs
    params = {_ALIASES.get(name, name) if name not in op.params else name: value for name, value in kwargs.items()}
    return (args[0] if op.variadic else args[:count]), params


@cache
def _names(function: Any) -> list[str]:
    """What a NumPy function calls its arguments; asked once, since that takes longer than most functions do."""
    import inspect  # NumPy has imported it already; here it costs only those who pass parameters by place

    try:
        return list(inspect.signature(function).parameters)
    except ValueError:  # a few functions written in C tell theirs from NumPy 2.1 on only
        op = BY_NUMPY[function]
        return [*op.inputs, *op.params]


def _one_or_many(values: tuple[Any, ...]) -> Any:
    """`f(2, 3)` and `f((2, 3))` mean the same, as they do for NumPy's reshape and transpose."""
    return values[0] if len(values) == 1 and not isinstance(values[0], int) else values
