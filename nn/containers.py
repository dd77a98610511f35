"""Containers whose layers do not simply follow one another: shortcuts and branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layers import Sequential


class Residual(Sequential):
    """x + f(x), f being the given layers one after the other: the gradient has a way past them (He et al. 2016).

    ValueError where f changes the shape, since there is nothing to add up then.

    >>> from autograd_core import nn
    >>> Residual(nn.Linear(2, 2, weight_init=0.0, bias_init=1.0))(np.array([[1.0, 2.0]]))
    Tensor([[2., 3.]], op=add)
    """

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        if y.shape != x.shape:
            raise ValueError(f"Residual adds its layers' output to their input; they turn {x.shape} into {y.shape}")
        return x + y


class Parallel(Sequential):
    """All branches on the same x, their outputs summed or concatenated: f(x) + g(x), or [f(x), g(x)] along `dim`.

    combine: "sum" or "concatenate". dim: the axis to join along; 1 is that of features and of channels. nn.Identity() as
    a branch hands x on (Szegedy et al. 2015, Huang et al. 2017). ValueError for another word, no branch, or shapes that
    do not go together.

    >>> from autograd_core import nn
    >>> Parallel(nn.Identity(), nn.ReLU(), combine="concatenate")(np.array([[1.0, -2.0]]))
    array([[ 1., -2.,  1.,  0.]])
    """

    def __init__(self, *branches: Any, combine: str = "sum", dim: int = 1):
        super().__init__(*branches)
        if not branches:
            raise ValueError("Parallel needs at least one branch")
        if combine not in ("sum", "concatenate"):
            raise ValueError(f'combine is "sum" or "concatenate"; it is {combine!r}')
        self.combine, self.dim = combine, dim

    def forward(self, x: Any) -> Any:
        outputs = [branch(x) for branch in self.layers]
        shapes = [y.shape for y in outputs]
        if self.combine == "concatenate":
            if len({(*s[: self.dim], *s[self.dim :][1:]) for s in shapes}) > 1:
                raise ValueError(f"Parallel joins its branches along axis {self.dim}; they give the shapes {shapes}")
            return np.concatenate(outputs, axis=self.dim)
        if len(set(shapes)) > 1:
            raise ValueError(f"Parallel sums its branches, which must give one shape; they give {shapes}")
        total = outputs[0]
        for y in outputs[1:]:
            total = total + y
        return total

    def config(self) -> dict[str, Any]:
        return {"combine": self.combine, "dim": self.dim}
