"""What layers are made of: the linear map, fused with its bias, and the masks of dropout.

A fused row carries its `definition` in primitives: tests hold the two equal, and Symbols are spelled by it.
"""

from __future__ import annotations

from typing import Any

from ..op import row
from .samples import shaped


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if not x.ndim:
        raise ValueError("linear maps vectors; x is a single number")
    y = x.dot(weight.T)  # half the time of x @ weight.T on small matrices
    y += bias  # in place: y is fresh
    return y


def _table(a: Any) -> Any:
    """Samples as rows, whatever the number of axes they are laid out in."""
    return a if a.ndim == 2 else a.reshape(-1, a.shape[-1])


linear = row(
    _linear,
    x=lambda g, weight: g.dot(weight),
    weight=lambda g, x: _table(x).T.dot(_table(g)).T,
    bias=lambda g: g,
    definition=lambda x, weight, bias: x @ weight.T + bias, latex=r"x weight^\top + bias", binds="+",
    samples=shaped((((2, 3), (4, 3), (4,)), {}), (((5, 2, 3), (4, 3), (4,)), {}), (((1, 1), (1, 1), (1,)), {})),
    words="the weights get the inputs times the gradient, the bias the gradient itself, the inputs the gradient weighted",
)  # fmt: skip
keep_mask = row(
    lambda a, rng, p: (rng.random(a.shape, dtype=a.dtype) >= p) * a.dtype.type(1 / (1 - p)), name="keep_mask",
    params={"rng": None, "p": 0.5}, a=None, latex="m", text="mask",
    words="a random mask, 0 with probability p and 1/(1 − p) otherwise: a constant to its input",
)  # fmt: skip
