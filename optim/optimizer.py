"""What all optimizers share: one flat buffer for the parameters of a group, and a rule that is written once.

The parameters become views of the buffer, so a step is a handful of NumPy calls whatever the number of layers. An
optimizer says two things: `coefficients`, this step's numbers, and `update`, what to do with them in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from autograd_core.memory import describe, wrote
from autograd_core.modes import observer, observers
from autograd_core.tensor import Tensor

from .settings import NOT_NEGATIVE, POSITIVE, SHARE, SHARES, Range, check

FLUSH_EVERY = 256  # steps; arithmetic on subnormal numbers, into which idle momentum decays, is five times slower


class Flat:
    """The parameters of a group that share a dtype, as views of one buffer, with room for gradients and state."""

    def __init__(self, params: list[Tensor], state_names: Iterable[str]):
        self.params = params
        self.sizes = [p.size for p in params]
        self.ends = np.cumsum([0, *self.sizes]).tolist()
        dtype = params[0].dtype
        self.values, self.grads = np.empty(self.ends[-1], dtype), np.zeros(self.ends[-1], dtype)
        self.state = {name: np.zeros(self.ends[-1], dtype) for name in state_names}
        self.steps = [0] * len(params)
        self._settle()

    def _settle(self) -> None:
        """Where each parameter and its gradient live."""
        self.homes = [(p, self._view(self.values, i), self._view(self.grads, i)) for i, p in enumerate(self.params)]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._settle()  # a copy's views would be arrays of their own

    def _view(self, buffer: Any, i: int) -> Any:
        """The i-th parameter's part of a buffer, in the parameter's own memory order."""
        part, value = buffer[self.ends[i] : self.ends[i + 1]], np.asarray(self.params[i].value)
        in_c_order = value.ndim < 2 or value.flags.c_contiguous
        return part.reshape(value.shape) if in_c_order else part.reshape(value.shape[::-1]).T

    def collect(self) -> bool:
        """Copy the gradients into their buffer, 0 where there is none; whether every parameter has one."""
        complete = True
        for p, view, g in self.homes:
            if p.value is not view:  # new, reassigned, or taken over by another optimizer: back home
                view[...] = p.value
                p.value = view
            gradient = p.gradient  # the bare array; p.grad would wrap it
            if gradient is None:
                complete = False
                g[...] = 0
            else:
                g[...] = gradient.value if isinstance(gradient, Tensor) else gradient
        return complete

    def gather(self) -> Iterator[tuple[int, Any, Any, dict[str, Any]]]:
        """Collect the gradients; yield (step count, values, gradients, state) for runs of parameters that have one."""
        complete, t = self.collect(), self.steps[0]
        if complete and self.steps.count(t) == len(self.steps):
            self.steps = [t + 1] * len(self.steps)
            yield t + 1, self.values, self.grads, self.state
            return
        for i, p in enumerate(self.params):
            if p.gradient is not None:
                self.steps[i] += 1
                part = slice(self.ends[i], self.ends[i + 1])
                yield self.steps[i], self.values[part], self.grads[part], {n: s[part] for n, s in self.state.items()}


class Optimizer:
    """Base of the optimizers (torch.optim.Optimizer).

    params: parameters, or groups of them as dicts {"params": [...], "lr": ..., ...}, whose other entries override the
    defaults. The groups are in `param_groups`. ValueError: no parameters, one listed twice, a setting out of its range.

    Three settings are the same for every rule, and applied here: weight_decay λ adds λ·θ to the gradient, or, where
    decoupled_weight_decay is set, shrinks θ by lr·λ instead; maximize climbs.
    """

    state_names: tuple[str, ...] = ()
    ranges: ClassVar[dict[str, Range]] = {
        "lr": POSITIVE, "weight_decay": NOT_NEGATIVE, "eps": POSITIVE, "momentum": SHARE, "betas": SHARES,
    }  # fmt: skip

    def __init__(self, params: Any, **defaults: Any):
        if isinstance(params, Tensor):
            raise TypeError(
                f"an optimizer takes an iterable of parameters, like model.parameters(); it got {describe(params)}: write [parameter]"
            )
        groups = list(params)
        if not groups or not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._flats: list[list[Flat]] = []
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Train more parameters, with settings of their own."""
        group = {**self.defaults, **group, "params": list(group["params"])}
        taken = {p for g in self.param_groups for p in g["params"]}
        if unknown := group.keys() - self.defaults.keys() - {"params", "initial_lr"}:
            raise ValueError(
                f"{type(self).__name__} has no setting {sorted(unknown)}; it has {', '.join(self.defaults)}"
            )
        if not group["params"]:
            raise ValueError(
                "an optimizer without parameters has nothing to do; is the model's parameters() iterator used up?"
            )
        for p in group["params"]:
            if not isinstance(p, Tensor) or p.dtype.kind != "f" or not p.is_leaf:
                raise TypeError(f"an optimizer changes floating-point leaf Tensors; it got {p!r:.80}")
            if p in taken:
                raise ValueError(f"{describe(p)} is listed twice: it would be stepped twice")
            taken.add(p)
        self.check(group)
        self.param_groups.append(group)
        by_dtype: dict[Any, list[Tensor]] = {}
        for p in group["params"]:
            by_dtype.setdefault(p.dtype, []).append(p)
        self._flats.append([Flat(ps, self.states(group)) for ps in by_dtype.values()])

    def check(self, group: dict[str, Any]) -> None:
        """ValueError for settings that make no sense."""
        check(group, self.ranges)

    def states(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of the arrays that are kept for each parameter of a group."""
        return self.state_names

    def coefficients(self, t: int, group: dict[str, Any]) -> tuple[Any, ...]:
        """The numbers of step t (from 1) as Python floats, in the order in which `update` takes them."""
        raise TypeError(f"{type(self).__name__} does not say its coefficients")

    def update(self, p: Any, g: Any, state: dict[str, Any], *coefficients: Any) -> None:
        """Change p in place; g, the gradient, may be used as scratch; state holds one array for each of state_names."""
        raise TypeError(f"{type(self).__name__} does not say its update")

    def apply(self, t: int, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Step t of a run of parameters: what all rules share, then the rule."""
        if group.get("maximize"):
            np.negative(g, out=g)
        if decay := group.get("weight_decay"):
            if group.get("decoupled_weight_decay"):
                p *= 1 - group["lr"] * decay
            else:
                g += decay * p
        self.update(p, g, state, *self.coefficients(t, group))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient; those without are left alone, their state too.

        closure: computes the gradients first, `zero_grad()`, loss, `backward()`, and returns the loss, as this then does.
        """
        loss = None if closure is None else closure()
        if observers and observer().stepped(self):
            return loss  # a program is being recorded, which will call this
        for group, flats in zip(self.param_groups, self._flats, strict=True):
            for flat in flats:
                for t, values, grads, state in flat.gather():
                    self.apply(t, values, grads, state, group)
                    if t % FLUSH_EVERY == 0:
                        for s in state.values():
                            s[np.abs(s) < 1e-30] = 0
                wrote([p for p in flat.params if p.gradient is not None])
        return loss

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters, as is due before each backward pass."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Settings, step counts and state of every parameter, as arrays of their own."""
        groups = []
        for group, flats in zip(self.param_groups, self._flats, strict=True):
            settings = {k: v for k, v in group.items() if k != "params"}
            buffers = [
                {"steps": list(f.steps), "sizes": f.sizes, **{n: s.copy() for n, s in f.state.items()}} for f in flats
            ]
            groups.append({"settings": settings, "buffers": buffers})
        return {"type": type(self).__name__, "groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError, with nothing changed, where it is of another kind or size."""
        theirs = [[b["sizes"] for b in g["buffers"]] for g in state["groups"]]
        ours = [[f.sizes for f in flats] for flats in self._flats]
        if (state["type"], theirs) != (type(self).__name__, ours):
            raise ValueError(
                f"this state is of {state['type']} over parameters of sizes {theirs}, not of {type(self).__name__} over {ours}"
            )
        for group, flats, saved in zip(self.param_groups, self._flats, state["groups"], strict=True):
            group.update(saved["settings"])
            for flat, buffers in zip(flats, saved["buffers"], strict=True):
                flat.steps = list(buffers["steps"])
                arrays = {name: b for name, b in buffers.items() if name not in ("steps", "sizes")}
                flat.state = {name: np.array(b, flat.values.dtype) for name, b in arrays.items()}

    def __repr__(self) -> str:
        groups = [", ".join(f"{k}={v}" for k, v in g.items() if k != "params") for g in self.param_groups]
        return f"{type(self).__name__}({'; '.join(groups)})"
