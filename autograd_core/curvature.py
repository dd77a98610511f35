r"""What each sample says of the parameters, and the curvature that follows: gradients, Fisher and Gauss–Newton.

With \(J\) the Jacobian of a network's outputs and \(g_n\) the gradient of the loss of sample \(n\), the empirical
Fisher matrix is the mean of \(g_n g_n^\top\), and the Gauss–Newton matrix \(J^\top H J\) is the Hessian with the
curvature of the network itself left out: never negative where the loss is convex in the outputs.
Sources: J. Martens 2020, "New insights and perspectives on the natural gradient method", arXiv 1412.1193 (the matrices
and how they relate); N. Schraudolph 2002, "Fast curvature matrix-vector products" (products without the matrix).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .backward import backprop
from .batched import Batched, count_of, samples, vmap
from .modes import followed, mode, set_grad_enabled
from .ops.shapes import broadcast_to, concatenate
from .tensor import Tensor
from .transforms import hvp, is_open, jvp, vjp, with_leaves
from .trees import leaves as leaves_of
from .trees import rebuilt


def per_sample_grad(loss: Callable[..., Any], params: Any, batch: Any) -> Any:
    """The gradient of the loss of every single sample, in one pass: a nest like params, with an axis of samples first.

    loss: of params and ONE sample to one number. params: floating-point arrays or a nest of them. batch: a nest whose
    arrays have the samples along their first axis; `loss` is given it without that axis. Needs memory for the number of
    samples times that of the parameters. Where params require grad the result is a graph, except under no_grad().
    TypeError, ValueError: integer params, a loss of more than one number, arrays of different numbers of samples.
    A row that cannot be read at once is looped over, with a warning (LoopedOverSamples).

    >>> X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.0, 1.0])
    >>> per_sample_grad(lambda w, s: (s["x"] @ w - s["y"]) ** 2, np.array([1.0, 0.5]), {"x": X, "y": y})
    Tensor([[ 4.,  8.],
            [24., 32.]])
    """
    given = samples(batch)
    count = count_of(given)
    _, singles, like = with_leaves("per_sample_grad", (params,), 0)
    leaves = [_repeated(x, count) for x in singles]
    with set_grad_enabled(True):
        out = loss(rebuilt(like, map(Batched, leaves)), given)
    if not isinstance(out, Batched) or out.size != 1:
        found = f"shape {out.shape}" if isinstance(out, Batched) else type(out).__name__
        raise ValueError(
            f"per_sample_grad needs a loss that makes one number of the parameters and one sample; it returned {found}: "
            "reduce it over the sample (.sum(), .mean())"
        )
    wanted = mode.recording and is_open([out.tensor], leaves)
    seed = np.ones(out.tensor.shape, out.dtype)
    return rebuilt(like, backprop(out.tensor, leaves, [seed], create_graph=wanted, retain_graph=True))


def _repeated(x: Tensor, count: int) -> Tensor:
    """A parameter once for each sample, so that each has a gradient of its own; without memory for the copies."""
    shape = (count, *x.shape)
    if not x.is_leaf or followed():  # somebody wants to know where its numbers come from
        return broadcast_to(x, shape=shape)
    leaf = Tensor(0.0, requires_grad=True)
    leaf.value = np.broadcast_to(x.value, shape)
    return leaf


def fisher(loss: Callable[..., Any], params: Any, batch: Any) -> Tensor:
    """The empirical Fisher matrix: the mean over the samples of g gᵀ, of shape (n, n) for n parameters in all.

    loss: the negative log-likelihood (or its opposite) of one sample; arguments and errors as for `per_sample_grad`.
    The parameters are numbered from leaf to leaf of the nest, a dict's in its own order, each in C order. With the
    labels of the data it is "empirical"; with labels drawn from the model it estimates the Fisher matrix itself.

    >>> fisher(lambda w, x: (x * w).sum(), np.zeros(2), np.array([[1.0, 0.0], [1.0, 2.0]]))
    Tensor([[1., 1.],
            [1., 2.]])
    """
    gradients = leaves_of(per_sample_grad(loss, params, batch))
    rows = concatenate(*(g.reshape(len(g), g.size // (len(g) or 1)) for g in gradients), axis=1)
    return rows.T @ rows / len(rows)


def fisher_product(loss: Callable[..., Any], params: Any, batch: Any, v: Any) -> Any:
    """The empirical Fisher matrix times v, a nest like params, without the matrix or any gradient of one sample.

    The mean of g (gᵀv) is Jᵀ(Jv) / n, with J the Jacobian of the n samples' losses. Arguments and errors as for
    `fisher`; ValueError for a v of another form.

    >>> fisher_product(lambda w, x: (x * w).sum(), np.zeros(2), np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1.0, 1.0]))
    Tensor([2., 3.])
    """

    def losses(p: Any) -> Any:
        return vmap(loss, (None, 0))(p, batch)

    y, along = jvp(losses, (params,), (v,))
    _, pull = vjp(losses, params)
    return pull(along / len(y))[0]


def gauss_newton_product(f: Callable[..., Any], loss: Callable[..., Any], params: Any, v: Any) -> Any:
    """The Gauss–Newton matrix Jᵀ H J times v, a nest like params: J of the outputs f(params), H the Hessian of the loss.

    f: params to outputs, an array or a nest. loss: outputs to one number. For cross-entropy of softmax, and whenever
    the loss is the negative log-likelihood of an exponential family with its natural parameters as outputs, this is
    the Fisher matrix of the model. Errors as for `jvp` and `hvp`.

    >>> A = np.array([[1.0, 2.0], [0.0, 1.0]])
    >>> gauss_newton_product(lambda w: A @ w, lambda y: (y * y).sum(), np.zeros(2), np.array([1.0, 0.0]))
    Tensor([2., 4.])
    """
    outputs, along = jvp(f, (params,), (v,))
    curved = hvp(loss, outputs, along)
    _, pull = vjp(f, params)
    return pull(curved)[0]
