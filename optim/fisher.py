r"""The Fisher matrix of a unit, made of what is backpropagated to it (topic B18).

The Fisher matrix of a unit with inputs a and backpropagated δ is E[δ² a aᵀ]: how much log p changes, in the mean square,
with each of its weights. δ belongs to labels drawn from the model, not to those of the data: with the data's it is the
"empirical" Fisher matrix, which `unit_fisher` makes as well from the δ of the loss, and which is another matrix away from
the optimum.

Sources: Clevert, Unterthiner & Hochreiter 2016 (ELU), arXiv 1511.07289, section 2; Martens 2020, arXiv 1412.1193.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Seeds = Callable[[Any], Any]


def unit_fisher(delta: Any, a: Any) -> Any:
    """The Fisher matrix of each unit of a layer, E[δ² a aᵀ], of shape (units, inputs, inputs).

    delta: (samples, units); a: (samples, inputs), with a column of ones last if there are biases. Several δ of a sample
    (one for each label that the model might draw, weighted by the roots of their probabilities) go along a first axis.

    >>> unit_fisher(np.array([[1.0], [2.0]]), np.array([[1.0, 1.0], [3.0, 1.0]]))
    array([[[18.5,  6.5],
            [ 6.5,  2.5]]])
    """
    weight = np.square(delta).reshape(-1, *np.shape(delta)[-2:]).sum(axis=0)
    # one product for each unit, which goes through BLAS; a three-way einsum does not
    return np.stack([(a * w[:, None]).T @ a for w in weight.T]) / len(a)


def unit_natural_gradient(F: Any, g: Any, g0: Any) -> tuple[Any, Any]:
    """F⁻¹(g, g₀) of a unit with a bias, spelled out: Δw = A⁻¹(g − Δw₀ b), Δw₀ = s(g₀ − bᵀA⁻¹g), s = 1/(c − bᵀA⁻¹b).

    F = (A b; bᵀ c), with A = E[δ² a aᵀ], b = E[δ² a], c = E[δ²]; g, g0: the gradients of its weights and of its bias.
    The formula of the ELU paper; first axes count units. It shows what the bias has to do with the means of the inputs.

    >>> unit_natural_gradient(np.array([[[18.5, 6.5], [6.5, 2.5]]]), np.array([[1.0]]), np.array([0.0]))
    (array([[0.625]]), array([-1.625]))
    """
    A, b, c = F[..., :-1, :-1], F[..., :-1, -1], F[..., -1, -1]
    solved = np.linalg.solve(A, np.stack([g, b], axis=-1))
    along_g, along_b = solved[..., 0], solved[..., 1]
    s = 1 / (c - (b * along_b).sum(-1))
    step0 = s * (g0 - (b * along_g).sum(-1))
    return along_g - step0[..., None] * along_b, step0


def bias_shift_correction(delta: Any, a: Any) -> Any:
    """k = 1 + (E_q a − E_p a)ᵀ Var_q(a)⁻¹ E_q a of each unit, with q(z) ∝ δ² p(z): how the natural gradient steers the mean.

    A natural step moves a unit's mean input by E_p(a)ᵀA⁻¹g + k·(g₀ − bᵀA⁻¹g)/E[δ²]; k = 1 where the inputs are centred.

    delta: (samples, units), a: (samples, inputs), without a column of ones.

    >>> a = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    >>> bias_shift_correction(np.ones((4, 1)), a), bias_shift_correction(np.array([[1.0], [1.0], [3.0], [1.0]]), a).round(3)
    (array([1.]), array([1.8]))
    """
    q = np.square(delta) / np.square(delta).sum(axis=0)
    mean = q.T @ a
    spread = np.stack([(a * w[:, None]).T @ a for w in q.T]) - mean[:, :, None] * mean[:, None, :]
    return 1 + ((mean - a.mean(axis=0)) * np.linalg.solve(spread, mean[..., None])[..., 0]).sum(axis=-1)


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _categorical(z: Any) -> Any:
    """√p_c·(p − e_c) for every class c: the gradients of −log p_c at the logits, weighted by the roots of p_c."""
    p, classes = _softmax(z), np.eye(z.shape[-1], dtype=z.dtype)
    return np.sqrt(p.T)[..., None] * (p - classes[:, None])


def _gaussian(y: Any) -> Any:
    """e_k for every output k: what a draw from a normal distribution of variance 1 around y is away, squared and averaged."""
    return np.broadcast_to(np.eye(y.shape[-1], dtype=y.dtype)[:, None], (y.shape[-1], *y.shape))


def _bernoulli(z: Any) -> Any:
    """√(p(1 − p))·e_k for every output k, each a logit of its own."""
    root = np.exp(-np.abs(z) / 2) / (1 + np.exp(-np.abs(z)))
    return root * _gaussian(z)


LIKELIHOODS: dict[str, Seeds] = {"categorical": _categorical, "gaussian": _gaussian, "bernoulli": _bernoulli}
