"""Adam and its relatives: running means of the gradient and of its square, and steps that are their quotient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer

Betas = tuple[float, float]


class Adam(Optimizer):
    """θ ← θ − lr·m̂/(√v̂ + eps), with running means m of g and v of g², freed of their start at 0 (topic D2).

    Use it first.

    m ← β₁m + (1 − β₁)g and m̂ = m/(1 − β₁ᵗ), v likewise with β₂. amsgrad: the largest v so far instead of v.
    weight_decay λ adds λ·θ to g, or shrinks θ by lr·λ if decoupled_weight_decay. As torch.optim.Adam; sources: Kingma &
    Ba 2015, arXiv 1412.6980; Reddi et al. 2018 (amsgrad).

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Adam([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.9
    """

    state_names = ("m", "v")
    units = (1 - 0.9, 1 - 0.999)  # m and v are kept in these: with the usual betas, new gradients need no factor

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ):
        super().__init__(
            params, lr=lr, betas=pair(betas), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )  # fmt: skip

    def states(self, group: dict[str, Any]) -> tuple[str, ...]:
        return (*self.state_names, "v_max") if group["amsgrad"] else self.state_names

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        (b1, b2), (unit1, unit2) = group["betas"], self.units
        # both sides of the quotient m̂/(√v̂ + eps) are divided by √(unit/(1 − β₂ᵗ)), which leaves the root of v bare
        root = (unit2 / (1 - b2**t)) ** 0.5
        rate = group["lr"] * unit1 / (1 - b1**t) / root
        return b1, b2, (1 - b1) / unit1, (1 - b2) / unit2, rate, group["eps"] / root, group["amsgrad"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        b1, b2, new1, new2, rate, eps, amsgrad = coefficients
        m, v = state["m"], state["v"]
        m *= b1
        m += g if new1 == 1 else new1 * g
        v *= b2
        g = np.multiply(g, g, out=g)
        v += g if new2 == 1 else new2 * g
        if amsgrad:
            v = np.maximum(state["v_max"], v, out=state["v_max"])
        scale = np.sqrt(v, out=g)
        scale += eps
        change = np.divide(m, scale, out=g)
        change *= rate
        p -= change


class AdamW(Adam):
    """Adam with weight decay apart from the gradient, which its scaling does not touch: θ ← (1 − lr·λ)·θ.

    Use it as Adam wherever weights are to decay.

    As torch.optim.AdamW; source: Loshchilov & Hutter 2019, "Decoupled weight decay regularization", arXiv 1711.05101.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)  # 1·0.95 − 0.1
    0.85
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )  # fmt: skip


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square: u ← max(β₂u, |g| + eps), θ ← θ − lr·m̂/u.

    Use it where gradients come in bursts.

    As torch.optim.Adamax; source: Kingma & Ba 2015, section 7.1.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Adamax([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); round(w.item(), 6)
    0.9
    """

    state_names = ("m", "u")

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr=lr, betas=pair(betas), eps=eps, weight_decay=weight_decay, maximize=maximize)

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        b1, b2 = group["betas"]
        return b1, b2, group["lr"] / (1 - b1**t), group["eps"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        b1, b2, rate, eps = coefficients
        m, u = state["m"], state["u"]
        m *= b1
        m += (1 - b1) * g
        u *= b2
        np.maximum(u, np.abs(g) + eps, out=u)
        p -= rate * m / u


def pair(betas: Any) -> Any:
    """Betas of a list as a tuple; anything else is refused by their range."""
    return tuple(betas) if isinstance(betas, (list, tuple)) else betas
