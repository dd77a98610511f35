"""A Tensor is an array that remembers where it came from: the row that made it and what that row was fed.

That memory is the computational graph. Nothing else is kept of it: no tape, no registry, and no reference from an
input to its results, so that a graph dies, without help from the garbage collector, with the last result.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from .memory import clock, describe, origin, same_memory, tick
from .modes import collecting, followed, mode, no_grad, observer, observers
from .op import NO_PARAMS, Op, Readable, foreign
from .values import GraphCut as GraphCut
from .values import Values

new = object.__new__
# what a kernel takes as it is: real numbers and arrays, and arrays of other libraries, which are added when they are met
PLAIN: set[type] = {int, float, bool, np.ndarray, str, type(None)} | {
    t for t in set(np.sctypeDict.values()) if issubclass(t, (np.floating, np.integer, np.bool_))
}
_backward: Any = None


class Tensor(Values):
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
            raise AttributeError  # Values.__getattr__ says more
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

    def __reduce__(self) -> Any:
        # a copy or a pickle carries values, not graphs: a result comes back as a leaf
        if not self.is_leaf:
            self._leaving("copying or pickling a result")
        elif followed():
            observer().cut("copying or pickling", self)
        return _restored, (type(self), np.array(self.value)[()], self.tracked and self.is_leaf, self.name)


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
