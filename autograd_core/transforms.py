"""Functions made of functions: from f to its gradient, its Jacobian, its products with vectors, to any order.

All are a few lines over `backprop`, and apply to one another: `grad(grad(f))`, `jacobian(grad(f))`. Arguments and
results may be numbers, arrays or nested lists, tuples and dicts of them; derivatives come back in the same nest. As in
JAX a list of numbers is such a nest, of as many numbers: one vector is written np.array([...]).

A result is plain numbers, unless an outer transform or a Tensor that requires grad stands behind it: then it is a graph
in its turn, except under no_grad().
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from .backward import ancestors, backprop
from .modes import mode, set_grad_enabled
from .op import Readable
from .ops.shapes import stack
from .tensor import Tensor
from .trees import form, leaves_like, mapped, rebuilt
from .trees import leaves as leaves_of

Argnums = int | tuple[int, ...]


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """From f to a function that gives f's value and its gradient.

    f: returns one number (with has_aux: a pair of it and anything else, and so does what is made of it). argnums:
    towards which arguments, one or a tuple of them. TypeError for arguments that are not floating point, ValueError if
    f returns something else than one number.

    >>> value_and_grad(lambda w: w["a"] ** 2 * w["b"])({"a": 3.0, "b": 2.0})
    (Tensor(18.), {'a': Tensor(12.), 'b': Tensor(9.)})
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given, leaves, chosen = with_leaves("grad", args, argnums)
        value, aux = _called(f, given, kwargs, has_aux)
        if not isinstance(value, Tensor) or value.size != 1:
            found = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(
                f"grad needs a function that returns one number made of its arguments; {_name(f)} returned {found}: "
                f"{_INSIDE if _is_of_many(value) else 'reduce it (.sum(), .mean()), or use jacobian'}"
            )
        gradient = rebuilt(chosen, _gradients([value], leaves))
        value, aux = _finished((value, aux), leaves)
        return ((value, aux) if has_aux else value), gradient

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


def elementwise_grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """From a function of one number, applied element by element, to its derivative at every element.

    It is the gradient of the sum of f's outputs, and nests to any order: for drawing a function above its slopes. HIPS
    autograd calls it elementwise_grad or egrad. ValueError if f's output has another shape than the argument.

    >>> x = np.array([0.0, 0.5, 2.0])
    >>> elementwise_grad(lambda x: x**3)(x), elementwise_grad(elementwise_grad(lambda x: x**3))(x)
    (Tensor([ 0.  ,  0.75, 12.  ]), Tensor([ 0.,  3., 12.]))
    """

    @wraps(f)
    def total(*args: Any, **kwargs: Any) -> Any:
        (y,) = _tensors([f(*args, **kwargs)], "elementwise_grad", f)
        if y.shape != getattr(args[argnum], "shape", None):
            raise ValueError(
                f"elementwise_grad needs an output for each element of the argument; {_name(f)} made an array of shape "
                f"{y.shape} of {form(args[argnum])}: use grad for one number, jacobian for all else"
            )
        return y.sum()

    return grad(total, argnum)


def vjp(f: Callable[..., Any], *args: Any, has_aux: bool = False) -> Any:
    """f's value, and a function from a vector v of its form to vᵀJ, a tuple with one entry for each argument.

    With has_aux f returns a pair, and what it returned beside its value comes third. ValueError for a v of another form.

    >>> y, pull = vjp(lambda x: np.sin(x) * 2, np.zeros(2))
    >>> y, pull(np.array([1.0, 3.0]))
    (Tensor([0., 0.]), (Tensor([2., 6.]),))
    """
    given, leaves, chosen = with_leaves("vjp", args, tuple(range(len(args))))
    y, aux = _called(f, given, {}, has_aux)
    y = _tensors(y, "vjp", f)
    outputs = leaves_of(y)

    def pull(v: Any) -> Any:
        for leaf in leaves:  # called again, perhaps
            leaf.tracked = True
        seeds = leaves_like(y, v, "the v of vᵀJ", "the output")
        return _finished(rebuilt(chosen, _gradients(outputs, leaves, seeds)), leaves)

    shown = _finished((y, aux), leaves)
    return (shown[0], pull, shown[1]) if has_aux else (shown[0], pull)


def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], has_aux: bool = False) -> Any:
    """f's value at `primals` and its derivative Jt along `tangents`, by differentiating vᵀJ by v.

    With has_aux f returns a pair, and what it returned beside its value comes third. ValueError for tangents that are
    not of the form of the primals. Source: J. Townsend 2017, "A new trick for calculating Jacobian vector products".

    >>> jvp(lambda x: x**2, (np.array([1.0, 3.0]),), (np.array([1.0, 0.5]),))[1]
    Tensor([2., 3.])
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp takes a tuple of primals and a tuple of tangents, also of one: jvp(f, (x,), (t,))")
    given, leaves, chosen = with_leaves("jvp", tuple(primals), tuple(range(len(primals))))
    directions = leaves_like(chosen, tuple(tangents), "a tangent", "the primal")
    y, aux = _called(f, given, {}, has_aux)
    y = _tensors(y, "jvp", f)
    outputs = leaves_of(y)
    vs = [Tensor(np.zeros(output.shape, output.dtype), requires_grad=True) for output in outputs]
    pulled = _gradients(outputs, leaves, vs, wanted=True)
    own = [*leaves, *vs]
    result = _finished((y, rebuilt(y, _gradients(pulled, vs, directions, own)), aux), own)
    return result if has_aux else result[:2]


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """From f to its Jacobian: an array of shape (*output's shape, *argument's shape), one backward pass a row.

    Where f returns a nest, each of its leaves becomes such an array, or a tuple for several argnums, or a nest like the
    argument. argnums, has_aux and errors as for `value_and_grad`.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    Tensor([[3., 2.],
            [1., 1.]])
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given, leaves, chosen = with_leaves("jacobian", args, argnums)
        y, aux = _called(f, given, kwargs, has_aux)
        y = _tensors(y, "jacobian", f)
        outputs = leaves_of(y)
        wanted = mode.recording and is_open(outputs, leaves)

        def rows(output: Tensor) -> Any:
            seeds = np.eye(output.size, dtype=output.dtype).reshape(output.size, *output.shape)
            passes = [_gradients([output], leaves, [v], wanted=wanted) for v in seeds]
            columns: Any = zip(*passes, strict=True) if passes else [[]] * len(leaves)
            blocks = [(stack(*c) if c else Tensor(np.zeros(0, output.dtype))) for c in columns]
            return rebuilt(chosen, [b.reshape(output.shape + x.shape) for b, x in zip(blocks, leaves, strict=True)])

        result = rebuilt(y, map(rows, outputs))
        result, aux = _finished((result, aux), leaves)
        return (result, aux) if has_aux else result

    return wrapped


def hessian(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """From f to its Hessian, the Jacobian of its gradient: shape (*argument's, *argument's).

    For a nest or several argnums it is a nest of nests: hessian(f)(w)["a"]["b"] is ∂²f/∂a∂b. Errors as for `grad`.

    >>> hessian(lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2)(np.array([1.0, 2.0]))
    Tensor([[2., 1.],
            [1., 2.]])
    """
    return jacobian(grad(f, argnums, has_aux), argnums, has_aux)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, without building it: vᵀ times the Jacobian of the gradient.

    x: a number, an array or a nest; v and the result are of its form. Costs two to three gradients, whatever the number
    of parameters. Source: B. Pearlmutter 1994. Errors as for `grad`; ValueError for a v of another form.

    >>> hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    Tensor([ 6., 12.])
    """
    leaves_like(x, v, "the v of an hvp", "the argument")
    _, pull = vjp(grad(f), x)
    return pull(v)[0]


# --- what they share -------------------------------------------------------------------------------------------------

_INSIDE = (
    "inside vmap or a loss of one sample no gradients are taken; take them of the whole: per_sample_grad(loss, ...)"
)


def _is_of_many(x: Any) -> bool:
    return isinstance(x, Readable) and not isinstance(x, Tensor)


def _gradients(
    outputs: list[Tensor], leaves: list[Tensor], seeds: Any = None, own: Any = None, wanted: bool | None = None
) -> list[Tensor]:
    """Gradients of the outputs, 0 where they do not depend on the leaves; graphs themselves if an outer transform, or a
    Tensor that f closes over, may ask for theirs. own: the leaves that nobody else knows of. wanted: that, if known."""
    if not any(y.requires_grad for y in outputs):
        return [Tensor(np.zeros_like(x.value)) for x in leaves]
    if wanted is None:
        wanted = mode.recording and is_open([*outputs, *(seeds or ())], own or leaves)
    return backprop(outputs, leaves, seeds, create_graph=wanted, retain_graph=True)


def is_open(tensors: Iterable[Any], own: Iterable[Tensor]) -> bool:
    """Whether these depend on more than their own leaves, so that somebody else may still differentiate them."""
    known = set(own)
    tracked = [t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
    return any(node.is_leaf and node not in known for node in ancestors(tracked))


def _finished(results: Any, leaves: list[Tensor]) -> Any:
    """Results as they are handed out: plain, unless others may differentiate them; the leaves made for them are done."""

    def finished(y: Any) -> Any:
        if not isinstance(y, Tensor) or not y.requires_grad or (mode.recording and is_open([y], leaves)):
            return y
        return y.detach()

    results = mapped(finished, results)
    for leaf in leaves:
        if leaf.is_leaf:
            leaf.tracked = False
    return results


def with_leaves(name: str, args: tuple[Any, ...], argnums: Argnums) -> tuple[list[Any], list[Tensor], Any]:
    """The arguments with Tensors in place of the chosen ones' arrays, these Tensors, and the chosen arguments."""
    leaves: list[Tensor] = []

    def leaf(x: Any) -> Tensor:
        if _is_of_many(x):
            raise TypeError(f"{name} takes numbers, arrays and Tensors, not a {type(x).__name__}: {_INSIDE}")
        # of a Tensor, a node of its own: inside an outer transform its history goes on to the outer argument
        node = +x if isinstance(x, Tensor) else Tensor(x)
        if node.dtype.kind != "f":
            raise TypeError(
                f"{name} differentiates by floating-point numbers, and argument {i} holds {node.dtype}: "
                "write 3.0 for 3, x.astype(float) for an array, or choose another argument by argnums"
            )
        if not node.requires_grad:
            node.requires_grad_()
        leaves.append(node)
        return node

    given, chosen = list(args), []
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        if not -len(args) <= i < len(args):
            raise TypeError(f"{name} is asked for argument {i} (argnums), and {len(args)} were given by place")
        given[i] = mapped(leaf, given[i])
        chosen.append(given[i])
    return given, leaves, chosen[0] if isinstance(argnums, int) else tuple(chosen)


def _called(f: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], has_aux: bool) -> tuple[Any, Any]:
    """What f returns, recorded, and what it returns beside it."""
    with set_grad_enabled(True):
        out = f(*args, **kwargs)
    if not has_aux:
        return out, None
    if not isinstance(out, tuple) or len(out) != 2:
        raise TypeError(f"with has_aux=True a function returns a pair (value, aux); {_name(f)} returned {out!r:.60}")
    return out


def _tensors(y: Any, name: str, f: Callable[..., Any]) -> Any:
    """What f returned, with constants beside Tensors as Tensors too; TypeError where nothing is one."""
    outputs = leaves_of(y)
    numbers = (Tensor, np.ndarray, np.generic, float, int)
    if not any(isinstance(x, Tensor) for x in outputs) or not all(isinstance(x, numbers) for x in outputs):
        wrong = next((x for x in outputs if not isinstance(x, numbers)), outputs[0] if outputs else y)
        hint = _INSIDE if _is_of_many(wrong) else "did it leave the graph (.item(), .value), or forget to return?"
        raise TypeError(
            f"{name} needs a function that returns Tensors made of its arguments; {_name(f)} returned "
            f"{type(wrong).__name__}: {hint}"
        )
    return mapped(lambda x: x if isinstance(x, Tensor) else Tensor(x), y)


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)
