"""autograd-core: reverse-mode automatic differentiation in which one table of rules is read in several ways."""

import os as _os
from typing import Any as _Any

__version__ = "0.1.0"

_root = _os.path.dirname(__path__[0])
if _os.path.exists(_os.path.join(_root, "pyproject.toml")):  # a checkout: nn, optim and datasets stand beside this folder
    __path__.append(_root)

from .backward import backprop
from .op import Op, row
from .tensor import GraphCut, Tensor, no_grad, set_grad_enabled

_LAZY = {}


def __getattr__(name: str) -> _Any:
    import importlib

    if name in ("nn", "optim", "datasets", "ops", "debug", "compiler"):
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"autograd_core has no {name!r}")
