"""What `a + b` means: the operators, methods and NumPy protocols that every reading of a row shares.

Tensor and Symbol inherit this one mixin, so `np.tanh(x)`, `2 * x` and `x.T @ g` in a rule mean the same to both.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .op import BY_NUMPY, Readable
from .ops import arithmetic, elementwise, linear_algebra, neural, reductions, shapes
from .ops.indexing import getitem


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
    def __matmul__(self, other: Any) -> Self: return self._read(linear_algebra.matmul, (self, other))
    def __rmatmul__(self, other: Any) -> Self: return self._read(linear_algebra.matmul, (other, self))
    def __neg__(self) -> Self: return arithmetic.negative(self)
    def __pos__(self) -> Self: return arithmetic.positive(self)
    def __abs__(self) -> Self: return arithmetic.absolute(self)
    def __invert__(self) -> Self: return elementwise.logical_not(self)
    def __and__(self, other: Any) -> Self: return self._read(elementwise.bitwise_and, (self, other))
    def __or__(self, other: Any) -> Self: return self._read(elementwise.bitwise_or, (self, other))
    def __gt__(self, other: Any) -> Self: return self._read(elementwise.greater, (self, other))
    def __ge__(self, other: Any) -> Self: return self._read(elementwise.greater_equal, (self, other))
    def __lt__(self, other: Any) -> Self: return self._read(elementwise.less, (self, other))
    def __le__(self, other: Any) -> Self: return self._read(elementwise.less_equal, (self, other))
    def __eq__(self, other: Any) -> Self: return self._read(elementwise.equal, (self, other))  # type: ignore[override]
    def __ne__(self, other: Any) -> Self: return self._read(elementwise.not_equal, (self, other))  # type: ignore[override]
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
    def argmax(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.argmax(self, axis=axis, keepdims=keepdims)
    def argmin(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.argmin(self, axis=axis, keepdims=keepdims)
    def any(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.any(self, axis=axis, keepdims=keepdims)
    def all(self, axis: Any = None, keepdims: bool = False) -> Self: return reductions.all(self, axis=axis, keepdims=keepdims)
    def clip(self, min: Any = None, max: Any = None) -> Self: return elementwise.clip(self, a_min=min, a_max=max)
    def reshape(self, *shape: Any) -> Self: return shapes.reshape(self, shape=_one_or_many(shape))
    def ravel(self) -> Self: return shapes.reshape(self, shape=-1)
    flatten = ravel
    def transpose(self, *axes: Any) -> Self: return shapes.transpose(self, axes=_one_or_many(axes) if axes else None)
    def swapaxes(self, axis1: int, axis2: int) -> Self: return shapes.swapaxes(self, axis1=axis1, axis2=axis2)
    def squeeze(self, axis: Any = None) -> Self: return shapes.squeeze(self, axis=axis)
    def astype(self, dtype: Any) -> Self: return shapes.cast(self, dtype=np.dtype(dtype))
    def exp(self) -> Self: return elementwise.exp(self)
    def log(self) -> Self: return elementwise.log(self)
    def sqrt(self) -> Self: return arithmetic.sqrt(self)
    def tanh(self) -> Self: return elementwise.tanh(self)
    def sigmoid(self) -> Self: return neural.sigmoid(self)
    def relu(self) -> Self: return neural.relu(self)
    @property
    def T(self) -> Self: return shapes.transpose(self)
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
        return getitem(self, index=index)

    def __len__(self) -> int:
        return len(self.value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        op = BY_NUMPY.get(ufunc)
        if op is None or method != "__call__":
            return _derived(ufunc, inputs, kwargs, method)
        return op(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if function in _FACTS:
            return _FACTS[function](*args, **kwargs)
        op = BY_NUMPY.get(function)
        if op is None:
            return _derived(function, args, kwargs)
        inputs, params = _by_signature(op, function, args, kwargs)
        return op(*inputs, **params)


def _derived(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = "__call__") -> Any:
    from .derived import answer  # loaded when a function without a row is first asked for

    return answer(function, args, kwargs, method)


_FACTS = {np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim, np.size: lambda a: a.size}
_ALIASES = {"newshape": "shape", "min": "a_min", "max": "a_max"}  # other names that NumPy has for the rows' parameters


def _by_signature(op: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """NumPy's arguments as a row takes them: inputs by place, parameters by name."""
    count = 1 if op.variadic else len(op.inputs)
    if not args:
        raise TypeError(
            f"np.{function.__name__} takes its array{'s' * (op.variadic or count > 1)} by place when differentiated, not by keyword"
        )
    if len(args) > count:
        import inspect  # NumPy has imported it already; here it costs only those who pass parameters by place

        try:
            names = list(inspect.signature(function).parameters)
        except ValueError:  # a few functions written in C tell theirs from NumPy 2.1 on only
            names = [*op.inputs, *op.params]
        kwargs = dict(zip(names[count : len(args)], args[count:], strict=False)) | kwargs
    params = {_ALIASES.get(name, name) if name not in op.params else name: value for name, value in kwargs.items()}
    return (args[0] if op.variadic else args[:count]), params


def _one_or_many(values: tuple[Any, ...]) -> Any:
    """`f(2, 3)` and `f((2, 3))` mean the same, as they do for NumPy's reshape and transpose."""
    return values[0] if len(values) == 1 and not isinstance(values[0], int) else values
