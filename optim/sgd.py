"""Steps along the gradient itself: SGD with momentum, and Rprop, which reads of the gradient only its sign."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .optimizer import Optimizer
from .settings import POSITIVE, Range


class SGD(Optimizer):
    """Gradient descent with momentum: v ← μ·v + (1 − d)·g, θ ← θ − lr·v (topics D1, D2).

    Use it as the baseline, with momentum, where there is time to tune lr.

    momentum μ, dampening d, nesterov (step along g + μ·v), weight_decay λ (adds λ·θ to g), maximize: as
    torch.optim.SGD, whose velocity starts with the first gradient undampened. Sources: Polyak 1964 (momentum);
    Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning" (Nesterov's).

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = SGD([w], lr=0.1)
    >>> (w**2).backward(); opt.step(); w.item()
    0.8
    """

    state_names = ("momentum_buffer",)
    ranges: ClassVar[dict[str, Range]] = {
        **Optimizer.ranges,
        "dampening": (lambda v: 0 <= v <= 1, "between 0 and 1"),
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        settings = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov}
        super().__init__(params, lr=lr, **settings, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError("Nesterov's step needs a momentum above 0 and no dampening")

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        damped = 1.0 - group["dampening"] if group["dampening"] and t > 1 else 1.0
        return group["lr"], group["momentum"], damped, group["nesterov"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        lr, momentum, damped, nesterov = coefficients
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


class Rprop(Optimizer):
    """A step size of each parameter's own, grown while its slope keeps its sign, shrunk when it turns; for full batches.

    Δ ← Δ·η₊ or Δ·η₋ within step_sizes, θ ← θ − sign(g)·Δ; where the sign turned, g counts as 0 for this step and the
    next. lr is the first Δ, etas = (η₋, η₊). As torch.optim.Rprop; source: Riedmiller & Braun 1993.

    >>> from autograd_core import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> opt = Rprop([w], lr=0.1)
    >>> for _ in range(2):
    ...     opt.zero_grad(); (w**2).backward(); opt.step()
    >>> round(w.item(), 6)  # 1 − 0.1 − 0.12
    0.78
    """

    state_names = ("before", "step_size")
    ranges: ClassVar[dict[str, Range]] = {
        "lr": POSITIVE,
        "etas": (lambda v: len(v) == 2 and 0 < v[0] < 1 < v[1] < float("inf"), "a factor below 1 and one above"),
        "step_sizes": (lambda v: len(v) == 2 and 0 < v[0] <= v[1], "the smallest and the largest step, above 0"),
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr=lr, etas=tuple(etas), step_sizes=tuple(step_sizes), maximize=maximize)

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        return group["lr"] if t == 1 else None, *group["etas"], *group["step_sizes"]

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        first, shrink, grow, smallest, largest = coefficients
        before, step_size = state["before"], state["step_size"]
        if first is not None:
            step_size.fill(first)
        agree = np.sign(g) * np.sign(before)
        step_size[agree > 0] *= grow
        step_size[agree < 0] *= shrink
        np.clip(step_size, smallest, largest, out=step_size)
        g[agree < 0] = 0
        before[...] = g
        p -= np.sign(g) * step_size
