"""The functions behind modules and losses, for arrays and Tensors alike; each is a row of the table or made of rows."""

from .activations import (
    adaptive_relu,
    alpha_dropout,
    celu,
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    piecewise_linear,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    step,
    swish,
    tanh,
    tanhshrink,
)
from .call import functional_call
from .convolution import avg_pool2d, conv2d, max_pool2d
from .kernels import gaussian_kernel, kernel_layer, linear_kernel, polynomial_kernel
from .layers import dropout, linear
from .losses import huber_loss, l1_loss, mse_loss, reduced, smooth_l1_loss, sse_loss
from .losses_classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    hinge_loss,
    kl_div,
    log_loss,
    nll_loss,
    sigmoid_focal_loss,
    squared_log_loss,
)
from .losses_robust import (
    alpha_loss,
    alpha_loss_with_logits,
    alpha_tilted_posterior,
    arimoto_conditional_entropy,
    cauchy_schwarz_loss,
    chebyshev_loss,
    expectation_loss,
    minimal_alpha_risk,
    regularised_expectation_loss,
    smooth_zero_one_loss,
    tanimoto_loss,
    zero_one_loss,
)
from .normalisation import batch_norm, layer_norm

__all__ = [
    "adaptive_relu", "alpha_dropout", "alpha_loss", "alpha_loss_with_logits", "alpha_tilted_posterior",
    "arimoto_conditional_entropy", "avg_pool2d", "batch_norm", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "cauchy_schwarz_loss", "celu", "chebyshev_loss", "conv2d", "cross_entropy",
    "dropout", "elu", "expectation_loss", "focal_loss", "functional_call", "gaussian_kernel", "gelu", "hardsigmoid",
    "hardswish", "hardtanh", "hinge_loss", "huber_loss", "kernel_layer", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "linear_kernel", "log_loss", "log_softmax", "logsigmoid", "max_pool2d",
    "minimal_alpha_risk", "mish", "mse_loss", "nll_loss", "piecewise_linear", "polynomial_kernel", "prelu",
    "reduced", "regularised_expectation_loss", "relu", "relu6", "selu", "sigmoid", "sigmoid_focal_loss", "silu",
    "smooth_l1_loss", "smooth_zero_one_loss", "softmax", "softplus", "softsign", "squared_log_loss", "sse_loss",
    "step", "swish", "tanh", "tanhshrink", "tanimoto_loss", "zero_one_loss",
]  # fmt: skip
