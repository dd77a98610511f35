"""State by PyTorch's names: weights and running statistics go to a PyTorch twin of a model and come from it.

Modules, parameters and shapes are called as in PyTorch, so for twins of one build the names are the same: MLP and
Sequential as torch.nn.Sequential, a list of modules as torch.nn.ModuleList. Where the twin has names of its own
("fc1.weight"), the order of the tensors tells which is which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .module import Module

_WRAPPERS = ("module.", "_orig_mod.")  # what DataParallel and torch.compile put before all names
_COUNT = "num_batches_tracked"  # old checkpoints of PyTorch have none


def to_torch(model: Module, names: Iterable[str] | None = None) -> dict[str, Any]:
    """A model's state for PyTorch: `twin.load_state_dict({n: torch.from_numpy(a) for n, a in to_torch(model).items()})`.

    names: those of the twin, as `twin.state_dict()` has them, if they are others than ours; they are taken in their
    order, which is the order in which the twin defines its modules. ValueError where there are more or fewer. Arrays are
    C-contiguous copies in our dtype; safetensors.numpy.save_file writes them.

    >>> from autograd_core import nn
    >>> {name: array.shape for name, array in to_torch(nn.MLP([3, 4, 2])).items()}
    {'0.weight': (4, 3), '0.bias': (4,), '2.weight': (2, 4), '2.bias': (2,)}
    >>> list(to_torch(nn.MLP([3, 4, 2]), names=["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]))
    ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']
    """
    state = {name: np.array(array, order="C") for name, array in model.state_dict().items()}
    return state if names is None else dict(zip(_in_order(list(names), list(state)), state.values(), strict=True))


def from_torch(model: Module, state: Mapping[str, Any], by_order: bool = False) -> Module:
    """Put the state of a PyTorch twin, `twin.state_dict()` or arrays by its names, into a model, and give the model.

    by_order: take the tensors in their order, whatever their names; `twin.state_dict()` has the order of definition,
    a .safetensors file an order of its own. ValueError, with nothing changed, where names or
    shapes do not agree, TypeError for what is no array: a tensor on a GPU or in bfloat16 needs .cpu() or .float() first.

    >>> from autograd_core import nn
    >>> twin = {"module.weight": np.ones((1, 2)), "module.bias": np.zeros(1)}
    >>> from_torch(nn.Linear(2, 1), twin)(np.array([3.0, 4.0]))
    Tensor([7.], op=linear)
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"from_torch takes what twin.state_dict() gives, or arrays by name, not {type(state).__name__}")
    arrays = {name: _array(name, value) for name, value in state.items()}
    while wrapper := next((w for w in _WRAPPERS if arrays and all(name.startswith(w) for name in arrays)), None):
        arrays = {name.removeprefix(wrapper): array for name, array in arrays.items()}
    own = model.state_dict()
    counted = any(name.endswith(_COUNT) for name in arrays)
    wanted = [name for name in own if counted or not name.endswith(_COUNT)]
    if by_order:
        arrays = dict(zip(_in_order(wanted, list(arrays)), arrays.values(), strict=True))
    elif set(arrays) != set(wanted):
        lacks, has = ([n for n in a if n not in b] for a, b in [(wanted, arrays), (arrays, wanted)])
        hint = "; where their order is the same, pass by_order=True" if len(lacks) == len(has) else ""
        raise ValueError(
            f"the names of this state are not those of {type(model).__name__}: it lacks {_listed(lacks)}, and has "
            f"{_listed(has)} besides{hint}"
        )
    for name, array in arrays.items():
        if array.shape != own[name].shape:
            raise ValueError(
                f"{name} has shape {own[name].shape} in {type(model).__name__} and {array.shape} in the state: the twins "
                "differ in a layer"
            )
    model.load_state_dict(own | arrays)
    return model


def _in_order(names: list[str], others: list[str]) -> list[str]:
    if len(names) != len(others):
        raise ValueError(
            f"{len(names)} names cannot be matched with {len(others)} by their order: {_listed(names)}; {_listed(others)}"
        )
    return names


def _array(name: str, value: Any) -> Any:
    try:
        array = np.asarray(getattr(value, "value", value))
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from error
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name} is {type(value).__name__}, not an array of numbers")
    return array


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "none"
