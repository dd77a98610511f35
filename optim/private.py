"""Differentially private training: what one sample can do to a step is bounded, and hidden in noise (topic C18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_core.tensor import Tensor

from .settings import COUNT, NOT_NEGATIVE, POSITIVE, check


class PrivateOptimizer:
    """An optimizer whose gradients are the noisy mean of clipped gradients of single samples (DP-SGD).

    Use it where no sample may be told from the result.

    Each sample's gradient, over all parameters, is shortened to max_norm; to their sum comes normal noise of standard
    deviation noise_multiplier · max_norm; and the optimizer steps along it, divided by the number of samples, or by
    batch_size where that is drawn at random. This does no accounting: which (ε, δ) a run amounts to depends on how
    batches are drawn and how many steps are made, and is for a library of privacy accounting to say. What else is
    published of a run (the history, the choice of the epoch) is not covered at all.

    In the Trainer it takes the batch sample by sample; `collect(gradients)` takes what `per_sample_grad` gives. PyTorch's
    is Opacus. Sources: Abadi et al. 2016, arXiv 1607.00133; Wang & Xu 2019 is the lecture's pointer.

    >>> from autograd_core import optim, per_sample_grad
    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> opt = PrivateOptimizer(optim.SGD([w], lr=1.0), max_norm=1.0, noise_multiplier=0.0)
    >>> x = np.array([[3.0, 4.0], [0.0, 0.5]])
    >>> opt.collect(per_sample_grad(lambda w, x: (w * x).sum(), w, x))
    >>> opt.step(); w  # 1 − (0.6 + 0)/2, 1 − (0.8 + 0.5)/2
    Tensor([0.7 , 0.35], requires_grad=True)
    """

    def __init__(
        self,
        optimizer: Any,
        max_norm: float = 1.0,
        noise_multiplier: float = 1.0,
        batch_size: int | None = None,
        rng: Any = None,
    ):
        given = {"max_norm": max_norm, "noise_multiplier": noise_multiplier}
        check(given, {"max_norm": POSITIVE, "noise_multiplier": NOT_NEGATIVE})
        if batch_size is not None:
            check({"batch_size": batch_size}, {"batch_size": COUNT})
        if getattr(optimizer, "needs_closure", False) or hasattr(optimizer, "observe"):
            raise TypeError(
                f"{type(optimizer).__name__} looks at the data besides the gradients, which would not be private"
            )
        self.optimizer, self.max_norm, self.noise_multiplier = optimizer, max_norm, noise_multiplier
        self.batch_size, self.rng = batch_size, np.random.default_rng(rng)
        self.parameters: list[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]
        self.zero_grad()

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the optimizer inside, where schedules set the rate."""
        return self.optimizer.param_groups

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optimizer inside."""
        return self.optimizer.defaults

    def zero_grad(self) -> None:
        """Forget what was collected."""
        self.optimizer.zero_grad()
        self.sums: list[Any] = [np.zeros_like(p.value) for p in self.parameters]
        self.count = 0

    def collect(self, gradients: Any = None) -> None:
        """Clip gradients of single samples, and add them up for the next step.

        gradients: arrays of shape (samples, *parameter's shape) in the order of the parameters, one, a list or a dict of
        them; without them, what backward() left in `.grad` is the gradient of one sample. ValueError for other shapes.
        """
        if gradients is None:
            found = [p.gradient for p in self.parameters]
            each = [
                np.zeros((1, *p.shape), p.dtype) if g is None else _bare(g)[None]
                for p, g in zip(self.parameters, found, strict=True)
            ]
            self.optimizer.zero_grad()
        else:
            several = gradients.values() if isinstance(gradients, Mapping) else gradients
            each = [_bare(g) for g in ([gradients] if isinstance(gradients, (Tensor, np.ndarray)) else several)]
        ours = [p.shape for p in self.parameters]
        if [g.shape[1:] for g in each] != ours or len({len(g) for g in each}) != 1:
            raise ValueError(
                f"the parameters have shapes {ours}, and their gradients come with an axis of samples first; "
                f"these have shapes {[g.shape for g in each]}"
            )
        squares = sum(np.square(g, dtype=np.float64).reshape(len(g), -1).sum(axis=1) for g in each)
        share = 1 / np.maximum(np.sqrt(squares) / self.max_norm, 1)
        for i, g in enumerate(each):
            self.sums[i] = self.sums[i] + np.tensordot(share.astype(g.dtype), g, axes=1)
        self.count += len(share)

    def step(self) -> None:
        """Add the noise, and step along the mean; RuntimeError where nothing was collected and no batch_size is known."""
        size = self.batch_size or self.count
        if not size:
            raise RuntimeError("no gradients of single samples were collected: call collect() before step()")
        for p, total in zip(self.parameters, self.sums, strict=True):
            noise = self.rng.normal(0.0, self.noise_multiplier * self.max_norm, p.shape)
            p.gradient = np.asarray((total + noise) / size, p.dtype)[()]
        self.optimizer.step()
        self.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimizer inside, and of the generator of the noise."""
        return {"optimizer": self.optimizer.state_dict(), "rng": self.rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.bit_generator.state = state["rng"]

    def __repr__(self) -> str:
        return (
            f"PrivateOptimizer({self.optimizer!r}, max_norm={self.max_norm}, noise_multiplier={self.noise_multiplier})"
        )


def _bare(g: Any) -> Any:
    return np.asarray(g.value if isinstance(g, Tensor) else g)
