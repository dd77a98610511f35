"""Learning rates of each parameter's own, made of the squares of its gradients: Adagrad, RMSprop and Adadelta."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .optimizer import Optimizer
from .settings import NOT_NEGATIVE, SHARE, Range


class Adagrad(Optimizer):
    """θ ← θ − lrₜ·g/(√s + eps), with s the sum of all g² so far and lrₜ = lr/(1 + (t − 1)·lr_decay).

    Use it for sparse features.

    s starts at initial_accumulator_value. As torch.optim.Adagrad; source: Duchi, Hazan & Singer 2011.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Adagrad([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.9
    """

    state_names = ("sum",)
    ranges: ClassVar[dict[str, Range]] = {
        **Optimizer.ranges, "lr_decay": NOT_NEGATIVE, "initial_accumulator_value": NOT_NEGATIVE,
    }  # fmt: skip

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, eps=eps, maximize=maximize,
        )  # fmt: skip

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        start = group["initial_accumulator_value"] if t == 1 else 0.0
        return group["lr"] / (1 + (t - 1) * group["lr_decay"]), group["eps"], start

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        rate, eps, start = coefficients
        s = state["sum"]
        s += g * g + start
        p -= rate * g / (np.sqrt(s) + eps)


class RMSprop(Optimizer):
    """θ ← θ − lr·g/(√v + eps), with a running mean v ← αv + (1 − α)g².

    Use it where the target moves.

    centered: the variance, v less the square of the running mean of g, in place of v. momentum μ: the quotients are
    collected, b ← μb + g/(…), and the step is lr·b. As torch.optim.RMSprop; sources: Hinton 2012, lecture 6e of "Neural
    networks for machine learning"; Graves 2013, arXiv 1308.0850 (centered).

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)  # 1 − 0.1·2/√(0.25·2²)
    0.8
    """

    state_names = ("square_avg",)
    ranges: ClassVar[dict[str, Range]] = {**Optimizer.ranges, "alpha": SHARE}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered,
            maximize=maximize,
        )  # fmt: skip

    def states(self, group: dict[str, Any]) -> tuple[str, ...]:
        return (*self.state_names, *["grad_avg"] * bool(group["centered"]), "momentum_buffer")

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        return group["lr"], group["alpha"], group["eps"], group["momentum"], group["centered"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        lr, alpha, eps, momentum, centered = coefficients
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        if centered:
            m = state["grad_avg"]
            m *= alpha
            m += (1 - alpha) * g
            v = np.maximum(v - m * m, 0)  # rounding may leave less than nothing of a constant gradient
        change = g / (np.sqrt(v) + eps)
        if momentum:
            b = state["momentum_buffer"]
            b *= momentum
            b += change
            change = b
        p -= lr * change


class Adadelta(Optimizer):
    """Steps in the parameters' own unit: Δ = √(u + eps)/√(v + eps)·g, with running means v of g² and u of Δ².

    Use it where no lr is to be chosen.

    θ ← θ − lr·Δ, v ← ρv + (1 − ρ)g², u likewise. As torch.optim.Adadelta; source: Zeiler 2012, arXiv 1212.5701.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Adadelta([w])
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.996838
    """

    state_names = ("square_avg", "acc_delta")
    ranges: ClassVar[dict[str, Range]] = {**Optimizer.ranges, "rho": SHARE}

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        return group["lr"], group["rho"], group["eps"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        lr, rho, eps = coefficients
        v, u = state["square_avg"], state["acc_delta"]
        v *= rho
        v += (1 - rho) * g * g
        change = np.sqrt((u + eps) / (v + eps)) * g
        u *= rho
        u += (1 - rho) * change * change
        p -= lr * change
