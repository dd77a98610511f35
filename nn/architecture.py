"""How a model is built, as plain values for JSON; building one from a file's words runs no code of the file."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from typing import Any

from .module import Module

CONTAINERS = ("Sequential", "Residual", "Parallel")  # built from their layers
_SIZES = (  # settings that multiply to the size of a module's weight
    "in_features", "out_features", "in_channels", "out_channels", "kernel_size", "num_features", "num_parameters",
    "normalized_shape",
)  # fmt: skip


def whose_forward(module: Any) -> str | None:
    """The module of nn whose forward a module runs (MLP runs Sequential's); None where that is code of the user's own.

    >>> from autograd_core import nn
    >>> whose_forward(nn.MLP([2, 1])), whose_forward(print)
    ('Sequential', None)
    """
    owner = next((kind for kind in type(module).__mro__ if "forward" in vars(kind)), None)
    return owner.__name__ if owner is not None and _is_ours(owner) and "forward" not in vars(module) else None


def describe(model: Module) -> dict[str, Any] | None:
    """How to build a model, for JSON; None where that takes code that is not this library's."""
    kind, known = type(model).__name__, _known()
    if not _is_ours(type(model)):
        return None
    config: dict[str, Any] = getattr(model, "config", dict)()
    can_be_said = all(isinstance(v, (str, int, float, bool, list, type(None))) for v in config.values())
    if kind not in CONTAINERS and can_be_said and _same(known[kind](**config), model):
        return {"type": kind, "config": config}  # unless a layer was replaced since the model was built
    layers = [describe(layer) for layer in getattr(model, "layers", [])]
    if None in layers or not (layers or kind in CONTAINERS):
        return None
    if kind in CONTAINERS and config:
        return {"type": kind, "layers": layers, "config": config}
    return {"type": kind if kind in CONTAINERS else "Sequential", "layers": layers}


def build(architecture: Any, room: float = math.inf) -> Module:
    """A model as `describe` described it, with initial values of its own.

    room: how many numbers its parameters may have at most, so that nobody's file can ask for all memory. ValueError for
    an unknown type, settings that a type does not have, and more numbers than there is room for.
    """
    try:
        needed = _declared(architecture)
        if needed > room:
            raise ValueError(f"the architecture declares {needed:,} numbers, and the file holds {room:,}")
        return _build(architecture)
    except RecursionError:
        raise ValueError("the architecture is nested deeper than any model") from None


def _build(entry: Any) -> Module:
    kind = entry["type"]
    layers = [_build(layer) for layer in entry.get("layers", [])]
    try:
        return _known()[kind](*layers, **entry.get("config", {}))
    except Exception as error:  # a constructor complains as it likes about settings that nobody has checked
        raise ValueError(f"the model file asks for a {kind} as this version does not have it: {error}") from error


def _declared(entry: Any) -> int:
    """How many weights a description asks for; ValueError where it is no description."""
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise ValueError('an architecture is {"type": ..., "config": ..., "layers": ...}')
    if entry["type"] not in _known():
        raise ValueError(f"the model file asks for a module {entry['type']!r}, which this version does not have")
    config, layers = entry.get("config", {}), entry.get("layers", [])
    if not isinstance(config, dict) or not isinstance(layers, list):
        raise ValueError(f"the settings of {entry['type']} are no JSON object, or its layers no list")
    if not str(config.get("dtype", "float32")).startswith(("float", "complex")):
        raise ValueError(f"the dtype of {entry['type']} is {config['dtype']!r}")
    asked = sum(a * b for a, b in pairwise(_whole(config.get("sizes", []))))
    factors = [n for name in _SIZES for n in _whole(config.get(name, []))]
    learned = config.get("elementwise_affine", config.get("affine", True)) or config.get("track_running_stats", False)
    if factors and learned and not entry["type"].endswith("Pool2d"):
        asked += math.prod(factors)
    if config.get("features") is not None:  # AdaptiveReLU's weight is square
        asked += math.prod(_whole(config["features"])) ** 2
    return asked + sum(_declared(layer) for layer in layers)


def _whole(sizes: Any) -> list[int]:
    numbers = sizes if isinstance(sizes, list) else [] if sizes is None else [sizes]
    if not all(type(n) is int and n > 0 for n in numbers):
        raise ValueError(f"sizes are whole numbers above 0; the model file says {sizes!r}")
    return numbers


def _same(a: Module, b: Module) -> bool:
    """Alike but for the values: in what they say of themselves and in their arrays' names, shapes and types."""
    forms = [{name: (v.shape, v.dtype) for name, v in m.state_dict().items()} for m in (a, b)]
    return repr(a) == repr(b) and forms[0] == forms[1]


def _is_ours(kind: type) -> bool:
    """By the module's last names, since nn may be imported from a checkout as well."""
    known = _known().get(kind.__name__)
    return known is not None and kind.__module__.split(".")[-2:] == known.__module__.split(".")[-2:]


def _known() -> dict[str, Any]:
    """The modules that nn exports, by name."""
    ours = vars(sys.modules[__name__.rpartition(".")[0]])
    return {n: c for n, c in ours.items() if isinstance(c, type) and hasattr(c, "forward") and n != "Module"}
