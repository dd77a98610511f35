"""The functions behind modules and losses, for arrays and Tensors alike; each is a row of the table or made of rows."""

from .activations import leaky_relu, log_softmax, relu, sigmoid, softmax, softplus, tanh
from .call import functional_call
from .layers import dropout, linear
from .losses import (
    Reduction,
    binary_cross_entropy_with_logits,
    check_reduction,
    cross_entropy,
    l1_loss,
    mse_loss,
    reduced,
)

__all__ = [
    "Reduction", "binary_cross_entropy_with_logits", "check_reduction", "cross_entropy", "dropout", "functional_call",
    "l1_loss", "leaky_relu", "linear", "log_softmax", "mse_loss", "reduced", "relu", "sigmoid", "softmax", "softplus",
    "tanh",
]  # fmt: skip
