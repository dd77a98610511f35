"""The functions behind modules and losses, for arrays and Tensors alike; each is a row of the table or made of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograd_core.ops import elementwise, neural, shapes
from autograd_core.trees import leaves, mapped

if TYPE_CHECKING:
    from .module import Module

Reduction = Literal["mean", "sum", "none"]

relu, sigmoid, tanh, softplus = neural.relu, neural.sigmoid, elementwise.tanh, neural.softplus


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias; weight (out, in), bias (out,) or None."""
    return x @ weight.T if bias is None else neural.linear(x, weight, bias)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where positive, negative_slope·x elsewhere."""
    return neural.leaky_relu(x, slope=negative_slope)


def softmax(x: Any, dim: int = -1) -> Any:
    """Probabilities along an axis, safe for any size of logits.

    >>> softmax(np.array([1.0, 10.0, 1000.0]))
    array([0., 0., 1.])
    """
    return neural.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """The logarithm of softmax, without taking the logarithm of what has become 0."""
    return neural.log_softmax(x, axis=dim)


def dropout(x: Any, p: float = 0.5, training: bool = True, rng: Any = None) -> Any:
    """x with each number zeroed with probability p and the others scaled by 1/(1 − p); x itself unless training."""
    if not training or p == 0:
        return x
    return x * neural.keep_mask(x, rng=np.random.default_rng(rng), p=p)


def mse_loss(output: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """(output − target)², mean over all elements by default; ValueError where the shapes differ.

    >>> mse_loss(np.array([9.0]), np.array([1.0]))
    np.float64(64.0)
    """
    target = _matched("mse_loss", output, target)
    return neural.squared_error(output, target, reduction=reduction)


def l1_loss(output: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """|output − target|, mean over all elements by default; ValueError where the shapes differ."""
    target = _matched("l1_loss", output, target)
    return reduced(abs(output - target), reduction)


def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """−t ln σ(z) − (1−t) ln(1−σ(z)), stable for any z; mean over all elements by default (topic C14).

    >>> binary_cross_entropy_with_logits(np.array([-1e4, 0.0]), np.array([1.0, 1.0]), reduction="none")
    array([1.00000000e+04, 6.93147181e-01])
    """
    target = _matched("binary_cross_entropy_with_logits", logits, target)
    return neural.bce_with_logits(logits, target, reduction=reduction)


def cross_entropy(logits: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """−Σ t ln softmax(z), mean over samples by default (topic C15).

    logits: (n, classes). target: class indices (n,), or one-hot rows or probabilities (n, classes). A single sample may
    come without its axis: (classes,) and an index ().
    ValueError for labels outside 0 .. classes − 1, and for shapes that do not go together.

    >>> cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    np.float64(0.6931471805599453)
    """
    if target.dtype.kind in "iu":
        if logits.ndim == 1 and not target.ndim:
            total = reduction if reduction == "mean" else "sum"
            return neural.cross_entropy(logits.reshape(1, -1), target.reshape(1), reduction=total)
        return neural.cross_entropy(logits, target, reduction=reduction)
    if target.ndim == 1 and logits.ndim == 2:
        raise ValueError(f"class indices are integers, and these targets are {target.dtype}: write target.astype(int)")
    target = _matched("cross_entropy with probabilities as targets", logits, target)
    return reduced(-np.sum(target * log_softmax(logits), axis=-1), reduction)


def functional_call(module: Module, parameters: Mapping[str, Any], *inputs: Any) -> Any:
    """What a module gives for these inputs with other values in place of its parameters (torch.func.functional_call).

    parameters: by the names of `named_parameters()`; those left out stay the module's own, one that is shared is
    replaced wherever it stands. The module has its own back when this returns or raises; until then it must not be used
    in another thread. ValueError for a name or a shape that the module does not have.

    >>> from autograd_core import grad, nn
    >>> layer = nn.Linear(2, 1, rng=0)
    >>> f = lambda p: functional_call(layer, p, np.array([1.0, 2.0])).sum()
    >>> grad(f)({"weight": np.zeros((1, 2)), "bias": np.zeros(1)})
    {'weight': Tensor([[1., 2.]]), 'bias': Tensor([1.])}
    """
    own = dict(module._named_tensors())
    for name, value in parameters.items():
        if name not in own:
            raise ValueError(f"{type(module).__name__} has no parameter {name!r}; it has {', '.join(own)}")
        if np.shape(value) != own[name].shape:
            raise ValueError(
                f"{name} has shape {own[name].shape} in {type(module).__name__}; {np.shape(value)} was given"
            )
    stands_for = {id(own[name]): value for name, value in parameters.items()}
    before = [
        (vars(m), name, value)
        for m in module.modules()
        for name, value in vars(m).items()
        if any(id(x) in stands_for for x in leaves(value))
    ]
    try:
        for attributes, name, value in before:
            attributes[name] = mapped(lambda x: stands_for.get(id(x), x), value)
        return module(*inputs)
    finally:
        for attributes, name, value in before:
            attributes[name] = value


def reduced(losses: Any, reduction: Reduction) -> Any:
    """Losses as their mean, their sum or themselves; ValueError for another word."""
    check_reduction(reduction)
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def check_reduction(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none"; it is {reduction!r}')


def _matched(name: str, output: Any, target: Any) -> Any:
    """The target in the output's dtype (integers would turn float32 into float64); ValueError unless shapes agree."""
    if output.shape != target.shape:
        hint = "reshape one of them"
        if output.shape == (*target.shape, 1):
            hint = "write target.reshape(-1, 1)"
        if target.shape == (*output.shape, 1):
            hint = "write target.reshape(-1)"
        raise ValueError(
            f"{name} got an output of shape {output.shape} and a target of shape {target.shape}; broadcasting "
            f"would compare elements that do not belong together: {hint}"
        )
    return target if target.dtype == output.dtype else shapes.cast(target, dtype=output.dtype)
