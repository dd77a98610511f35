"""Networks: modules, layers, activations, losses and initial values, all made of the table's rows."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from . import functional, init
from .activations import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveReLU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PiecewiseLinear,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Step,
    Swish,
    Tanh,
    Tanhshrink,
)
from .containers import Parallel, Residual
from .convolution import AvgPool2d, Conv2d, Flatten, MaxPool2d, Unflatten
from .kernels import KernelLayer
from .layers import Dropout, Identity, Linear, Sequential
from .losses import HuberLoss, L1Loss, MSELoss, SmoothL1Loss, SSELoss
from .losses_classification import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    FocalLoss,
    HingeLoss,
    KLDivLoss,
    LogLoss,
    NLLLoss,
    SigmoidFocalLoss,
    SquaredLogLoss,
)
from .losses_robust import (
    AlphaLoss,
    CauchySchwarzLoss,
    ChebyshevLoss,
    ExpectationLoss,
    RegularisedExpectationLoss,
    SmoothZeroOneLoss,
    TanimotoLoss,
    ZeroOneLoss,
)
from .mlp import MLP
from .module import Module, Parameter
from .normalisation import BatchNorm1d, BatchNorm2d, LayerNorm
from .selfnormalising import AlphaDropout
from .serialize import load, notes, save
from .torch_names import from_torch, to_torch

if TYPE_CHECKING:
    from .onnx import to_onnx as to_onnx
    from .python_export import to_python as to_python

__all__ = [  # and to_onnx, which can be left out with its files
    "AdaptiveReLU", "AlphaDropout", "AlphaLoss", "AvgPool2d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d",
    "BatchNorm2d", "CELU", "CauchySchwarzLoss", "ChebyshevLoss", "Conv2d", "CrossEntropyLoss", "Dropout", "ELU",
    "ExpectationLoss", "Flatten", "FocalLoss", "GELU", "Hardsigmoid", "Hardswish", "Hardtanh", "HingeLoss",
    "HuberLoss", "Identity", "KLDivLoss", "KernelLayer", "L1Loss", "LayerNorm", "LeakyReLU", "Linear", "LogLoss",
    "LogSigmoid", "LogSoftmax", "MLP", "MSELoss", "MaxPool2d", "Mish", "Module", "NLLLoss", "PReLU", "Parallel",
    "Parameter", "PiecewiseLinear", "ReLU", "ReLU6", "RegularisedExpectationLoss", "Residual", "SELU", "SSELoss",
    "Sequential", "SiLU", "Sigmoid", "SigmoidFocalLoss", "SmoothL1Loss", "SmoothZeroOneLoss", "Softmax", "Softplus",
    "Softsign", "SquaredLogLoss", "Step", "Swish", "Tanh", "Tanhshrink", "TanimotoLoss", "Unflatten", "ZeroOneLoss",
    "from_torch", "functional", "init", "load", "notes", "save", "to_python", "to_torch",
]  # fmt: skip
_EXPORTERS = {"to_onnx": "onnx", "to_python": "python_export"}


def __getattr__(name: str) -> _Any:
    """The exporters, which are loaded when they are asked for."""
    if name in _EXPORTERS:
        return getattr(_import_module(f"{__name__}.{_EXPORTERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
