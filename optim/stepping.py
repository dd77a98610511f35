"""How a batch becomes a step, whatever the optimizer needs for it.

Most need the gradients. One that `needs_closure` computes the loss at several places; one that can `observe` looks at the
output's graph; one that can `collect` wants the gradients of single samples.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.modes import observer

from .clipping import clip_grad_norm_


def step_on(model: Any, loss: Any, optimizer: Any, clip: Any, x: Any, t: Any) -> tuple[Any, float]:
    """A step: the outputs and the loss before it. It is not made if the loss is no number."""
    if hasattr(optimizer, "collect"):
        return _by_samples(model, loss, optimizer, x, t)
    seen: list[tuple[Any, float]] = []

    def closure() -> float:
        optimizer.zero_grad()
        output, found = _forward(model, loss, x, t)
        seen.append((output.value, found.item()))
        if math.isfinite(seen[-1][1]):  # or the step would turn every weight into NaN
            if hasattr(optimizer, "observe"):
                optimizer.observe(output)
            found.backward()
            if clip is not None:
                _clip(optimizer, clip)
        elif observer().keeps:  # detect_anomaly() looks at a pass to find the op
            found.backward()
        return seen[-1][1]

    if getattr(optimizer, "needs_closure", False):
        optimizer.step(closure)
    elif math.isfinite(closure()):
        optimizer.step()
    return seen[0]


def _forward(model: Any, loss: Any, x: Any, t: Any) -> tuple[Any, Any]:
    output = model(x)
    found = loss(output, t)
    if found.size != 1:
        raise ValueError(
            f"the Trainer needs to know what to minimise, and the loss gave {found.size} numbers: let it reduce them"
        )
    return output, found


def _by_samples(model: Any, loss: Any, optimizer: Any, x: Any, t: Any) -> tuple[Any, float]:
    """The samples pass one by one, and each leaves its gradient with the optimizer."""
    optimizer.zero_grad()
    outputs, total = [], 0.0
    for i in range(len(x)):
        output, found = _forward(model, loss, x[i : i + 1], t[i : i + 1])
        outputs.append(output.value)
        total += found.item()
        if math.isfinite(total):
            found.backward()
            optimizer.collect()
    if math.isfinite(total):
        optimizer.step()
    return np.concatenate(outputs), total / len(x)


def needs_more(optimizer: Any) -> bool:
    """Whether an optimizer wants more than the gradients of a batch, so that no recorded step will do."""
    return hasattr(optimizer, "collect") or hasattr(optimizer, "observe") or getattr(optimizer, "needs_closure", False)


def compiled_steps(model: Any, loss: Any, optimizer: Any, clip: Any, mode: str | bool) -> Any:
    """The compiled steps of a training, or None where the compiler was left out. mode: "auto" or "fast"."""
    try:
        from autograd_core.compiler.training import Training
    except ModuleNotFoundError as error:
        if not str(error.name).endswith("autograd_core.compiler"):
            raise
        return None
    return Training(model, loss, optimizer, clipping(clip), mode == "fast")


def clipping(clip: Any) -> Any:
    """What clips an optimizer's gradients, as a function of the optimizer; None for none."""
    return None if clip is None else lambda optimizer: _clip(optimizer, clip)


def _clip(optimizer: Any, clip: Any) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if callable(clip):
        clip(parameters)
    else:
        clip_grad_norm_(parameters, clip)
