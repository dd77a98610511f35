"""L-BFGS: Newton's direction from the last gradients alone, without a matrix."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from autograd_core.memory import wrote

from .line_search import Point, strong_wolfe
from .optimizer import Optimizer
from .settings import COUNT, NOT_NEGATIVE, POSITIVE, Range, one_of


class LBFGS(Optimizer):
    """Quasi-Newton steps: the inverse Hessian is read off the last `history_size` changes of place and of gradient.

    `step(closure)` makes up to max_iter of them and calls the closure up to max_eval times (default: 5/4 of max_iter):
    it clears the gradients, computes the loss, calls backward() and returns the loss. line_search_fn: "strong_wolfe",
    or None for steps of lr. It ends early where no gradient is above tolerance_grad, or neither a parameter nor the loss
    changes by more than tolerance_change. For full batches, one group, one dtype. As torch.optim.LBFGS, which keeps its
    state under the first parameter; here it is `memory`. Source: Liu & Nocedal 1989, with Nocedal 1980.

    >>> from autograd_core import Tensor
    >>> w = Tensor([-1.5, 2.0], requires_grad=True)
    >>> opt = LBFGS([w], max_iter=50, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = opt.step(closure); w.value.round(4)
    array([1., 1.])
    """

    needs_closure = True
    ranges: ClassVar[dict[str, Range]] = {
        "lr": POSITIVE, "max_iter": COUNT, "max_eval": COUNT, "tolerance_grad": NOT_NEGATIVE,
        "tolerance_change": NOT_NEGATIVE, "history_size": COUNT, "line_search_fn": one_of(None, "strong_wolfe"),
    }  # fmt: skip

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ):
        super().__init__(
            params, lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, history_size=history_size,
            line_search_fn=line_search_fn,
        )  # fmt: skip
        self.memory: dict[str, Any] = {"n_iter": 0, "func_evals": 0, "pairs": [], "scale": 1.0}

    def add_param_group(self, group: dict[str, Any]) -> None:
        super().add_param_group(group)
        if len(self._flats) > 1 or len(self._flats[0]) > 1:
            self.param_groups.pop()
            self._flats.pop()
            raise ValueError("L-BFGS sees all parameters as one vector: they must be one group, of one dtype")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to max_iter steps; returns the first loss. Where it is no number, nothing is changed."""
        if closure is None:
            raise TypeError(
                "L-BFGS computes the loss several times in a step: write opt.step(closure) with a function that calls "
                "zero_grad(), computes the loss, calls backward() and returns the loss"
            )
        group, memory, flat = self.param_groups[0], self.memory, self._flats[0][0]
        result, loss, g = self._evaluate(closure)
        calls, used, still = 1, 0, group["tolerance_change"]
        if not math.isfinite(loss) or np.abs(g).max() <= group["tolerance_grad"]:
            memory["func_evals"] += 1
            return result
        for iteration in range(1, group["max_iter"] + 1):
            memory["n_iter"] += 1
            first = memory["n_iter"] == 1
            d = self._direction(g)
            t = min(1.0, 1.0 / float(np.abs(g).sum())) * group["lr"] if first else group["lr"]
            memory |= {"direction": d, "step": t, "gradient": g}
            before, slope = loss, float(g @ d)
            if slope > -still:
                break
            x, used = flat.values.copy(), 0
            if group["line_search_fn"]:
                evaluate = self._along(closure, x, d)
                start = Point(0.0, loss, g, slope)
                point, used = strong_wolfe(evaluate, start, t, float(np.abs(d).max()), still, group["max_eval"] - calls)
                t, loss, g = point.t, point.f, point.g
                memory["step"] = t
            self._move(x + t * d)
            if not group["line_search_fn"] and iteration < group["max_iter"]:
                _, loss, g = self._evaluate(closure)
                used = 1
            calls += used
            if (
                calls >= group["max_eval"]
                or not math.isfinite(loss)
                or np.abs(g).max() <= group["tolerance_grad"]
                or np.abs(t * d).max() <= still
                or abs(loss - before) < still
            ):
                break
        memory["func_evals"] += calls
        return result

    def _direction(self, g: Any) -> Any:
        """−H·g, with what the last step says of the inverse Hessian H (the "two-loop recursion")."""
        memory = self.memory
        if memory["n_iter"] == 1:
            return -g
        y, s = g - memory["gradient"], memory["direction"] * memory["step"]
        curvature = float(y @ s)
        if curvature > 1e-10:  # else it says nothing of a minimum
            memory["pairs"] = [*memory["pairs"], (y, s, 1 / curvature)][-self.param_groups[0]["history_size"] :]
            memory["scale"] = curvature / float(y @ y)
        d, shares = -g, []
        for y, s, rho in reversed(memory["pairs"]):
            shares.append(float(s @ d) * rho)
            d -= shares[-1] * y
        d *= memory["scale"]
        for (y, s, rho), share in zip(memory["pairs"], reversed(shares), strict=True):
            d += (share - float(y @ d) * rho) * s
        return d

    def _along(self, closure: Callable[[], Any], x: Any, d: Any) -> Callable[[float], Point]:
        def evaluate(t: float) -> Point:
            self._move(x + t * d)
            _, loss, g = self._evaluate(closure)
            return Point(t, loss, g, float(g @ d))

        return evaluate

    def _move(self, x: Any) -> None:
        flat = self._flats[0][0]
        flat.values[...] = x
        wrote(flat.params)

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, Any]:
        """What the closure returned, as a number too, and all gradients as one vector."""
        result, flat = closure(), self._flats[0][0]
        loss = float(getattr(result, "value", result))
        flat.collect()
        if math.isfinite(loss) and all(p.gradient is None for p in flat.params):
            raise ValueError("the closure left no gradients: it must call backward() on the loss that it returns")
        return result, loss, flat.grads.copy()

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"memory": copy.deepcopy(self.memory)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.memory = copy.deepcopy(state["memory"])
