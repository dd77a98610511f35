"""Functions made of functions: from f to its gradient, its Jacobian, its products with vectors, to any order.

All are a few lines over `backprop`, and apply to one another: `grad(grad(f))`, `jacobian(grad(f))`. Arguments may be
numbers, arrays or nested lists, tuples and dicts of them (as in JAX); what comes back has the same shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .backward import ancestors, backprop
from .modes import set_grad_enabled
from .ops.shapes import stack
from .tensor import Tensor
from .trees import leaves as leaves_of
from .trees import mapped

Argnums = int | tuple[int, ...]


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """From f to a function that gives f's value and its gradient.

    f: returns one number (with has_aux: a pair of it and anything else). argnums: towards which arguments.
    ValueError if f returns more than one number.

    >>> value_and_grad(lambda w: w["a"] ** 2 * w["b"])({"a": 3.0, "b": 2.0})
    (Tensor(18.), {'a': Tensor(12.), 'b': Tensor(9.)})
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with set_grad_enabled(True):
            given, leaves, chosen = _with_leaves(args, argnums)
            out = f(*given, **kwargs)
        value, aux = out if has_aux else (out, None)
        if not isinstance(value, Tensor) or value.size != 1:
            raise ValueError(
                f"grad needs a function that returns one number made of its arguments; {_name(f)} returned "
                f"{'shape ' + str(value.shape) if isinstance(value, Tensor) else type(value).__name__}: "
                "reduce it (.sum(), .mean()), or use jacobian"
            )
        gradients = iter(_gradients(value, leaves))
        result = _rebuilt(chosen, gradients)
        result = result[0] if isinstance(argnums, int) else tuple(result)
        value = _finished(value, leaves)
        return ((value, aux) if has_aux else value), result

    return wrapped


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """From f to its gradient; arguments and errors as for `value_and_grad`.

    >>> cube = lambda x: x**3
    >>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
    (Tensor(12.), Tensor(12.), Tensor(6.))
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Tensor, Callable[[Any], Any]]:
    """f's value, and a function from a vector v of its shape to vᵀJ, a tuple with one entry for each argument.

    >>> y, pull = vjp(lambda x: np.sin(x) * 2, np.zeros(2))
    >>> y, pull(np.array([1.0, 3.0]))
    (Tensor([0., 0.]), (Tensor([2., 6.]),))
    """
    with set_grad_enabled(True):
        given, leaves, chosen = _with_leaves(args, tuple(range(len(args))))
        y = f(*given)
    shown = y if _others_in(y, leaves) else y.detach()
    return shown, lambda v: tuple(_rebuilt(chosen, iter(_gradients(y, leaves, v))))


def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
    """f's value at `primals` and its derivative Jt along `tangents`, by differentiating vᵀJ by v.

    >>> jvp(lambda x: x**2, (np.array([1.0, 3.0]),), (np.array([1.0, 0.5]),))[1]
    Tensor([2., 3.])
    """
    if len(primals) != len(tangents):
        raise ValueError(
            f"jvp needs a tangent for each primal; there are {len(primals)} primals and {len(tangents)} tangents"
        )
    with set_grad_enabled(True):
        given, leaves, _ = _with_leaves(primals, tuple(range(len(primals))))
        y = f(*given)
        v = Tensor(np.zeros(y.shape, y.dtype), requires_grad=True)
        pulled = backprop(y, leaves, [v], create_graph=True) if y.requires_grad else []
        along = [(g * t).sum() for g, t in zip(pulled, leaves_of(tangents), strict=False) if g.requires_grad]
        total = sum(along[1:], along[0]) if along else None
        out = Tensor(np.zeros(y.shape, y.dtype)) if total is None else _gradients(total, [*leaves, v])[-1]
    return _finished(y, leaves), _finished(out, [*leaves, v])


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Tensor]:
    """From f to its Jacobian: an array of shape (*output's shape, *argument's shape), one backward pass a row.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    Tensor([[3., 2.],
            [1., 1.]])
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Tensor:
        with set_grad_enabled(True):
            given, leaves, _ = _with_leaves(args, argnums)
            y = f(*given, **kwargs)
        (x,) = leaves
        rows: Any = [_gradients(y, [x], seed)[0] for seed in np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)]
        return _finished(stack(*rows).reshape((*y.shape, *x.shape)), leaves)

    return wrapped


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Tensor]:
    """From f to its Hessian, the Jacobian of its gradient: shape (*argument's, *argument's).

    >>> hessian(lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2)(np.array([1.0, 2.0]))
    Tensor([[2., 1.],
            [1., 2.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, without building it: the gradient of ⟨grad f(x), v⟩.

    >>> hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    Tensor([ 6., 12.])
    """

    def along(z: Any) -> Tensor:
        products = [(g * d).sum() for g, d in zip(leaves_of(grad(f)(z)), leaves_of(v), strict=True)]
        return sum(products[1:], products[0])

    return grad(along)(x)


def _gradients(y: Tensor, leaves: list[Tensor], seed: Any = None) -> list[Tensor]:
    """Gradients of y; graphs themselves if an outer transform, or a Tensor that f closes over, may ask for theirs."""
    if not y.requires_grad:
        return [Tensor(np.zeros(x.shape, x.dtype)) for x in leaves]
    seeds = None if seed is None else [seed]
    return backprop(y, leaves, seeds, create_graph=_others_in(y, leaves), retain_graph=True)


def _others_in(y: Tensor, leaves: list[Tensor]) -> bool:
    """Whether y depends on more than these leaves, so that somebody else may still differentiate it."""
    own = set(leaves)
    return any(node.is_leaf and node not in own for node in ancestors([y]))


def _finished(y: Tensor, leaves: list[Tensor]) -> Tensor:
    """A result as it is handed out: plain, unless others may differentiate it; the leaves made for it are done."""
    plain = y.requires_grad and not _others_in(y, leaves)
    for leaf in leaves:
        if leaf.is_leaf:
            leaf.tracked = False
    return y.detach() if plain else y


def _with_leaves(args: tuple[Any, ...], argnums: Argnums) -> tuple[list[Any], list[Tensor], list[Any]]:
    """The arguments with Tensors in place of the chosen ones' arrays, these Tensors, and the chosen ones."""
    leaves: list[Tensor] = []

    def leaf(x: Any) -> Tensor:
        # of a Tensor, a node of its own: inside an outer transform its history goes on to the outer argument
        node = x * 1 if isinstance(x, Tensor) else Tensor(x)
        if not node.requires_grad:
            node.requires_grad_()
        leaves.append(node)
        return node

    given, chosen = list(args), []
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        given[i] = mapped(leaf, given[i])
        chosen.append(given[i])
    return given, leaves, chosen


def _rebuilt(tree: Any, leaves: Any) -> Any:
    return mapped(lambda _: next(leaves), tree)


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)
