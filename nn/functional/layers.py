"""What layers compute, as functions of inputs and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.ops import neural


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias; weight (out, in), bias (out,) or None."""
    return x @ weight.T if bias is None else neural.linear(x, weight, bias)


def dropout(x: Any, p: float = 0.5, training: bool = True, rng: Any = None) -> Any:
    """x with each number zeroed with probability p and the others scaled by 1/(1 − p); x itself unless training."""
    if not training or p == 0:
        return x
    return x * neural.keep_mask(x, rng=np.random.default_rng(rng), p=p)
