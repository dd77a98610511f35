"""A module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core.trees import leaves, mapped

if TYPE_CHECKING:
    from ..module import Module


def functional_call(module: Module, parameters: Mapping[str, Any], *inputs: Any) -> Any:
    """What a module gives for these inputs with other values in place of its parameters (torch.func.functional_call).

    parameters: by the names of `named_parameters()`; those left out stay the module's own, one that is shared is
    replaced wherever it stands. The module has its own back when this returns or raises; until then it must not be used
    in another thread. ValueError for a name or a shape that the module does not have.

    >>> from autograd_core import grad, nn
    >>> layer = nn.Linear(2, 1, rng=0)
    >>> f = lambda p: functional_call(layer, p, np.array([1.0, 2.0])).sum()
    >>> grad(f)({"weight": np.zeros((1, 2)), "bias": np.zeros(1)})
    {'weight': Tensor([[1., 2.]]), 'bias': Tensor([1.])}
    """
    own = dict(module._named_tensors())
    for name, value in parameters.items():
        if name not in own:
            raise ValueError(f"{type(module).__name__} has no parameter {name!r}; it has {', '.join(own)}")
        if np.shape(value) != own[name].shape:
            raise ValueError(
                f"{name} has shape {own[name].shape} in {type(module).__name__}; {np.shape(value)} was given"
            )
    stands_for = {id(own[name]): value for name, value in parameters.items()}
    before = [
        (vars(m), name, value)
        for m in module.modules()
        for name, value in vars(m).items()
        if any(id(x) in stands_for for x in leaves(value))
    ]
    try:
        for attributes, name, value in before:
            attributes[name] = mapped(lambda x: stands_for.get(id(x), x), value)
        return module(*inputs)
    finally:
        for attributes, name, value in before:
            attributes[name] = value
