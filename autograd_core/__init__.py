"""autograd-core: automatic differentiation from one table of rules, and a trainer for small networks.

from autograd_core import Tensor, nn, optim, datasets, debug, grad
"""

import os as _os
from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

_root = _os.path.dirname(__path__[0])
if _os.path.exists(_os.path.join(_root, "pyproject.toml")):  # in a checkout nn, optim and datasets stand beside us
    __path__.append(_root)

from .backward import backprop
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .op import Op, row
from .tensor import GraphCut, Tensor

if TYPE_CHECKING:
    import autograd_core.datasets as datasets
    import autograd_core.nn as nn
    import autograd_core.optim as optim

    from . import check as check
    from . import compiler as compiler
    from . import debug as debug
    from . import landscape as landscape
    from . import ops as ops
    from . import plots as plots
    from . import symbol as symbol
    from . import transforms as transforms
    from .batched import LoopedOverSamples as LoopedOverSamples
    from .batched import vmap as vmap
    from .check import gradcheck as gradcheck
    from .check import gradgradcheck as gradgradcheck
    from .compiler import compile as compile
    from .crosschecks import crosscheck as crosscheck
    from .curvature import fisher as fisher
    from .curvature import fisher_product as fisher_product
    from .curvature import gauss_newton_product as gauss_newton_product
    from .curvature import per_sample_grad as per_sample_grad
    from .custom import checkpoint as checkpoint
    from .custom import custom_vjp as custom_vjp
    from .estimators import MLPClassifier as MLPClassifier
    from .estimators import MLPRegressor as MLPRegressor
    from .interop import from_dlpack as from_dlpack
    from .transforms import elementwise_grad as elementwise_grad
    from .transforms import grad as grad
    from .transforms import hessian as hessian
    from .transforms import hvp as hvp
    from .transforms import jacobian as jacobian
    from .transforms import jvp as jvp
    from .transforms import value_and_grad as value_and_grad
    from .transforms import vjp as vjp

__version__ = "0.1.0"

_FOLDERS = (
    "check",
    "compiler",
    "datasets",
    "debug",
    "landscape",
    "nn",
    "ops",
    "optim",
    "plots",
    "symbol",
    "transforms",
)
_FUNCTIONS = {
    **dict.fromkeys(
        ["elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"], "transforms"
    ),
    **dict.fromkeys(["fisher", "fisher_product", "gauss_newton_product", "per_sample_grad"], "curvature"),
    **dict.fromkeys(["LoopedOverSamples", "vmap"], "batched"),
    **dict.fromkeys(["checkpoint", "custom_vjp"], "custom"),
    **dict.fromkeys(["gradcheck", "gradgradcheck"], "check"),
    **dict.fromkeys(["MLPClassifier", "MLPRegressor"], "estimators"),
    "crosscheck": "crosschecks",
    "compile": "compiler",
    "from_dlpack": "interop",
}

__all__ = [
    "GraphCut",
    "Op",
    "Tensor",
    "backprop",
    "enable_grad",
    "is_grad_enabled",
    "no_grad",
    "row",
    "set_grad_enabled",
    *_FOLDERS,
    *(name for name in _FUNCTIONS if not name.startswith("MLP")),  # which need scikit-learn
]


def __getattr__(name: str) -> _Any:
    """Load the rest when it is asked for: importing the engine costs no more than NumPy and a few milliseconds."""
    if name in _FUNCTIONS:
        value = getattr(_import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
        globals()[name] = value
        return value
    if name in _FOLDERS:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
