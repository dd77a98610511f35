"""Does a gradient tell the truth? Compare it with the slope that finite differences measure.

The one test of the whole table walks its rows through these two functions, at order 1 and order 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .backward import backprop
from .ops.shapes import concatenate
from .tensor import Tensor


class GradientMismatch(AssertionError):
    """A gradient differs from what finite differences measure; the message says of what, where and by how much."""


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    step: float = 1e-5,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    rng: Any = 0,
    name: str | None = None,
) -> None:
    """Compare the gradient of `f` at `inputs` with central differences; GradientMismatch where they differ.

    f: Tensors to a Tensor of any shape; the outputs are weighted by random numbers, so that one pass checks all.
    inputs: arrays, numbers or Tensors; floating-point ones are checked, in float64, the others passed on.
    step, rtol, atol: the width of the differences and what counts as equal. rng: seed or Generator of the weights.

    >>> gradcheck(lambda a, b: a * np.tanh(b), [1.0, 2.0], 0.5)
    >>> try: gradcheck(lambda a: a.detach() * a, 3.0)
    ... except GradientMismatch as error: print(error)
    <lambda>: wrong gradient towards input 0 at index ()
      inputs     3.
      got        3.41089
      expected   6.82177 (central difference, step 1e-05)
    """
    name = name or getattr(f, "name", None) or getattr(f, "__name__", type(f).__name__)
    tensors = [_leaf(x) for x in inputs]
    leaves = [t for t in tensors if isinstance(t, Tensor)]
    output = f(*tensors)
    weights = np.random.default_rng(rng).uniform(0.5, 1.5, output.shape)
    got = backprop(output, leaves, weights) if output.requires_grad else [np.zeros(t.shape) for t in leaves]

    def weighted() -> float:
        return float(np.sum(f(*tensors).value * weights))  # recorded: f may itself take gradients

    for leaf, gradient in zip(leaves, got, strict=True):
        at = leaf.value
        for index in np.ndindex(at.shape):
            sides = []
            for side in (step, -step):
                leaf.value = at.copy()
                leaf.value[index] += side
                sides.append(weighted())
            leaf.value = at
            expected, found = (
                (sides[0] - sides[1]) / (2 * step),
                float(gradient.value[index] if isinstance(gradient, Tensor) else 0),
            )
            if not abs(found - expected) <= atol + rtol * max(abs(found), abs(expected)):
                shown = ", ".join(
                    np.array2string(np.asarray(getattr(t, "value", t)), precision=4, threshold=20) for t in tensors
                )
                raise GradientMismatch(
                    f"{name}: wrong gradient towards input {next(i for i, t in enumerate(tensors) if t is leaf)} at index {index}\n"
                    f"  inputs     {shown}\n  got        {found:.6g}\n"
                    f"  expected   {expected:.6g} (central difference, step {step:g})"
                )


def gradgradcheck(
    f: Callable[..., Any], *inputs: Any, rng: Any = 0, name: str | None = None, **tolerances: Any
) -> None:
    """The same one order up: check the gradient's own gradient, towards the inputs and towards what arrives.

    Arguments and errors as for `gradcheck`.

    >>> gradgradcheck(lambda a, b: a**2 * np.sin(b), 1.5, [0.5, 2.0])
    """
    name = name or getattr(f, "name", None) or getattr(f, "__name__", type(f).__name__)
    tensors = [_leaf(x) for x in inputs]
    places = [i for i, t in enumerate(tensors) if isinstance(t, Tensor)]
    output = f(*tensors)
    if not output.requires_grad:
        return
    seed = np.random.default_rng(rng).uniform(0.5, 1.5, output.shape)

    def gradient(arriving: Tensor, *values: Tensor) -> Tensor:
        given = list(tensors)
        for i, value in zip(places, values, strict=True):
            given[i] = value
        grads = backprop(f(*given), list(values), [arriving], create_graph=True)
        return concatenate(*(g.reshape(-1) for g in grads))

    gradcheck(gradient, seed, *(tensors[i].value for i in places), rng=rng, name=f"gradient of {name}", **tolerances)


def _leaf(x: Any) -> Any:
    """A float64 leaf of an array's own memory, even of one number; what is not floating point stays as it is."""
    value = np.asarray(x.value if isinstance(x, Tensor) else x)
    if value.dtype.kind != "f":
        return x
    leaf = Tensor(0.0, requires_grad=True)
    leaf.value = value.astype(np.float64)
    return leaf
