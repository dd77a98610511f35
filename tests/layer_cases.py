"""Every layer and activation of nn that computes something of x, in its settings: (how to make it, shape of the input)."""

import numpy as np

from autograd_core import nn
from autograd_core.nn.activations import ACTIVATIONS

ROWS, IMAGES = (4, 6), (4, 2, 6, 5)
CASES = {
    **{name: (kind, ROWS) for name, kind in ACTIVATIONS.items()},
    "sigmoid, slope": (lambda: nn.Sigmoid(2.5), ROWS),
    "softplus, beta": (lambda: nn.Softplus(3.0), ROWS),
    "swish, beta": (lambda: nn.Swish(1.7), ROWS),
    "swish, learned": (lambda: nn.Swish(1.7, learnable=True), ROWS),
    "gelu, tanh": (lambda: nn.GELU("tanh"), ROWS),
    "prelu, features": (lambda: nn.PReLU(6, init=0.4), ROWS),
    "prelu, channels": (lambda: nn.PReLU(2), IMAGES),
    "adaptive_relu, features": (lambda: nn.AdaptiveReLU(6), ROWS),
    "adaptive_relu, images": (lambda: nn.AdaptiveReLU(5), IMAGES),
    "leaky_relu, slope": (lambda: nn.LeakyReLU(0.2), ROWS),
    "elu, alpha": (lambda: nn.ELU(0.5), ROWS),
    "celu, alpha": (lambda: nn.CELU(0.5), ROWS),
    "hardtanh, bounds": (lambda: nn.Hardtanh(-2.0, 0.5), ROWS),
    "softmax, batch": (lambda: nn.Softmax(0), ROWS),
    "softmax, channels": (lambda: nn.Softmax(1), IMAGES),
    "log_softmax, channels": (lambda: nn.LogSoftmax(1), IMAGES),
    "linear": (lambda: nn.Linear(6, 3, rng=0), ROWS),
    "linear, no bias": (lambda: nn.Linear(6, 3, bias=False, rng=0), ROWS),
    "linear, more axes": (lambda: nn.Linear(5, 3, rng=0), IMAGES),
    "linear, more axes, no bias": (lambda: nn.Linear(5, 3, bias=False, rng=0), IMAGES),
    "dropout": (lambda: nn.Dropout(0.5, rng=0), ROWS),
    "alpha dropout": (lambda: nn.AlphaDropout(0.5, rng=0), ROWS),
    "batch norm": (lambda: nn.BatchNorm1d(6, eps=1e-3), ROWS),
    "batch norm, sequences": (lambda: nn.BatchNorm1d(3), (4, 3, 5)),
    "batch norm, not affine": (lambda: nn.BatchNorm1d(6, affine=False), ROWS),
    "batch norm, untracked": (lambda: nn.BatchNorm1d(6, track_running_stats=False), ROWS),
    "batch norm, images": (lambda: nn.BatchNorm2d(2), IMAGES),
    "batch norm, images, untracked": (lambda: nn.BatchNorm2d(2, affine=False, track_running_stats=False), IMAGES),
    "batch norm, one channel": (lambda: nn.BatchNorm2d(1), (4, 1, 3, 3)),
    "layer norm": (lambda: nn.LayerNorm(6, eps=1e-3), ROWS),
    "layer norm, not affine": (lambda: nn.LayerNorm(6, elementwise_affine=False), ROWS),
    "layer norm, no bias": (lambda: nn.LayerNorm(6, bias=False), ROWS),
    "layer norm, images": (lambda: nn.LayerNorm((6, 5)), IMAGES),
    "conv": (lambda: nn.Conv2d(2, 3, 3, padding=1, rng=0), IMAGES),
    "conv, strides": (lambda: nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), bias=False, rng=0), IMAGES),
    "max pool": (lambda: nn.MaxPool2d(2), IMAGES),
    "max pool, padded": (lambda: nn.MaxPool2d(3, 2, 1), IMAGES),
    "mean pool": (lambda: nn.AvgPool2d((1, 2)), IMAGES),
    "mean pool, padded": (lambda: nn.AvgPool2d(3, 2, 1), IMAGES),
    "flatten": (lambda: nn.Flatten(), IMAGES),
    "flatten, some": (lambda: nn.Flatten(2, 3), IMAGES),
    "flatten, batch": (lambda: nn.Flatten(0, 1), IMAGES),
    "unflatten": (lambda: nn.Unflatten(1, (1, 2, 3)), ROWS),
    "unflatten, from the end": (lambda: nn.Unflatten(-1, (2, -1)), ROWS),
    "kernels": (lambda: nn.KernelLayer(6, 3, rng=0), ROWS),
    "kernels, polynomial": (lambda: nn.KernelLayer(6, 3, "polynomial", degree=3, offset=0.5, rng=0), ROWS),
    "kernels, gaussian": (lambda: nn.KernelLayer(5, 3, "gaussian", gamma=0.3, bias=False, rng=0), IMAGES),
    "kernels, windows": (lambda: nn.KernelLayer(2, 3, kernel_size=(2, 3), padding=1, rng=0), IMAGES),
    "kernels, polynomial windows": (lambda: nn.KernelLayer(2, 3, "polynomial", kernel_size=2, bias=False, rng=0), IMAGES),
    "kernels, gaussian windows": (lambda: nn.KernelLayer(2, 3, "gaussian", kernel_size=2, stride=2, rng=0), IMAGES),
    "residual": (lambda: nn.Residual(nn.Linear(6, 6, rng=0), nn.ReLU()), ROWS),
    "parallel": (lambda: nn.Parallel(nn.Linear(6, 6, rng=0), nn.Identity(), nn.Tanh()), ROWS),
    "parallel, joined": (lambda: nn.Parallel(nn.Linear(6, 2, rng=0), nn.Identity(), combine="concatenate"), ROWS),
    "mlp": (lambda: nn.MLP([6, 8, 3], norm="batch", dropout=0.5, rng=0), ROWS),
    "mlp, layer norm": (lambda: nn.MLP([6, 8, 8, 3], norm="layer", activation="gelu", rng=0), ROWS),
    "network of images": (lambda: nn.Sequential(nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 3, 3, padding=1, rng=0), nn.BatchNorm2d(3),
        nn.Parallel(nn.ReLU(), nn.Sequential(nn.Conv2d(3, 2, 1, rng=1), nn.PReLU(2)), combine="concatenate"), nn.MaxPool2d(2),
        nn.Flatten(), nn.Residual(nn.Residual(nn.Linear(20, 20, rng=2), nn.SiLU()), nn.Dropout()), nn.Linear(20, 2, rng=3)), (4, 16)),
}  # fmt: skip


def trained(name, dtype=np.float32):
    """A module that has seen batches, in evaluation with no parameter at its initial value, and a batch of inputs."""
    make, shape = CASES[name]
    model, rng = make(), np.random.default_rng(0)
    for _ in range(3):
        model(rng.normal(size=shape).astype(np.float32))
    for p in model.parameters():
        p.data = p.value + rng.normal(0, 0.1, p.shape).astype(np.float32)
    return model.eval(), (2 * rng.normal(size=shape)).astype(dtype)


def bare(y):
    return getattr(y, "value", y)


def covered():
    """The names of the modules that stand in some case."""
    return {type(m).__name__ for make, _ in CASES.values() for m in make().modules()}


def layers():
    """The names of the modules of nn that are no losses."""
    kinds = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)} - {"Module", "Parameter"}
    return {name for name in kinds if not name.endswith("Loss")}
