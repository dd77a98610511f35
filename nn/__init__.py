"""Networks: modules, layers, activations, losses and initial values, all made of the table's rows."""

from . import functional, init
from .activations import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from .layers import Dropout, Identity, Linear, Sequential
from .losses import BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss
from .mlp import MLP
from .module import Module, Parameter
from .serialize import load, notes, save

__all__ = [
    "MLP", "BCEWithLogitsLoss", "CrossEntropyLoss", "Dropout", "Identity", "L1Loss", "LeakyReLU", "Linear", "MSELoss",
    "Module", "Parameter", "ReLU", "Sequential", "Sigmoid", "Softmax", "Tanh", "functional", "init", "load", "notes", "save",
]  # fmt: skip
