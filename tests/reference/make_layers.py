"""Make the stored values of layers, by PyTorch in float64: `python tests/reference/make_layers.py`.

For each case: the output; the gradients towards the input and the parameters with a fixed gradient arriving; and the
gradients of those, summed along fixed directions, towards what arrives, input and parameters. Of batch normalisation
also the running statistics after five batches, and what evaluation then gives. The tests need no PyTorch: the cases are
stored beside the values, inputs and parameters are made by a formula.
"""

import json
from pathlib import Path

import numpy as np
import torch
from points import Draw, directions, pack, upstream

STEPS = 5  # batches that the running statistics see, the first of them with the gradients


class KernelLayer(torch.nn.Module):
    """Y_i = B_i + Σ_j k(K_ij, X_j), by loops over outputs and inputs."""

    def __init__(
        self, in_features, out_features, kernel="linear", kernel_size=(), degree=2, offset=1.0, gamma=1.0, **way
    ):
        super().__init__()
        self.kernel, self.degree, self.offset, self.gamma, self.way = kernel, degree, offset, gamma, way
        self.weight = torch.nn.Parameter(torch.zeros(out_features, in_features, *kernel_size))
        self.bias = torch.nn.Parameter(torch.zeros(out_features))

    def likeness(self, u, v):
        """Of a vector and vectors along axis 1."""
        u = u.reshape(1, -1, 1)
        if self.kernel == "gaussian":
            return torch.exp(-self.gamma * ((u - v) ** 2).sum(1))
        product = (u * v).sum(1)
        return product if self.kernel == "linear" else (product + self.offset) ** self.degree

    def forward(self, x):
        out, inputs, *size = self.weight.shape
        if size:
            vectors = [torch.nn.functional.unfold(x[:, j : j + 1], size, **self.way) for j in range(inputs)]
        else:
            vectors = [x[:, j].reshape(-1, 1, 1) for j in range(inputs)]
        y = torch.stack(
            [
                sum(self.likeness(self.weight[i, j], vectors[j]) for j in range(inputs)) + self.bias[i]
                for i in range(out)
            ],
            dim=1,
        )
        if not size:
            return y[..., 0]
        padding, stride = self.way.get("padding", 0), self.way.get("stride", 1)
        return y.reshape(*y.shape[:2], (x.shape[2] + 2 * padding - size[0]) // stride + 1, -1)


# layer, its settings, shape of the input, and "eval" if not in training
CASES = [
    ("Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": 3}, (2, 1, 5, 5)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": [3, 2], "padding": 1}, (2, 2, 4, 5)),
    ("Conv2d", {"in_channels": 3, "out_channels": 2, "kernel_size": 2, "stride": 2}, (1, 3, 6, 5)),
    ("Conv2d", {"in_channels": 2, "out_channels": 1, "kernel_size": [2, 3], "stride": [1, 2], "padding": [0, 2]}, (2, 2, 3, 4)),
    ("Conv2d", {"in_channels": 2, "out_channels": 2, "kernel_size": 1, "stride": 3, "bias": False}, (1, 2, 5, 7)),
    ("Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": 4, "stride": 3, "padding": 3}, (2, 1, 5, 4)),
    ("Conv2d", {"in_channels": 2, "out_channels": 2, "kernel_size": 2}, (2, 3, 4)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": [4, 3]}, (3, 2, 4, 3)),
    ("MaxPool2d", {"kernel_size": 2}, (2, 2, 4, 5)),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 1, 5, 6)),
    ("MaxPool2d", {"kernel_size": [1, 2], "stride": [2, 1]}, (1, 2, 4, 3)),
    ("MaxPool2d", {"kernel_size": 2, "stride": 3}, (2, 5, 4)),
    ("AvgPool2d", {"kernel_size": 2}, (2, 2, 4, 5)),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 1, 5, 6)),
    ("AvgPool2d", {"kernel_size": [2, 1], "stride": 1}, (2, 3, 4)),
    ("BatchNorm1d", {"num_features": 3}, (4, 3)),
    ("BatchNorm1d", {"num_features": 2, "eps": 1e-3, "momentum": 0.3}, (3, 2, 4)),
    ("BatchNorm1d", {"num_features": 3, "momentum": None, "affine": False}, (5, 3)),
    ("BatchNorm1d", {"num_features": 2, "track_running_stats": False}, (2, 2)),
    ("BatchNorm1d", {"num_features": 2, "track_running_stats": False}, (4, 2), "eval"),
    ("BatchNorm1d", {"num_features": 3}, (4, 3), "eval"),
    ("BatchNorm1d", {"num_features": 2, "affine": False}, (1, 2, 3), "eval"),
    ("BatchNorm1d", {"num_features": 2}, (1, 2, 3)),
    ("BatchNorm2d", {"num_features": 2}, (2, 2, 3, 2)),
    ("BatchNorm2d", {"num_features": 2, "momentum": 1.0}, (1, 2, 2, 3), "eval"),
    ("LayerNorm", {"normalized_shape": 4}, (3, 4)),
    ("LayerNorm", {"normalized_shape": [2, 3], "eps": 1e-3}, (2, 2, 3)),
    ("LayerNorm", {"normalized_shape": [3], "elementwise_affine": False}, (2, 2, 3)),
    ("LayerNorm", {"normalized_shape": [4], "bias": False}, (4,)),
    ("KernelLayer", {"in_features": 3, "out_features": 2}, (4, 3)),
    ("KernelLayer", {"in_features": 3, "out_features": 2, "kernel": "polynomial"}, (4, 3)),
    ("KernelLayer", {"in_features": 2, "out_features": 3, "kernel": "gaussian", "gamma": 0.5}, (3, 2)),
    ("KernelLayer", {"in_features": 2, "out_features": 3, "kernel_size": [2, 3], "padding": 1}, (2, 2, 3, 4)),
    ("KernelLayer", {"in_features": 2, "out_features": 2, "kernel": "polynomial", "kernel_size": [2, 2], "degree": 3, "offset": 0.5}, (1, 2, 3, 4)),
    ("KernelLayer", {"in_features": 2, "out_features": 2, "kernel": "gaussian", "kernel_size": [2, 2], "stride": 2, "gamma": 0.25}, (2, 2, 4, 5)),
]  # fmt: skip


def made(layer, config):
    config = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
    return (KernelLayer if layer == "KernelLayer" else getattr(torch.nn, layer))(**config).double()


def values(layer, config, shape, mode="train"):
    """Output, gradients, gradients of gradients; then running statistics and the output in evaluation."""
    module = made(layer, config).train(mode == "train")
    draw = Draw(11000)
    x = torch.tensor(draw(shape), requires_grad=True)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dtype.is_floating_point:  # from 0.5: a variance is positive
            tensor.data = torch.tensor(draw(tuple(tensor.shape), 0.5, 2.0))
    leaves = [x, *module.parameters()]
    y = module(x)
    g = torch.tensor(upstream(tuple(y.shape)), requires_grad=True)
    firsts = torch.autograd.grad(y, leaves, g, create_graph=True)
    ways = map(torch.tensor, directions([tuple(leaf.shape) for leaf in leaves]))
    total = sum((first * way).sum() for first, way in zip(firsts, ways, strict=True))
    seconds = torch.autograd.grad(total, [g, *leaves], allow_unused=True, materialize_grads=True)
    found = [y, *firsts, *seconds]
    if layer.startswith("BatchNorm") and mode == "train":
        for _ in range(STEPS - 1):
            module(torch.tensor(draw(shape)))
        found += [*module.buffers(), module.eval()(x)]
    return [t.numpy(force=True) for t in found]


if __name__ == "__main__":
    stored = {str(i): pack(values(*case)) for i, case in enumerate(CASES)}
    cases = np.frombuffer(json.dumps({"torch": torch.__version__.split("+")[0], "cases": CASES}).encode(), np.uint8)
    np.savez_compressed(Path(__file__).with_name("layers.npz"), cases=cases, **stored)
