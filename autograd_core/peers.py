"""What other libraries say of a derivative: SymPy of a row's formula, PyTorch and JAX of their function of its name.

They are oracles as those in `oracles`, imported when they are asked. Where a library has no such function, or cannot
read a formula, it says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .op import Op
from .ops.shapes import unbroadcast
from .oracles import Answer, Local

# --- SymPy -----------------------------------------------------------------------------------------------------------


def by_sympy(local: Local) -> Answer | None:
    """The derivative of a row's spelled function, where each element is computed by itself and SymPy can read it."""
    op = local.op
    spelled = _symbolic(op) if op is not None and op.elementwise else None
    if op is None or spelled is None:
        return None
    value, slopes = spelled
    arguments = [*np.broadcast_arrays(*local.values), *local.params.values()]
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):  # a formula says nothing where it overflows
            gradients = {i: local.g * slopes[i](*arguments) for i in local.places}
            y = value(*arguments)
    except (ArithmeticError, NameError, TypeError):
        return None
    return _of_arrays(
        local, y, {i: unbroadcast.kernel(g, shape=np.shape(local.values[i])) for i, g in gradients.items()}
    )


@cache
def _symbolic(op: Op) -> tuple[Any, dict[int, Any]] | None:
    """A row's text as SymPy reads it, and its derivatives, as functions of arrays; None if there are unknown words."""
    import sympy as sp  # type: ignore
    from sympy.codegen.cfunctions import exp2, expm1, log1p, log2, log10  # type: ignore
    from sympy.core.function import AppliedUndef  # type: ignore

    words = {
        "ln": sp.log, "log2": log2, "log10": log10, "log1p": log1p, "exp2": exp2, "expm1": expm1, "cbrt": lambda a: a ** sp.Rational(1, 3),
        "log_base": lambda a, base: sp.log(a) / sp.log(base), "abs": sp.Abs, "maximum": sp.Max, "minimum": sp.Min,
        "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan, "arctan2": sp.atan2,
        "arcsinh": sp.asinh, "arccosh": sp.acosh, "arctanh": sp.atanh, "relu": lambda a: sp.Max(a, 0),
        "sigma": lambda a: 1 / (1 + sp.exp(-a)), "softplus": lambda a: sp.log(1 + sp.exp(a)),
        "sinc": lambda a: sp.sinc(sp.pi * a), "deg2rad": lambda a: a * sp.pi / 180, "rad2deg": lambda a: a * 180 / sp.pi,
        "hypot": lambda a, b: sp.sqrt(a**2 + b**2), "logaddexp": lambda a, b: sp.log(sp.exp(a) + sp.exp(b)),
        "Phi": lambda a: (1 + sp.erf(a / sp.sqrt(2))) / 2,
        "where": lambda condition, a, b: sp.Piecewise((a, sp.Ne(condition, 0)), (b, True)),
    }  # fmt: skip
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", op.text)
    for ours, theirs in {"·": "*", "^": "**", "σ": "sigma", "Φ": "Phi"}.items():
        text = text.replace(ours, theirs)
    letters = [sp.Symbol(name, real=True) for name in (*op.inputs, *op.params)]
    try:
        formula = sp.sympify(text, locals=words | {letter.name: letter for letter in letters})
        if formula.atoms(AppliedUndef) or not formula.free_symbols <= set(letters):
            return None
        modules = [{"erf": np.vectorize(math.erf, otypes=[float])}, "numpy"]
        slopes = {i: sp.lambdify(letters, sp.diff(formula, letters[i]), modules) for i, *_ in op.edges}
        return sp.lambdify(letters, formula, modules), slopes
    except (sp.SympifyError, AttributeError, TypeError, ValueError):
        return None


# --- PyTorch and JAX -------------------------------------------------------------------------------------------------


def by_torch(local: Local) -> Answer | None:
    """PyTorch's own function of the same name, or what it calls the same thing, in float64."""
    import torch  # type: ignore
    import torch._numpy as xp  # type: ignore  # NumPy's names and parameters for PyTorch's functions

    F = torch.nn.functional
    of_tensors = {
        "relu": F.relu, "sigmoid": torch.sigmoid, "softplus": lambda a: F.softplus(a, threshold=50), "linear": F.linear,
        "leaky_relu": lambda a, slope: F.leaky_relu(a, slope), "softmax": lambda a, axis: F.softmax(a, axis),
        "log_softmax": lambda a, axis: F.log_softmax(a, axis), "cross_entropy": F.cross_entropy,
        "squared_error": F.mse_loss, "bce_with_logits": F.binary_cross_entropy_with_logits,
        "erf": torch.erf, "normal_cdf": torch.special.ndtr,
        "dot": lambda a, b: torch.tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)])) if a.ndim and b.ndim else a * b,
        "logsumexp": lambda a, axis, keepdims: torch.logsumexp(a, tuple(range(a.ndim)) if axis is None else axis, keepdims),
    }  # fmt: skip
    assert local.op is not None
    own, theirs = of_tensors.get(local.op.name), _by_name(local.op, xp)
    tensors = [torch.tensor(np.array(x)) if isinstance(x, (np.ndarray, np.generic)) else x for x in local.values]
    for i in local.places:
        tensors[i].requires_grad_()
    if own is not None:
        y = own(*tensors, **local.params)
    elif theirs is not None:
        y = theirs(*[xp.asarray(x) if isinstance(x, torch.Tensor) else x for x in tensors], **local.params).tensor
    else:
        return None
    given = torch.autograd.grad(y, [tensors[i] for i in local.places], torch.tensor(local.g), materialize_grads=True)
    return _of_arrays(local, y.detach().numpy(), dict(zip(local.places, (g.numpy() for g in given), strict=True)))


def by_jax(local: Local) -> Answer | None:
    """JAX's own function of the same name, or what it calls the same thing, in float64."""
    import jax  # type: ignore
    import jax.numpy as xp  # type: ignore

    def reduced(losses: Any, reduction: str) -> Any:
        return losses if reduction == "none" else getattr(xp, reduction)(losses)

    own = {
        **{n: getattr(jax.nn, n) for n in ("relu", "sigmoid", "softplus", "softmax", "log_softmax")},
        "logsumexp": jax.nn.logsumexp, "erf": jax.scipy.special.erf, "normal_cdf": jax.scipy.stats.norm.cdf,
        "leaky_relu": lambda a, slope: jax.nn.leaky_relu(a, slope), "linear": lambda x, weight, bias: x @ weight.T + bias,
        "cross_entropy": lambda logits, target, reduction: reduced(
            -jax.nn.log_softmax(logits)[np.arange(len(target)), target], reduction
        ),
        "squared_error": lambda o, t, reduction: reduced((o - t) ** 2, reduction),
        "bce_with_logits": lambda z, t, reduction: reduced(jax.nn.softplus(z) - z * t, reduction),
        "scatter": lambda a, index, shape: xp.zeros(shape).at[index].add(a),
        "put": lambda a, values, index: a.at[index].set(values),
    }  # fmt: skip
    assert local.op is not None
    theirs = own.get(local.op.name) or _by_name(local.op, xp)
    if theirs is None:
        return None

    def f(*free: Any) -> Any:
        values = list(local.values)
        for i, x in zip(local.places, free, strict=True):
            values[i] = x
        return theirs(*values, **local.params)

    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        y, pull = jax.vjp(f, *(xp.asarray(local.values[i]) for i in local.places))
        given = [np.asarray(g) for g in pull(xp.asarray(local.g))]
        return _of_arrays(local, np.asarray(y), dict(zip(local.places, given, strict=True)))


def _by_name(op: Op, xp: Any) -> Callable[..., Any] | None:
    """What a library with NumPy's names has for a row that answers for a NumPy function, and for a few others."""
    more = {
        "partition": None,  # in which order the rest stands is everybody's own
        "reshape": lambda a, shape: a.reshape(shape), "getitem": lambda a, index: a[index], "cast": lambda a, dtype: a, "cot": lambda a: 1 / xp.tan(a),
        "sec": lambda a: 1 / xp.cos(a), "csc": lambda a: 1 / xp.sin(a), "clip": lambda a, a_min, a_max: xp.clip(a, a_min, a_max),
        "log_base": lambda a, base: xp.log(a) / xp.log(base), "slogdet": lambda a: xp.stack(xp.linalg.slogdet(a)),
        "norm": lambda a, axis, keepdims: xp.sqrt(xp.sum(a * a, axis=axis, keepdims=keepdims)),
        "cholesky": lambda a: xp.linalg.cholesky((a + xp.swapaxes(a, -1, -2)) / 2),
        "einsum": lambda *inputs, subscripts, optimize: xp.einsum(subscripts, *inputs),
    }  # fmt: skip
    if op.name in more:
        return more[op.name]
    for function in (op.kernel, *op.numpy):
        module = getattr(function, "__module__", None) or "numpy"
        theirs = getattr(xp.linalg if "linalg" in module else xp, function.__name__, None)
        if theirs is not None and (isinstance(function, np.ufunc) or module.startswith("numpy")):
            defaults = {name for name, value in op.params.items() if value is None}  # None says the same to all of them
            return lambda *inputs, **params: theirs(
                *([inputs] if op.variadic else inputs),
                **{n: v for n, v in params.items() if v is not None or n not in defaults},
            )
    return None


def _of_arrays(local: Local, value: Any, gradients: dict[int, Any]) -> Answer | None:
    """An answer made of whole gradients; None if the function of that name turns out to be another one."""
    if np.shape(value) != np.shape(local.g):
        return None
    return Answer(value, lambda i, moves: (gradients[i], 0), whole=True)
