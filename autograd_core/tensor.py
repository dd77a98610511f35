"""A Tensor is an array that remembers where it came from: the row that made it and what that row was fed.

That memory is the computational graph. Nothing else is kept of it: no tape, no registry, and no reference from an
input to its results, so that a graph dies, without help from the garbage collector, with the last result.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .memory import clock, describe, origin, same_memory, tick, write
from .modes import collecting, followed, mode, no_grad, observer, observers
from .op import NO_PARAMS, Op, Readable, foreign
from .operators import Operators

new = object.__new__
# what a kernel takes as it is: real numbers and arrays, and arrays of other libraries, which are added when they are met
PLAIN: set[type] = {int, float, bool, np.ndarray, str, type(None)} | {
    t for t in set(np.sctypeDict.values()) if issubclass(t, (np.floating, np.integer, np.bool_))
}
_backward: Any = None


class GraphCut(UserWarning):
    """A Tensor that requires grad was turned into plain numbers: what is made of them has no gradient."""


class Tensor(Operators):
    """An array that takes part in a computational graph.

    data: array, nested list or number (copied, dtype kept; Python floats become float64). Floating point if
    `requires_grad`, else TypeError. `.value` is the bare array, `.grad` None or a Tensor of the same shape and dtype.

    >>> w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    >>> g = w1**3 * w2 + 3 * w1
    >>> g.backward()
    >>> g, w1.grad, w2.grad
    (Tensor(30., op=add), Tensor(39.), Tensor(8.))
    """

    value: Any  # the bare array; a NumPy scalar where there are no axes
    tracked: bool  # whether a gradient may be asked for
    gradient: Any  # of a leaf: what backward() has collected, a bare array until somebody looks at .grad
    name: str | None
    op: Op | None  # the row that made it; None for a leaf
    inputs: tuple[Any, ...]  # what that row was fed, Tensors and constants
    params: dict[str, Any]
    saved: Sequence[Any]  # what the kernel computed on the way for its rules, as bare arrays
    born: int
    written: int  # when its memory was last written to
    site: Any  # where in the user's code it was made and written to, if that is being recorded
    hooks: Any  # set when the first is registered: what the user wants to see of its gradient
    __slots__ = (
        "value", "tracked", "gradient", "name", "op", "inputs", "params", "saved", "born", "written", "site", "hooks", "__weakref__",
    )  # fmt: skip

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None):
        if isinstance(data, (list, tuple)) and any(isinstance(x, Tensor) for x in data):
            raise TypeError(
                "a Tensor made of a list of Tensors would forget where they came from; write np.stack([...])"
            )
        if isinstance(data, Tensor):
            data._leaving("Tensor(tensor)")
        try:
            value = data.value if isinstance(data, Tensor) else data
            value = value.copy() if foreign(value) else np.array(value)
        except ValueError as error:
            raise ValueError(f"{data!r:.60} does not make an array: its lists have different lengths") from error
        if value.dtype.kind not in "fiub":
            raise TypeError(f"a Tensor holds real numbers; {data!r:.60} became an array of {value.dtype.name}")
        filled(self, value if value.ndim else value[()])
        self.name = name
        if observers:
            observer().made(self, data)
        if requires_grad:
            self.requires_grad_()

    def _read(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Tensor:
        """Run the kernel on the bare arrays, and remember the row and its inputs if a gradient may be asked for."""
        tracked = False
        if op.plain_pair:  # a sum or product of two, which most scalar graphs are made of: the loop below, unrolled
            a, b = inputs
            if isinstance(a, Tensor):
                tracked, a = a.tracked, a.value
            elif type(a) not in PLAIN:
                return self._read_beside(op, inputs, params)
            if isinstance(b, Tensor):
                tracked, b = tracked or b.tracked, b.value
            elif type(b) not in PLAIN:
                return self._read_beside(op, inputs, params)
            value = op.eager(a, b)
        else:
            values = []
            for x in inputs:
                if isinstance(x, Tensor):
                    values.append(x.value)
                    if x.tracked:
                        tracked = True
                elif type(x) not in PLAIN:
                    return self._read_beside(op, inputs, params)
                else:
                    values.append(x)
            if observers and "rng" in params:
                observer().draws(params["rng"])
            value = op.eager(*values, **params) if params else op.eager(*values)
        out: Tensor = new(Tensor)
        out.saved = ()
        if op.saved:
            value, *out.saved = value
        out.value = value
        out.gradient = out.name = out.site = None
        if tracked and op.differentiable and mode.recording:
            out.tracked, out.op, out.inputs, out.params = True, op, inputs, params
        else:
            out.tracked, out.op, out.inputs, out.params, out.saved = False, None, (), NO_PARAMS, ()
            if type(value) is np.ndarray and value.base is not None:
                out.saved = origin(value, inputs)  # a write to one of them is a write to both
        out.born, out.written = tick(), 0
        if observers:
            observer().row(out, op, inputs, params)
        return out

    def _read_beside(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Beside lists, which mean arrays, and beside what has a reading of its own, which goes first."""
        arrays = []
        for x in inputs:
            if isinstance(x, Readable) and not isinstance(x, Tensor):
                return x._read(op, inputs, params)
            if foreign(x):
                PLAIN.add(type(x))
            elif not isinstance(x, Tensor) and type(x) not in PLAIN:
                array = np.asarray(x)
                if array.dtype.kind not in "fiub":
                    raise TypeError(
                        f"{op.name}: Tensors compute with real numbers, and {x!r:.60} is {array.dtype.name}"
                    )
                x = array
            arrays.append(x)
        return self._read(op, tuple(arrays), params)

    def _as_parameter(self) -> Any:
        self._leaving("an index or a parameter")
        return self.value.copy()

    # fmt: off
    def __iadd__(self, other: Any) -> Tensor: return self._in_place(self + other)  # type: ignore[misc, unused-ignore]
    def __isub__(self, other: Any) -> Tensor: return self._in_place(self - other)  # type: ignore[misc, unused-ignore]
    def __imul__(self, other: Any) -> Tensor: return self._in_place(self * other)  # type: ignore[misc, unused-ignore]
    def __itruediv__(self, other: Any) -> Tensor: return self._in_place(self / other)  # type: ignore[misc, unused-ignore]
    def __ifloordiv__(self, other: Any) -> Tensor: return self._in_place(self // other)  # type: ignore[misc, unused-ignore]
    def __imod__(self, other: Any) -> Tensor: return self._in_place(self % other)  # type: ignore[misc, unused-ignore]
    def __ipow__(self, other: Any) -> Tensor: return self._in_place(self ** other)  # type: ignore[misc, unused-ignore]
    def __imatmul__(self, other: Any) -> Tensor: return self._in_place(self @ other)  # type: ignore[misc, unused-ignore]
    # fmt: on

    def _in_place(self, result: Tensor) -> Tensor:
        """`t -= step` makes a new node, but on a leaf that is trained it means its memory, as under no_grad()."""
        if not (self.is_leaf and self.tracked):
            return result
        if mode.recording:
            raise RuntimeError(
                f"{describe(self)} is a leaf that requires grad: changing it in place would cut it out of the graph. "
                "Write with no_grad(): around the update, t.data = ..., or make a new tensor of it (u = t - step)"
            )
        write(self, result.value)
        return self

    def __setitem__(self, index: Any, values: Any) -> None:
        """Assign to elements, with a gradient towards what was written and what was left.

        The tensor goes on as a new node, as in JAX's `x.at[index].set(values)`: what was computed before keeps the old
        numbers. A leaf that requires grad is written to in its memory, under no_grad() only. RuntimeError: such a leaf
        while recording, or a part of a tensor that lives on (h[0][1] = ...). TypeError: floats into integers.

        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> h = x * 3
        >>> h[0] = x[1] * 10
        >>> h.sum().backward(); h.value, x.grad
        (array([20.,  6.]), Tensor([ 0., 13.]))
        """
        from .assignment import assign

        assign(self, index, values)

    # --- the graph ---------------------------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Whether no row made this tensor, or none that was recorded: leaves are where gradients are collected."""
        return self.op is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow here: asked for on a leaf, inherited by what is computed from one."""
        return self.tracked

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward() has collected here, of this leaf's shape and dtype; None before.

        AttributeError for a result whose gradient is not retained. It shares memory with nothing.
        """
        # the pass leaves a bare array, which is made a Tensor when somebody looks
        if observers:
            observer().graded(self)
        gradient = self.gradient
        if gradient is None and self.op is not None and not getattr(self, "hooks", None):
            raise AttributeError  # __getattr__ says more
        if gradient is not None and not isinstance(gradient, Tensor):
            with collecting:  # another thread's pass may be adding to it
                if not isinstance(self.gradient, Tensor):
                    self.gradient = filled(new(Tensor), self.gradient)
                gradient = self.gradient
        return gradient

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if gradient is not None and np.shape(gradient) != self.shape:
            raise ValueError(f"the gradient of {describe(self)} must have its shape, not {np.shape(gradient)}")
        if gradient is None and observers and (self.gradient is not None or observer().follows):
            observer().cleared(self)
        elif observers:
            observer().graded(self)
        fits = gradient is None or (isinstance(gradient, Tensor) and gradient.dtype == self.dtype)
        self.gradient = gradient if fits else np.array(getattr(gradient, "value", gradient), self.dtype)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients towards this leaf (or stop asking); TypeError unless it is floating point."""
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(
                f"only floating-point tensors have gradients; {describe(self)} holds {self.dtype}: "
                f"write Tensor(data.astype(float), requires_grad=True) or give it floats"
            )
        if not self.is_leaf:
            raise ValueError(
                f"{describe(self)} is a result, not a leaf: whether it requires grad follows from its inputs; detach() it first"
            )
        if self.tracked != requires_grad:
            self.tracked, clock.last_asked = requires_grad, tick()
        return self

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that requires it; see backward.backward."""
        global _backward
        if _backward is None:  # once: an import in the loop would cost a microsecond each time
            from .backward import backward as _backward
        _backward(self, gradient, retain_graph, create_graph)

    def register_hook(self, hook: Any) -> Any:
        """Have `hook(gradient)` called when the whole gradient of this tensor has arrived; returns a handle to remove it.

        The hook is given a Tensor; what it returns, unless None, goes on in its place. Hooks run in their order, in the
        thread of the pass; one that raises leaves every `.grad` as it was. RuntimeError without requires_grad.

        >>> w = Tensor([3.0, 4.0], requires_grad=True)
        >>> handle = w.register_hook(lambda g: g.clip(-1, 1))
        >>> (w**2).sum().backward(); w.grad
        Tensor([1., 1.])
        >>> handle.remove()
        """
        from .hooks import register

        return register(self, hook)

    def retain_grad(self) -> None:
        """Have backward() leave the gradient of this result in its `.grad`, as it does for leaves.

        >>> w = Tensor(2.0, requires_grad=True)
        >>> h = w * 3; h.retain_grad(); (h * h).backward(); h.grad
        Tensor(12.)
        """
        from .hooks import retain

        retain(self)

    def detach(self) -> Tensor:
        """The same memory as a constant: no gradient passes."""
        if followed():  # a step of its own, or the record would not know where the numbers come from
            with no_grad():
                return +self
        out = filled(new(Tensor), self.value)
        *_, source = same_memory(self)
        out.saved = (weakref.ref(source),)
        if observers:
            observer().cut("detach()", self, out)
        return out

    # --- the numbers -------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The bare array. Assigning copies into the tensor's memory, unseen by the graph."""
        if observers:
            observer().cut(".data", self)
        return self.value

    @data.setter
    def data(self, numbers: Any) -> None:
        write(self, numbers)

    def numpy(self) -> Any:
        """The values as an array of its own, without a word: you know that it leaves the graph."""
        if observers:
            observer().cut("numpy()", self)
        return np.array(self.value)

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

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self._leaving("np.asarray(tensor)")
        array = np.array(self.value, dtype) if copy or dtype is not None else np.asarray(self.value).view()
        array.flags.writeable = bool(copy)
        return array

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

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError(f"{describe(self)} is a scalar and cannot be iterated over")
        return (self[i] for i in range(len(self)))

    def _leaving(self, how: str) -> None:
        if observers:
            observer().cut(how, self)
        if self.tracked:
            warnings.warn(
                f"{how} takes {describe(self)} out of the graph: what is computed from the numbers has no gradient. "
                "Use the tensor itself (np.exp(t), np.stack([t, t]) work), or say t.detach() or t.item() if you mean it.",
                GraphCut,
                stacklevel=3,
            )

    def __getattr__(self, name: str) -> Any:
        if name == "grad":
            raise AttributeError(
                f"{describe(self)} is no leaf, and backward() keeps the gradients of leaves only: call retain_grad() on it "
                "before backward(), or ask for it by backprop(loss, tensor)"
            )
        hint = _ELSEWHERE.get(name) or (f"np.{name}(t)" if not name.startswith("_") and hasattr(np, name) else None)
        raise AttributeError(f"a Tensor has no {name!r}" + (f"; write {hint}" if hint else ""))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

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

    def __reduce__(self) -> Any:
        # a copy or a pickle carries values, not graphs: a result comes back as a leaf
        if not self.is_leaf:
            self._leaving("copying or pickling a result")
        elif followed():
            observer().cut("copying or pickling", self)
        return _restored, (type(self), np.array(self.value)[()], self.tracked and self.is_leaf, self.name)

    def __dlpack__(self, **options: Any) -> Any:
        from .interop import to_dlpack

        return to_dlpack(self, **options)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self.value).__dlpack_device__()

    def _repr_html_(self) -> str:
        from .interop import to_html

        return to_html(self)

    def _repr_latex_(self) -> str | None:
        from .interop import to_latex

        return to_latex(self)


_ELSEWHERE = {  # what users of other libraries look for
    "clone": "t.copy()", "view": "t.reshape(shape)", "unsqueeze": "np.expand_dims(t, axis)", "permute": "t.transpose(axes)",
    "numel": "t.size", "dim": "t.ndim", "pow": "t**n", "norm": "np.linalg.norm(t)", "softmax": "nn.functional.softmax(t)",
    "at": "t[index] = values", "cpu": "t.numpy()", "mm": "a @ b", "zero_": "t.data = np.zeros(t.shape)",
}  # fmt: skip


def _restored(cls: type[Tensor], value: Any, requires_grad: bool, name: str | None) -> Tensor:
    tensor = filled(new(cls), value)
    tensor.tracked, tensor.name = requires_grad, name
    return tensor


def filled(tensor: Tensor, value: Any) -> Tensor:
    """A leaf: a value and no history."""
    tensor.value = value
    tensor.tracked = False
    tensor.gradient = tensor.name = tensor.op = tensor.site = None
    tensor.inputs = tensor.saved = ()
    tensor.params = NO_PARAMS
    tensor.born, tensor.written = tick(), 0
    return tensor
