"""Adam with a look ahead, and Adam with patience."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .adam import Betas, pair
from .optimizer import Optimizer
from .settings import NOT_NEGATIVE, Range


class NAdam(Optimizer):
    """Adam with Nesterov's look ahead: m̂ is made of the momentum as it will be and of the gradient itself.

    Use it where Adam's momentum overshoots.

    μₜ = β₁(1 − 0.96^(ψt)/2), ψ being momentum_decay; m̂ = μₜ₊₁m/(1 − Πμ up to t+1) + (1 − μₜ)g/(1 − Πμ up to t).
    As torch.optim.NAdam; source: Dozat 2016, "Incorporating Nesterov momentum into Adam".

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = NAdam([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.894355
    """

    # started: 1 − Πμ, how much of the running mean is more than its start at 0; it is what m would be if all g were 1
    state_names = ("m", "v", "started")
    ranges: ClassVar[dict[str, Range]] = {**Optimizer.ranges, "momentum_decay": NOT_NEGATIVE}

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params, lr=lr, betas=pair(betas), eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize,
        )  # fmt: skip

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        b1, b2 = group["betas"]
        now, soon = (b1 * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        return b1, b2, now, soon, (1 - b2**t) ** -0.5, group["eps"], group["lr"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        b1, b2, now, soon, root, eps, lr = coefficients
        m, v, started = state["m"], state["v"], state["started"]
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * g * g
        started *= now
        started += 1 - now
        ahead = soon * m / (1 - soon + soon * started) + (1 - now) * g / started
        p -= lr * ahead / (root * np.sqrt(v) + eps)


class RAdam(Optimizer):
    """Adam that does not divide by √v̂ before v has seen enough gradients, and then at first with care.

    Use it instead of Adam with a warm-up.

    ρ∞ = 2/(1 − β₂) − 1, ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ); up to ρₜ = 5 the step is lr·m̂, after it Adam's times
    √((ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ)). As torch.optim.RAdam; source: Liu et al. 2020, "On the variance of the
    adaptive learning rate and beyond", arXiv 1908.03265.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = RAdam([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)  # 1 − 0.1·2
    0.8
    """

    state_names = ("m", "v")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params, lr=lr, betas=pair(betas), eps=eps, weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize,
        )  # fmt: skip

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        b1, b2 = group["betas"]
        most = 2 / (1 - b2) - 1
        seen = most - 2 * t * b2**t / (1 - b2**t)
        rate = group["lr"] / (1 - b1**t)
        if seen <= 5:
            return b1, b2, rate, None
        care = ((seen - 4) * (seen - 2) * most / ((most - 4) * (most - 2) * seen)) ** 0.5
        return b1, b2, rate * care * (1 - b2**t) ** 0.5, group["eps"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        b1, b2, rate, eps = coefficients
        m, v = state["m"], state["v"]
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * g * g
        p -= rate * (m if eps is None else m / (np.sqrt(v) + eps))
