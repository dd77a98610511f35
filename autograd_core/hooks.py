"""Hooks: functions of the user's that see a gradient when all of it has arrived, and may put another in its place.

They hang on the tensor itself, and die with it. A pass asks for them only once somebody has hung up the first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .memory import describe
from .tensor import Tensor

Hook = Callable[[Tensor], Any]
_count = itertools.count().__next__


class in_use:
    """Whether any tensor has ever had a hook: most programs use none, and their passes need not look."""

    anywhere = False


class Hooks:
    """What hangs on one tensor: its functions in their order, and whether its gradient is to be kept."""

    def __init__(self) -> None:
        self.functions: dict[int, Hook] = {}
        self.retains = False


class Handle:
    """What register_hook returns: `remove()` takes the hook off again."""

    def __init__(self, hooks: Hooks, key: int):
        self._hooks, self._key = hooks, key

    def remove(self) -> None:
        """Take the hook off; a second time does nothing."""
        self._hooks.functions.pop(self._key, None)


def register(tensor: Tensor, hook: Hook) -> Handle:
    """Hang a function on a tensor; see Tensor.register_hook."""
    if not tensor.requires_grad:
        raise RuntimeError(f"{describe(tensor)} does not require grad, so no gradient will arrive for a hook to see")
    hooks, key = _of(tensor), _count()
    hooks.functions[key] = hook
    return Handle(hooks, key)


def retain(tensor: Tensor) -> None:
    """Keep the gradient of a result; see Tensor.retain_grad."""
    if not tensor.requires_grad:
        raise RuntimeError(f"{describe(tensor)} does not require grad, so there will be no gradient to retain")
    if not tensor.is_leaf:  # a leaf keeps its own anyway
        _of(tensor).retains = True


def retains(tensor: Tensor) -> bool:
    """Whether a result's gradient is to be left in its `.grad`."""
    return getattr(tensor, "hooks", None) is not None and tensor.hooks.retains


def seen(tensor: Tensor, g: Any) -> Any:
    """The gradient that goes on from a tensor once its hooks have seen it, bare or a graph as it came."""
    for hook in list(tensor.hooks.functions.values()):
        other = hook(g if isinstance(g, Tensor) else Tensor(g))
        if other is None:
            continue
        if np.shape(other) != g.shape:
            raise ValueError(
                f"a hook on {describe(tensor)} returned a gradient of shape {np.shape(other)}; it must have the tensor's shape"
            )
        bare = other.value if isinstance(other, Tensor) else other
        if not isinstance(g, Tensor):
            g = np.asarray(bare, g.dtype)[()]
        else:
            g = other if isinstance(other, Tensor) else Tensor(np.asarray(bare, g.dtype))
    return g


def _of(tensor: Tensor) -> Hooks:
    in_use.anywhere = True
    if getattr(tensor, "hooks", None) is None:
        tensor.hooks = Hooks()
    return tensor.hooks
