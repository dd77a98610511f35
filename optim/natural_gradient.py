r"""The natural gradient: steps measured by how much they change what the network says, not by how long they are.

A step Δ moves the output distribution by KL ≈ ½ ΔᵀFΔ, F being the Fisher matrix, and the steepest step under that measure
is Δ = F⁻¹∇L (topic B18). F is kept in blocks, for each unit or for each layer.

Sources: Amari 1998; Clevert, Unterthiner & Hochreiter 2016 (ELU), arXiv 1511.07289; Martens & Grosse 2015 (K-FAC), arXiv
1503.05671, whose bound on the divergence of a step is from Ba, Grosse & Martens 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core.backward import ancestors, backprop
from autograd_core.memory import describe, wrote
from autograd_core.tensor import Tensor

from .fisher import LIKELIHOODS, Seeds, unit_fisher
from .optimizer import Optimizer
from .settings import POSITIVE, SHARE, one_of


class NaturalGradient(Optimizer):
    """θ ← θ − lr·(F + damping·I)⁻¹∇L, with the Fisher matrix F of linear layers, one block for each unit or each layer.

    Use it for small networks, where few steps count for more than their cost.

    model: a module whose parameters all belong to linear layers (modules with `weight` and `bias` that give
    x @ weight.T + bias), or a list of such layers, if another optimizer trains the rest. `observe(output)`, between the
    forward pass and backward(), reads F off the graph; the Trainer calls it.

    likelihood: what the outputs are: "categorical" (logits under cross-entropy), "bernoulli" (a logit each), "gaussian"
    (means under half a squared error; with the whole one ∇L is twice as long), or a function from the outputs to gradients
    of −log p at them, of shape (k, samples, outputs), whose products summed over k are the Fisher matrix of the outputs.
    labels: "exact" takes the expectation over them, in k backward passes; "sampled" puts k random signs to each sample's
    and needs one, with the same mean. Neither looks at the labels of the data.
    blocks: "units" keeps E[δ² a aᵀ] for each unit; "layers" approximates a layer's matrix by the Kronecker product
    E[δ δᵀ] ⊗ E[a aᵀ] (K-FAC), with damping split between the factors. decay: the share of the old F in the new one.
    max_kl: the most that ½ ΔᵀFΔ may be; longer steps are shortened, as F tells nothing of far away (None: no bound).
    The loss is to be a mean over samples. PyTorch has no such optimizer. RuntimeError for a step without observe.

    >>> from autograd_core import nn
    >>> layer = nn.Linear(2, 1, rng=0, dtype=np.float64)
    >>> opt = NaturalGradient(layer, lr=1.0, damping=1e-9, likelihood="gaussian", max_kl=None)
    >>> x = np.array([[1.0, 0.0], [0.0, 10.0], [1.0, 1.0], [3.0, 2.0]])
    >>> y = layer(x); opt.observe(y)
    >>> (np.square(y - x @ [[1.0], [2.0]] - 3).sum(axis=1) / 2).mean().backward()
    >>> opt.step(); layer.weight.value.round(5), layer.bias.value.round(5)  # there in one step
    (array([[1., 2.]]), array([3.]))
    """

    ranges = {
        "lr": POSITIVE, "damping": POSITIVE, "decay": SHARE,
        "blocks": one_of("units", "layers"), "labels": one_of("exact", "sampled"),
        "max_kl": (lambda v: v is None or 0 < v < math.inf, "above 0 and finite, or None"),
    }  # fmt: skip

    def __init__(
        self,
        model: Any,
        lr: float = 1.0,
        damping: float = 1e-4,
        likelihood: str | Seeds = "categorical",
        labels: str = "exact",
        blocks: str = "units",
        decay: float = 0.0,
        max_kl: float | None = 0.01,
        rng: Any = None,
    ):
        if isinstance(likelihood, str) and likelihood not in LIKELIHOODS:
            raise ValueError(
                f"there is no likelihood {likelihood!r}; there are {', '.join(LIKELIHOODS)}, and functions of the outputs"
            )
        self.layers = _linear_layers(model)
        self.seeds = LIKELIHOODS[likelihood] if isinstance(likelihood, str) else likelihood
        self.rng = np.random.default_rng(rng)
        self.fisher: list[Any] = [None] * len(self.layers)
        params = [p for layer in self.layers for p in (layer.weight, layer.bias) if p is not None]
        super().__init__(params, lr=lr, damping=damping, labels=labels, blocks=blocks, decay=decay, max_kl=max_kl)

    def observe(self, output: Any) -> None:
        """Read the Fisher matrices off the graph of a model's output; ValueError where a layer is not used once."""
        group = self.param_groups[0]
        if output.ndim != 2:
            raise ValueError(f"the outputs must have a row for each sample; they have shape {output.shape}")
        nodes = _products(output, self.layers)
        seeds = np.asarray(self.seeds(output.value), output.dtype)
        if group["labels"] == "sampled":  # what is mixed vanishes in the mean, the squares stay
            signs = self.rng.choice([-1.0, 1.0], (len(seeds), len(output), 1))
            seeds = (seeds * signs.astype(output.dtype)).sum(axis=0, keepdims=True)
        passes = [backprop(output, nodes, seed, retain_graph=True) for seed in seeds]
        for i, (layer, node) in enumerate(zip(self.layers, nodes, strict=True)):
            delta = np.stack([gradients[i].value for gradients in passes])
            a = np.asarray(getattr(node.inputs[0], "value", node.inputs[0]), delta.dtype)
            if layer.bias is not None:
                a = np.concatenate([a, np.ones((len(a), 1), a.dtype)], axis=1)
            if group["blocks"] == "units":
                new: tuple[Any, ...] = (unit_fisher(delta, a),)
            else:
                flat = delta.reshape(-1, delta.shape[-1])
                new = (flat.T @ flat / len(a), a.T @ a / len(a))
            old, decay = self.fisher[i], group["decay"]
            if old is not None and decay:
                new = tuple(decay * o + (1 - decay) * n for o, n in zip(old, new, strict=True))
            self.fisher[i] = new

    def direction(self, i: int, g: Any) -> Any:
        """(F + damping·I)⁻¹g of the i-th layer, for gradients of shape (units, inputs), that of the bias last."""
        damping, F = self.param_groups[0]["damping"], self.fisher[i]
        if len(F) == 1:
            return np.linalg.solve(F[0] + damping * np.eye(g.shape[1], dtype=g.dtype), g[..., None])[..., 0]
        S, A = F
        # the damping of a product, in the factors' own scales: (S + √damping/π·I) ⊗ (A + √damping·π·I)
        of_a, of_s, root = float(np.trace(A)) / len(A), float(np.trace(S)) / len(S), damping**0.5
        scale = min(max((of_a / of_s) ** 0.5, 1e-6), 1e6) if of_s > of_a * 1e-12 else 1e6  # a sure network has S near 0
        S = S + np.eye(len(S), dtype=S.dtype) * (root / scale)
        A = A + np.eye(len(A), dtype=A.dtype) * (root * scale)
        return np.linalg.solve(A, np.linalg.solve(S, g).T).T

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the layers that have gradients, by their natural gradients."""
        loss = None if closure is None else closure()
        lr, most = self.param_groups[0]["lr"], self.param_groups[0]["max_kl"]
        found, divergence = [], 0.0
        for i, layer in enumerate(self.layers):
            params = [p for p in (layer.weight, layer.bias) if p is not None]
            if any(p.gradient is None for p in params):
                continue
            if self.fisher[i] is None:
                raise RuntimeError(
                    "the natural gradient needs the Fisher matrix: call optimizer.observe(output) between the forward pass "
                    "and backward()"
                )
            g = np.concatenate([p.grad.value.reshape(len(layer.weight), -1) for p in params], axis=1)
            change = self.direction(i, g)
            divergence += lr * lr * float((change * g).sum()) / 2  # ½ΔᵀFΔ, as FΔ = lr·g
            found.append((layer, params, change))
        rate = lr if most is None or divergence <= most else lr * (most / divergence) ** 0.5
        for layer, params, change in found:
            layer.weight.value -= rate * change[:, : layer.weight.shape[1]]
            if layer.bias is not None:
                layer.bias.value -= rate * change[:, -1]
            wrote(params)
        return loss

    def state_dict(self) -> dict[str, Any]:
        matrices = [None if F is None else tuple(m.copy() for m in F) for F in self.fisher]
        return super().state_dict() | {"fisher": matrices, "rng": self.rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.fisher = [None if F is None else tuple(np.array(m) for m in F) for F in state["fisher"]]
        self.rng.bit_generator.state = state["rng"]


def _linear_layers(model: Any) -> list[Any]:
    """The linear layers of a model, or those given; ValueError for parameters that belong to none."""
    given = hasattr(model, "modules")
    modules = list(model.modules()) if given else list(model)
    layers = [m for m in modules if getattr(getattr(m, "weight", None), "ndim", 0) == 2 and hasattr(m, "bias")]
    covered = {p for m in layers for p in (m.weight, m.bias)}
    rest = [p for p in model.parameters() if p not in covered] if given else [m for m in modules if m not in layers]
    if rest:
        what = describe(rest[0]) if isinstance(rest[0], Tensor) else f"{rest[0]!r:.60}"
        raise ValueError(
            f"NaturalGradient knows the Fisher matrix of linear layers, and {what} is not of one: give it a list of the linear "
            "layers, and the rest to another optimizer"
        )
    return layers


def _products(output: Tensor, layers: list[Any]) -> list[Tensor]:
    """The node of the graph in which each layer's weight meets its inputs; its gradient is δ."""
    found: dict[Tensor, list[Tensor]] = {layer.weight: [] for layer in layers}
    for node in ancestors([output]):
        kind = node.op.name if node.op is not None else ""
        weight = node.inputs[1] if kind in ("linear", "matmul") else None
        if kind == "matmul" and isinstance(weight, Tensor) and weight.inputs:  # x @ weight.T
            weight = weight.inputs[0]
        if isinstance(weight, Tensor) and weight in found:
            found[weight].append(node)
    for layer, nodes in zip(layers, found.values(), strict=True):
        if len(nodes) != 1 or nodes[0].ndim != 2:
            raise ValueError(
                f"{layer!r:.80} is used {len(nodes)} times on the way to this output: the Fisher matrix is known of a "
                "layer that sees each sample once, as a row"
            )
    return [nodes[0] for nodes in found.values()]
