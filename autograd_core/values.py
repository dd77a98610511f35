"""A Tensor's numbers by themselves: written to in place, taken out of the graph, shown.

`t.numpy()` and `t.item()` say what they do; where numbers leave the graph unsaid, as by float(t), a GraphCut warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from .lines import warn
from .memory import describe, write
from .modes import mode, observer, observers
from .op import Op
from .operators import Operators


class GraphCut(UserWarning):
    """A Tensor that requires grad was turned into plain numbers: what is made of them has no gradient."""


_ELSEWHERE = {  # what users of other libraries look for
    "clone": "t.copy()", "view": "t.reshape(shape)", "unsqueeze": "np.expand_dims(t, axis)", "permute": "t.transpose(axes)",
    "numel": "t.size", "dim": "t.ndim", "pow": "t**n", "norm": "np.linalg.norm(t)", "softmax": "nn.functional.softmax(t)",
    "at": "t[index] = values", "cpu": "t.numpy()", "mm": "a @ b", "zero_": "t.data = np.zeros(t.shape)",
}  # fmt: skip


class Values(Operators):
    """What can be done with a Tensor's numbers beside computing with them."""

    __slots__ = ()
    tracked: bool
    name: str | None
    op: Op | None

    # --- written to ----------------------------------------------------------------------------------------------

    # fmt: off
    def __iadd__(self, other: Any) -> Self: return self._in_place(self + other)
    def __isub__(self, other: Any) -> Self: return self._in_place(self - other)
    def __imul__(self, other: Any) -> Self: return self._in_place(self * other)
    def __itruediv__(self, other: Any) -> Self: return self._in_place(self / other)
    def __ifloordiv__(self, other: Any) -> Self: return self._in_place(self // other)
    def __imod__(self, other: Any) -> Self: return self._in_place(self % other)
    def __ipow__(self, other: Any) -> Self: return self._in_place(self ** other)
    def __imatmul__(self, other: Any) -> Self: return self._in_place(self @ other)
    # fmt: on

    def _in_place(self, result: Self) -> Self:
        """`t -= step` makes a new node, but on a leaf that is trained it means its memory, as under no_grad()."""
        if self.op is not None or not self.tracked:
            return result
        if mode.recording:
            raise RuntimeError(
                f"{describe(self)} is a leaf that requires grad: changing it in place would cut it out of the graph. "
                "Write with no_grad(): around the update, t.data = ..., or make a new tensor of it (u = t - step)"
            )
        write(self, result.value)
        return self

    def __setitem__(self: Any, index: Any, values: Any) -> None:
        """Assign to elements, with a gradient towards what was written and what was left.

        The tensor goes on as a new node, as in JAX's `x.at[index].set(values)`: what was computed before keeps the old
        numbers. A leaf that requires grad is written to in its memory, under no_grad() only. RuntimeError: such a leaf
        while recording, or a part of a tensor that lives on (h[0][1] = ...). TypeError: floats into integers.

        >>> from autograd_core import Tensor
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> h = x * 3
        >>> h[0] = x[1] * 10
        >>> h.sum().backward(); h.value, x.grad
        (array([20.,  6.]), Tensor([ 0., 13.]))
        """
        from .assignment import assign

        assign(self, index, values)

    @property
    def data(self) -> Any:
        """The bare array. Assigning copies into the tensor's memory, unseen by the graph."""
        if observers:
            observer().cut(".data", self)
        return self.value

    @data.setter
    def data(self, numbers: Any) -> None:
        write(self, numbers)

    # --- taken out -----------------------------------------------------------------------------------------------

    def numpy(self) -> Any:
        """The values as an array of its own, without a word: you know that it leaves the graph."""
        if observers:
            observer().cut("numpy()", self)
        return np.array(self.value)

    def tolist(self) -> Any:
        """The numbers as Python's, in nested lists."""
        if observers:
            observer().cut("tolist()", self)
        return self.value.tolist()

    def item(self) -> Any:
        """The one number in it, as Python's; ValueError if there are more."""
        if observers:
            observer().cut("item()", self)
        return self._number()

    def _number(self) -> Any:
        try:
            return self.value.item()
        except ValueError:
            raise ValueError(
                f"item() takes the one number out of a tensor, and {describe(self)} has {self.size}: index it or reduce it first"
            ) from None

    def __float__(self) -> float:
        number = self._number()
        self._leaving("float(tensor)")
        return float(number)

    def __int__(self) -> int:
        number = self._number()
        self._leaving("int(tensor)")
        return int(number)

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind not in "iu":
            raise TypeError(f"{describe(self)} is no index: that takes one whole number, and this holds {self.dtype}")
        return int(self.item())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"{describe(self)} has {self.size} elements and no single truth value; write (t > 0).any() or .all()"
            )
        if observers:
            observer().cut("a truth value, as in if t > 0", self)
        return bool(self.value)

    def __iter__(self) -> Iterator[Self]:
        if not self.ndim:
            raise TypeError(f"{describe(self)} is a scalar and cannot be iterated over")
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self._leaving("np.asarray(tensor)")
        array = np.array(self.value, dtype) if copy or dtype is not None else np.asarray(self.value).view()
        array.flags.writeable = bool(copy)
        return array

    def __dlpack__(self: Any, **options: Any) -> Any:
        from .interop import to_dlpack

        return to_dlpack(self, **options)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self.value).__dlpack_device__()

    def _as_parameter(self) -> Any:
        self._leaving("an index or a parameter")
        return self.value.copy()

    def _leaving(self, how: str) -> None:
        if observers:
            observer().cut(how, self)
        if self.tracked:
            warn(
                f"{how} takes {describe(self)} out of the graph: what is computed from the numbers has no gradient. "
                "Use the tensor itself (np.exp(t), np.stack([t, t]) work), or say t.detach() or t.item() if you mean it.",
                GraphCut,
            )

    # --- shown ---------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        prefix, value = f"{type(self).__name__}(", np.asarray(self.value)
        numbers = np.array2string(value, separator=", ", prefix=prefix, threshold=200)
        notes = [numbers]
        if not value.size:
            notes.append(f"shape={value.shape}")
        if value.dtype not in (np.float64, np.int64, np.bool_):
            notes.append(f"dtype={value.dtype}")
        if self.op is not None:
            notes.append(f"op={self.op.name}")
        elif self.tracked:
            notes.append("requires_grad=True")
        if self.name:
            notes.append(f"name={self.name!r}")
        return prefix + ", ".join(notes) + ")"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def _repr_html_(self: Any) -> str:
        from .interop import to_html

        return to_html(self)

    def _repr_latex_(self: Any) -> str | None:
        from .interop import to_latex

        return to_latex(self)

    def __getattr__(self, name: str) -> Any:
        if name == "grad":
            raise AttributeError(
                f"{describe(self)} is no leaf, and backward() keeps the gradients of leaves only: call retain_grad() on it "
                "before backward(), or ask for it by backprop(loss, tensor)"
            )
        hint = _ELSEWHERE.get(name) or (f"np.{name}(t)" if not name.startswith("_") and hasattr(np, name) else None)
        raise AttributeError(f"a Tensor has no {name!r}" + (f"; write {hint}" if hint else ""))
