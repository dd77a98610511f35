r"""Products of vectors and matrices: for \(Y = AB\) the gradients are \(G B^\top\) and \(A^\top G\)."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..op import Op, row
from .samples import shaped
from .shapes import broadcast_to


def _left(g: Any, a: Any, b: Any) -> Any:
    """The gradient of `a @ b` towards a; a vector stands for a matrix of one row or one column."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ b.swapaxes(-1, -2)


def _right(g: Any, a: Any, b: Any) -> Any:
    """The gradient of `a @ b` towards b."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (a.swapaxes(-1, -2) @ g[..., None])[..., 0]
    if a.shape[-2] == 1:  # a stack of single rows, as of the samples one by one: no sum to be taken
        return a.swapaxes(-1, -2) * g
    return a.swapaxes(-1, -2) @ g


matmul = row(
    np.matmul, operator=operator.matmul, a=_left, b=_right, latex="a b", text="a @ b", binds="*",
    samples=shaped(
        *(((s, t), {}) for s, t in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((4, 2, 3), (3,)),
          ((3,), (4, 3, 2)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((2, 1, 2, 3), (4, 3, 2))]),
    ),
    words="each factor gets the gradient times the other factor transposed",
)  # fmt: skip


def _scalar(a: Any, b: Any) -> bool:
    return np.ndim(a) == 0 or np.ndim(b) == 0


dot = row(
    np.dot, latex="a b", text="a @ b", binds="*",
    # with a second factor of more than two axes, g has the first's axes but its last, then the second's but one
    a=lambda g, a, b: (
        g * b if _scalar(a, b) else _left(g, a, b) if b.ndim <= 2
        else np.tensordot(g, b, (range(a.ndim - 1, g.ndim), (*range(b.ndim - 2), b.ndim - 1)))
    ),
    b=lambda g, a, b: (
        g * a if _scalar(a, b) else _right(g, a, b) if b.ndim <= 2
        else np.moveaxis(np.tensordot(a, g, (range(a.ndim - 1), range(a.ndim - 1))), 0, -2)
    ),
    samples=shaped(
        *(((s, t), {}) for s, t in [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((4, 2, 3), (3, 2)), ((), (2, 3)),
          ((2, 3), (4, 3, 2)), ((3,), (2, 3, 4))]),
    ),
    words="each factor gets the gradient times the other factor transposed",
)  # fmt: skip
outer = row(
    np.outer, a=lambda g, a, b: (g @ np.ravel(b)).reshape(a.shape), b=lambda g, a, b: (np.ravel(a) @ g).reshape(b.shape),
    latex=r"a b^\top", text="a bᵀ", binds="*", samples=shaped((((3,), (2,)), {}), (((2, 2), (3,)), {})),
    words="each vector gets the gradient times the other vector",
)  # fmt: skip
trace = row(
    np.trace, params={"offset": 0, "axis1": 0, "axis2": 1},
    a=lambda g, a, offset, axis1, axis2: np.moveaxis(
        g[..., None, None] * np.eye(a.shape[axis1], a.shape[axis2], offset, dtype=a.dtype), (-2, -1), (axis1, axis2)
    ),
    latex=r"\operatorname{tr}(a)", text="tr(a)",
    samples=shaped((((3, 3),), {}), (((2, 3),), {"offset": 1}), (((2, 3, 4),), {"axis1": -1, "axis2": 0, "offset": -1})),
    words="the diagonal elements each get the gradient",
)  # fmt: skip


def _einsum(*inputs: Any, subscripts: str, optimize: Any = False) -> Any:
    return np.einsum(subscripts, *inputs, optimize=optimize)[()]


def _contracted(i: int, g: Any, inputs: Any, subscripts: str, optimize: Any) -> Any:
    """The gradient contracted with all the other inputs, to the letters of the i-th; it is the same along the rest."""
    letters, out = subscripts.split("->")
    terms = letters.split(",")
    mine = terms.pop(i)
    known = "".join(c for c in mine if c in out or any(c in term for term in terms))
    wanted = f"{','.join([out, *terms])}->{known}"
    g = einsum(g, *inputs[:i], *inputs[i + 1 :], subscripts=wanted, optimize=bool(optimize))
    sizes = iter(g.shape)
    shape = tuple(next(sizes) if c in known else 1 for c in mine)
    return broadcast_to(g.reshape(shape), shape=np.broadcast_shapes(shape, inputs[i].shape))


einsum: Op = row(  # explicit letters, none twice in one term; np.einsum with all its ways to write is made of it
    _einsum, params={"subscripts": None, "optimize": False}, each=_contracted, text="einsum(subscripts, inputs)",
    samples=shaped(
        *((shapes, {"subscripts": subscripts}) for subscripts, shapes in [
            ("ij,jk->ik", ((2, 3), (3, 2))), ("ijk->ki", ((2, 3, 2),)), ("i,j,->ij", ((3,), (2,), ())),
            ("bij,bj,i->b", ((2, 3, 2), (2, 2), (3,))), ("ij,ij->j", ((2, 1), (1, 3))), ("ik,j->", ((2, 2), (3,))),
        ]),
    ),
    words="each factor gets the gradient contracted with all the other factors",
)  # fmt: skip


convolution: Op = row(  # of all places where the two meet; np.convolve and np.correlate cut it to their mode
    lambda a, b: np.convolve(a, b), name="convolution",
    a=lambda g, b: np.correlate(g, b), b=lambda g, a: np.correlate(g, a),
    latex="a * b", text="convolution(a, b)", binds="*", samples=shaped((((4,), (2,)), {}), (((2,), (3,)), {})),
    words="each sequence gets the gradient correlated with the other",
)  # fmt: skip


def unless_singular(function: Any, *arrays: Any, asked: str, remedy: str) -> Any:
    """What inv or solve gives; LinAlgError in the name of what was asked for where a matrix is singular."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError as error:
        if "ingular" not in str(error):
            raise
        raise np.linalg.LinAlgError(
            f"{asked} needs the inverse of a matrix, and one of shape {arrays[0].shape} is singular; {remedy}"
        ) from None


def _inv(a: Any) -> Any:
    return unless_singular(np.linalg.inv, np.asarray(a), asked="np.linalg.inv", remedy="write np.linalg.pinv(a)")


def _solve(a: Any, b: Any) -> Any:
    return unless_singular(
        np.linalg.solve, np.asarray(a), b, asked="np.linalg.solve", remedy="write np.linalg.pinv(a) @ b"
    )


def _cofactors(asked: str, a: Any) -> Any:
    """The inverse transposed, for the gradient of a determinant."""
    remedy = "np.prod(np.linalg.svdvals(a)) is |det a| with a gradient at singular matrices too"
    return unless_singular(np.linalg.inv, a, asked=f"the gradient of {asked}", remedy=remedy).swapaxes(-1, -2)


def _towards_b(g: Any, a: Any, b: Any) -> Any:
    """The gradient of `solve(a, b)` towards b; a single vector b stands for a matrix of one column."""
    at = a.swapaxes(-1, -2)
    return np.linalg.solve(at, g[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(at, g)


def _pinv_rule(g: Any, a: Any, y: Any) -> Any:
    """As for the inverse; what lies outside the range of a, and of a transposed, adds one term each."""
    gt, yt = g.swapaxes(-1, -2), y.swapaxes(-1, -2)
    return (gt - a @ y @ gt) @ y @ yt + yt @ y @ (gt - gt @ y @ a) - yt @ g @ yt


def _regular(draw: Any, *batch: int) -> Any:
    """Matrices far from singular, to be checked at."""
    return 0.3 * draw((*batch, 3, 3)) + np.diag([2.0, -3.0, 4.0])


def _regulars(draw: Any) -> Any:
    return [((_regular(draw),), {}), ((_regular(draw, 2),), {})]


inv = row(
    _inv, numpy=(np.linalg.inv,), a=lambda g, y: -(y.swapaxes(-1, -2) @ g @ y.swapaxes(-1, -2)),
    latex="a^{-1}", text="inv(a)", binds="^", samples=_regulars,
    words="as for 1/u: minus the gradient times the inverse transposed, from both sides",
)  # fmt: skip
solve = row(
    _solve, numpy=(np.linalg.solve,),
    a=lambda g, a, b, y: (
        -_towards_b(g, a, b)[..., None] * y[..., None, :] if b.ndim == 1 else -_towards_b(g, a, b) @ y.swapaxes(-1, -2)
    ),
    b=_towards_b, latex="a^{-1} b", text="solve(a, b)", binds="*",
    samples=lambda draw: [
        ((_regular(draw), draw((3, 2))), {}), ((_regular(draw), draw((3,))), {}), ((_regular(draw, 2), draw((3,))), {}),
        ((_regular(draw), draw((2, 3, 1))), {}), ((_regular(draw, 2), draw((2, 3, 2))), {}),
    ],
    words="the right side gets the solution of the transposed system for the gradient, the matrix minus that times the solution",
)  # fmt: skip
det = row(
    np.linalg.det, a=lambda g, a, y: (g * y)[..., None, None] * _cofactors("np.linalg.det", a), text="det(a)",
    latex=r"\det(a)", samples=_regulars, words="each element gets the gradient times its cofactor",
)  # fmt: skip
slogdet = row(  # sign and logarithm one above the other
    lambda a: np.stack(np.linalg.slogdet(a)), name="slogdet",
    a=lambda g, a: g[1][..., None, None] * _cofactors("np.linalg.slogdet", a),
    latex=r"\ln \left|\det(a)\right|", text="slogdet(a)", samples=_regulars,
    words="the logarithm of a determinant passes on the inverse transposed, its sign nothing",
)  # fmt: skip
pinv = row(
    np.linalg.pinv, params={"rcond": None}, a=_pinv_rule, latex="a^{+}", text="pinv(a)", binds="^",
    samples=lambda draw: [((_regular(draw)[..., :n],), {}) for n in (2, 3)] + [((_regular(draw, 2)[..., :2, :],), {})],
    words="as for an inverse, and what lies outside the range of the matrix gets its own part; the rank must not change",
)  # fmt: skip
