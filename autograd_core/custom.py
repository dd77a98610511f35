"""Nodes of the user's own making: a function with a gradient written by hand, and one that is computed again.

Both give all gradients of a node at once, where a row of the table has a rule for each input.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .backward import ancestors, contributions
from .memory import tick
from .modes import followed, set_grad_enabled
from .op import Edge, Op
from .tensor import Tensor


class _AllAtOnce(Op):
    """A row whose one rule gives the gradients of all inputs: `pull(*frame)` runs once a visit, at the first edge."""

    pull: Callable[..., Any]

    def __init__(self, name: str, kernel: Callable[..., Any], params: dict[str, Any]):
        super().__init__(
            name, kernel, {"inputs": lambda i, g, y, inputs: g}, eager=kernel, params=params, saved={}, variadic=True,
            elementwise=False, definition=None, numpy=(), binds="", words="a gradient of the user's own", samples=None,
            text=f"{name}(inputs)", latex=rf"\operatorname{{{name}}}(inputs)",
        )  # fmt: skip

    def edges_of(self, count: int) -> tuple[Edge, ...]:
        found: list[Any] = []

        def edge(i: int) -> Any:
            def rule(*frame: Any) -> Any:
                if not found:
                    found.extend(self.pull(*frame))
                return np.zeros_like(frame[2][i]) if found[i] is None else found[i]

            return rule

        return tuple((i, edge(i), tuple) for i in range(count))  # tuple: a rule is handed the whole frame


class custom_vjp(_AllAtOnce):
    """A function of arrays whose gradient is written by hand (JAX's custom_vjp, torch.autograd.Function).

    function: takes arrays by place, and keywords that have no gradient; returns an array. The decorated pair is completed
    by `.backward`: a function of `g`, the gradient that arrives, and whatever it names of `y`, the output, the inputs
    and the keywords, which returns a gradient for each input in their order (a single one for one input), None for 0.
    Written in NumPy, it works to any order. RuntimeError if it is missing, TypeError for names that nobody knows.

    >>> @custom_vjp
    ... def damped(x, w, *, most=1.0):
    ...     return x * w
    >>> @damped.backward
    ... def _(g, x, w, most):
    ...     return np.clip(g * w, -most, most), g * x
    >>> x, w = Tensor(2.0, requires_grad=True), Tensor(5.0, requires_grad=True)
    >>> damped(x, w, most=3.0).backward(); x.grad, w.grad
    (Tensor(3.), Tensor(2.))
    """

    def __init__(self, function: Callable[..., Any]):
        parameters = inspect.signature(function).parameters.values()
        self.names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]

        def kernel(*inputs: Any, **params: Any) -> Any:
            return np.asarray(function(*inputs, **params))[()]

        keywords = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        super().__init__(function.__name__, kernel, keywords)
        self.pull = self._missing
        self.__doc__ = function.__doc__

    def _missing(self, *frame: Any) -> Any:
        raise RuntimeError(
            f"{self.name!r} has no gradient yet: write @{self.name}.backward over the function that gives it"
        )

    def backward(self, pull: Callable[..., Any]) -> Callable[..., Any]:
        """Complete the pair: the decorated function gives the gradients."""
        reads = list(inspect.signature(pull).parameters)
        known = ["g", "y", *self.names, *self.params]
        if unknown := set(reads) - set(known):
            raise TypeError(
                f"the backward of {self.name!r} reads {sorted(unknown)}; it may read {', '.join(known)}, by these names"
            )

        def all_gradients(g: Any, y: Any, inputs: Any, *params: Any) -> Any:
            values = dict(zip(known, (g, y, *inputs, *params), strict=True))
            gradients = pull(*(values[n] for n in reads))
            gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
            if len(gradients) != len(self.names):
                raise ValueError(
                    f"the backward of {self.name!r} returned {len(gradients)} gradients for {len(self.names)} inputs "
                    f"({', '.join(self.names)}); return one for each, None where there is none"
                )
            return gradients

        self.pull = all_gradients
        return pull

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if len(inputs) != len(self.names):
            raise TypeError(
                f"{self.name} takes {len(self.names)} inputs ({', '.join(self.names)}), {len(inputs)} were given"
            )
        return super().__call__(*inputs, **params)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """From f to the same function that keeps nothing for its backward pass but computes it again then.

    f: arguments to one Tensor. Tensors that it reads besides (a module's parameters) get their gradients as well. It must
    do the same twice: RuntimeError if the second time gives other numbers, as dropout does; TypeError for another result.
    Memory for time: one more forward pass (torch.utils.checkpoint, jax.checkpoint; Chen et al. 2016, arXiv 1604.06174).

    >>> w = Tensor(2.0, requires_grad=True)
    >>> y = checkpoint(lambda x: np.sin(x) * np.exp(x) * w)(w * 3)
    >>> y.op.name, len(y.inputs)
    ('checkpoint', 2)
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        start = tick()
        y = f(*args, **kwargs)
        if not isinstance(y, Tensor):
            raise TypeError(
                f"checkpoint needs a function that returns one Tensor, not {type(y).__name__}; stack what it returns"
            )
        if not y.requires_grad or y.born < start or followed():
            return y
        value, own = y.value, _since(start, y)
        read = {x for node in own for x in node.inputs if isinstance(x, Tensor) and x.requires_grad and x.born < start}
        inputs = sorted(read, key=lambda x: x.born)

        def pull(g: Any, *_: Any) -> list[Any]:
            start = tick()
            with set_grad_enabled(True):
                again = f(*args, **kwargs)
            if not np.array_equal(again.value, value, equal_nan=value.dtype.kind == "f"):
                raise RuntimeError(
                    "a checkpointed function did not compute the same numbers the second time: it draws at random "
                    "(dropout), or what it reads has been written to since"
                )
            grads = {again: g}
            deque(contributions(_since(start, again), grads, create_graph=isinstance(g, Tensor)), maxlen=0)
            return [grads.get(x) for x in inputs]

        op = _AllAtOnce("checkpoint", lambda *_: value, {})
        op.pull = pull
        return op(*inputs)

    return wrapped


def _since(start: int, y: Tensor) -> list[Tensor]:
    """What y was computed from since then, youngest first."""
    return [node for node in ancestors([y]) if node.born > start]
