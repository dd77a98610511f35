"""The optimizers' rules, each written once: this step's coefficients, and the update in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent with momentum: v ← μ·v + (1 − d)·g, θ ← θ − lr·v (topics D1, D2).

    momentum μ, dampening d, nesterov (step along g + μ·v), weight_decay λ (adds λ·θ to g): as torch.optim.SGD, whose
    velocity starts with the first gradient undampened.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = SGD([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); w.item()
    0.8
    """

    state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov's step needs a momentum above 0 and no dampening")
        super().__init__(
            params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        damped = 1.0 if t == 1 else 1.0 - group["dampening"]
        return group["lr"], group["momentum"], damped, group["weight_decay"], group["nesterov"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        lr, momentum, damped, weight_decay, nesterov = coefficients
        if weight_decay:
            g += weight_decay * p
        if momentum:
            v = state["momentum_buffer"]
            v *= momentum
            v += g if damped == 1 else damped * g
            if nesterov:
                g += momentum * v
            else:
                g = np.multiply(v, lr, out=g)
                p -= g
                return
        g *= lr
        p -= g


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma & Ba 2015), as torch.optim.Adam.

    betas: decay of the two means; eps is added to the root; weight_decay λ adds λ·θ to the gradient. The means are
    kept without their factors (1 − β), which the coefficients carry: M ← β₁M + g, V ← β₂V + g².

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Adam([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.9
    """

    state_names = ("m", "v")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        if not all(0 <= b < 1 for b in betas):
            raise ValueError(f"betas are between 0 and 1, below 1; they are {betas}")
        super().__init__(params, lr=lr, betas=tuple(betas), eps=eps, weight_decay=weight_decay)

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        b1, b2 = group["betas"]
        # p -= lr · m̂/(√v̂ + eps) with m̂ = M(1−β₁)/(1−β₁ᵗ), v̂ = V(1−β₂)/(1−β₂ᵗ), both divided by √((1−β₂)/(1−β₂ᵗ))
        root = ((1 - b2) / (1 - b2**t)) ** 0.5
        rate = group["lr"] * (1 - b1) / (1 - b1**t) / root
        return b1, b2, rate, group["eps"] / root, group["weight_decay"], group["lr"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        b1, b2, rate, eps, weight_decay, lr = coefficients
        if weight_decay:
            self.decay(p, g, weight_decay, lr)
        m, v = state["m"], state["v"]
        m *= b1
        m += g
        v *= b2
        v += np.multiply(g, g, out=g)
        scale = np.sqrt(v, out=g)
        scale += eps
        change = np.divide(m, scale, out=g)
        change *= rate
        p -= change

    def decay(self, p: Any, g: Any, weight_decay: float, lr: float) -> None:
        """Weight decay as a part of the gradient (L2 regularisation)."""
        g += weight_decay * p


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: θ ← (1 − lr·λ)·θ (Loshchilov & Hutter 2019)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)

    def decay(self, p: Any, g: Any, weight_decay: float, lr: float) -> None:
        """Weight decay as shrinking, which Adam's scaling does not touch."""
        p *= 1 - lr * weight_decay
