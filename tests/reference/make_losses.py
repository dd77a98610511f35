"""Make the stored values of the lectures' losses: `python tests/reference/make_losses.py` writes losses.json.

By PyTorch 2.13.0 in float64 where it has the loss; otherwise by the formula as it is printed, in 150 digits of mpmath,
which also differentiates it. For each case: the losses of the single samples or elements, their gradient with
a fixed gradient arriving, and the gradient of that one along a fixed direction; for PyTorch the mean and its gradient
as well. Points are exact in float32, so that one reference serves both precisions. The tests need neither library.
"""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import torch
from points import Draw, directions, upstream
from torch.nn import functional as F

mpmath.mp.dps = 150
EXTREME = [[1e4, -1e4, 0.0], [1e2, -1e2, 0.0], [0.0, 0.0, 0.0], [1e4, 9999.5, 9998.0], [-1e4, -9999.5, -1e2]]
SHARES = [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.125, 0.75], [0.25, 0.25, 0.5], [0.0, 0.5, 0.5]]
LABELS = [1, 0, 2, 1, 2]
POINTS = {
    "random": Draw(100)((5, 3), -4, 4).tolist(),
    "extreme": EXTREME,
    "probabilities": Draw(200)((5, 3), 0.1, 0.9).tolist(),
    "certain": [[0.0, 1.0, 0.5], [1.0, 0.0, 0.25], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.5]],
}
TARGETS = {
    "numbers": Draw(300)((5, 3), -4, 4).tolist(),
    "indices": LABELS,
    "padded": [1, 0, 2, 0, 2],  # 0 is what is ignored
    "one_hot": np.eye(3)[LABELS].tolist(),
    "shares": SHARES,
    "logarithms": [[-1.25, -0.5, -2.0]] * 5,
    "signs": (2 * np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 0, 1]]) - 1).tolist(),
    "binary": [[1, 0, 1], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 0, 1]],
}
WEIGHT = [0.5, 2.0, 1.25]


def settings(o):
    """Ours, as PyTorch takes them."""
    return {n: torch.tensor(v, dtype=torch.float64) if n in ("weight", "pos_weight") else v for n, v in o.items()}


BY_TORCH = [
    *(
        (name, f, o, "numbers", points)
        for name, f, o in [
            ("l1_loss", F.l1_loss, {}),
            ("mse_loss", F.mse_loss, {}),
            ("huber_loss", F.huber_loss, {"delta": 1.0}),
            ("huber_loss", F.huber_loss, {"delta": 2.5}),
            ("smooth_l1_loss", F.smooth_l1_loss, {"beta": 1.0}),
            ("smooth_l1_loss", F.smooth_l1_loss, {"beta": 0.25}),
            ("smooth_l1_loss", F.smooth_l1_loss, {"beta": 0.0}),
        ]
        for points in ("random", "extreme")
    ),
    *(
        ("binary_cross_entropy", F.binary_cross_entropy, {}, target, points)
        for target in ("binary", "shares")
        for points in ("probabilities", "certain")
    ),
    *(
        ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, o, target, points)
        for o in ({}, {"pos_weight": 3.0}, {"pos_weight": WEIGHT})
        for target in ("binary", "shares")
        for points in ("random", "extreme")
    ),
    *(
        ("cross_entropy", F.cross_entropy, o, target, points)
        for o, targets in [
            ({}, ["indices", "one_hot", "shares"]),
            ({"weight": WEIGHT}, ["indices", "one_hot", "shares"]),
            ({"label_smoothing": 0.1}, ["indices", "one_hot", "shares"]),
            ({"weight": WEIGHT, "label_smoothing": 0.25}, ["indices", "shares"]),
            ({"ignore_index": 0}, ["padded"]),
            ({"ignore_index": 0, "weight": WEIGHT, "label_smoothing": 0.1}, ["padded"]),
        ]
        for target in targets
        for points in ("random", "extreme")
    ),
    *(
        ("nll_loss", F.nll_loss, o, target, points)
        for o, target in [({}, "indices"), ({"weight": WEIGHT, "ignore_index": 0}, "padded")]
        for points in ("random", "extreme")
    ),
    *(("kl_div", F.kl_div, {}, "shares", points) for points in ("random", "extreme")),
    *(("kl_div", F.kl_div, {"log_target": True}, "logarithms", points) for points in ("random", "extreme")),
]


# --- formulas as they are printed ------------------------------------------------------------------------------------


def of_logits(z, activation="softmax"):
    if activation == "sigmoid":
        return [1 / (1 + mpmath.exp(-x)) for x in z]
    e = [mpmath.exp(x) for x in z]
    return [x / sum(e) for x in e]


def of_probabilities(formula):
    return lambda z, t, activation="softmax", **o: formula(of_logits(z, activation), t, **o)


def alpha_loss(p, alpha):
    if alpha == 1:
        return -mpmath.log(p)
    s = 1 if alpha == math.inf else (mpmath.mpf(alpha) - 1) / alpha
    return (1 - p**s) / s


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def sigmoid_focal(z, t, gamma, alpha):
    p = 1 / (1 + mpmath.exp(-z))
    yes, no = (1, 1) if alpha is None else (alpha, 1 - mpmath.mpf(alpha))
    q = 1 / (1 + mpmath.exp(z))
    return -yes * t * q**gamma * mpmath.log(p) - no * (1 - t) * p**gamma * mpmath.log(q)


def smooth_zero_one(o, t):
    m = t * o
    return mpmath.mpf(0) if m > 1 else mpmath.mpf(1) if m < -1 else m**3 / 4 - 3 * m / 4 + mpmath.mpf(1) / 2


ROWS = {
    "expectation_loss": of_probabilities(lambda p, t: sum(abs(x - y) for x, y in zip(t, p, strict=True))),
    "regularised_expectation_loss": of_probabilities(lambda p, t: sum((x - y) ** 2 for x, y in zip(t, p, strict=True))),
    "chebyshev_loss": of_probabilities(lambda p, t: max(abs(x - y) for x, y in zip(t, p, strict=True))),
    "tanimoto_loss": of_probabilities(lambda p, t: -dot(p, t) / (dot(p, p) + dot(t, t) - dot(p, t))),
    "cauchy_schwarz_loss": of_probabilities(lambda p, t: -mpmath.log(dot(p, t) / mpmath.sqrt(dot(p, p) * dot(t, t)))),
    "log_loss": of_probabilities(lambda p, t: -dot(t, [mpmath.log(x) for x in p])),
    "squared_log_loss": of_probabilities(lambda p, t: sum((x * mpmath.log(y)) ** 2 for x, y in zip(t, p, strict=True))),
    "alpha_loss_with_logits": of_probabilities(lambda p, t, alpha: dot(t, [alpha_loss(x, alpha) for x in p])),
    "focal_loss": of_probabilities(lambda p, t, gamma: -dot(t, [(1 - x) ** gamma * mpmath.log(x) for x in p])),
    "hinge_loss": lambda o, t, margin, power: sum(max(0, margin - x * y) ** power for x, y in zip(t, o, strict=True)),
}
ELEMENTS = {"sigmoid_focal_loss": sigmoid_focal, "smooth_zero_one_loss": smooth_zero_one}
BOTH = ("random", "extreme")
BY_MPMATH = [
    *(
        (name, {"activation": activation}, target, points)
        for name in (
            "expectation_loss", "regularised_expectation_loss", "chebyshev_loss", "tanimoto_loss", "cauchy_schwarz_loss",
            "log_loss", "squared_log_loss",
        )
        for activation in ("softmax", "sigmoid")
        for target in ("one_hot", "shares")
        for points in BOTH
        if (name, activation, points) != ("chebyshev_loss", "sigmoid", "extreme")  # where differences are equal
    ),
    *(("alpha_loss_with_logits", {"alpha": alpha}, "one_hot", "random") for alpha in (0.5, 0.7, 0.999, 1.0 + 2**-30)),
    *(
        ("alpha_loss_with_logits", {"alpha": alpha}, target, points)
        for alpha in (1.0, 1.5, 4.0, math.inf)
        for target in ("one_hot", "shares")
        for points in BOTH
    ),
    *(("focal_loss", {"gamma": gamma}, target, points) for gamma in (0.5, 2.0) for target in ("one_hot", "shares") for points in BOTH),
    *(
        ("sigmoid_focal_loss", {"gamma": gamma, "alpha": alpha}, "binary", points)
        for gamma, alpha in [(2.0, 0.25), (0.5, None)]
        for points in BOTH
    ),
    *(
        ("hinge_loss", {"margin": margin, "power": power}, "signs", points)
        for margin, power in [(1.0, 1), (0.5, 1), (0.5, 2), (0.5, 3)]
        for points in BOTH
    ),
    *(("smooth_zero_one_loss", {}, "signs", points) for points in BOTH),
]  # fmt: skip


def by_torch(name, f, o, target, points):
    x = torch.tensor(POINTS[points], dtype=torch.float64, requires_grad=True)
    t = torch.tensor(TARGETS[target], dtype=torch.int64 if target in ("indices", "padded") else torch.float64)
    mean = f(x, t, reduction="mean", **settings(o))
    (of_mean,) = torch.autograd.grad(mean, x)
    y = f(x, t, reduction="none", **settings(o))
    g, (way,) = torch.tensor(upstream(tuple(y.shape))), map(torch.tensor, directions([x.shape]))
    (first,) = torch.autograd.grad(y, x, g, create_graph=True)
    second = torch.zeros_like(x)
    if first.requires_grad:
        second = second + torch.autograd.grad((first * way).sum(), x, materialize_grads=True)[0]
    numbers = {"values": y, "gradient": first, "second": second, "mean": mean, "gradient of mean": of_mean}
    return {what: a.tolist() for what, a in numbers.items()}


def by_mpmath(name, o, target, points):
    x, t = np.array(POINTS[points]), np.array(TARGETS[target], float)
    f = ROWS.get(name) or (lambda z, u, **o: ELEMENTS[name](z[0], u[0], **o))
    z, t = (a if name in ROWS else a.reshape(-1, 1) for a in (x, t))
    g, (way,) = (
        upstream(x.shape[: 1 if name in ROWS else 2]).ravel(),
        (d.reshape(z.shape) for d in directions([x.shape])),
    )
    y, first, second = np.empty(len(z)), np.empty(z.shape), np.empty(z.shape)
    for i in range(len(z)):
        at, u, along = ([mpmath.mpf(float(v)) for v in a[i]] for a in (z, t, way))
        y[i] = f(at, u, **o)
        for j in range(z.shape[1]):

            def moved(a, b, j=j, at=at, u=u, along=along):
                return f(
                    [v + b * w + (a if k == j else 0) for k, (v, w) in enumerate(zip(at, along, strict=True))], u, **o
                )

            first[i, j] = g[i] * mpmath.diff(lambda a, moved=moved: moved(a, 0), 0)
            second[i, j] = g[i] * mpmath.diff(moved, (0, 0), (1, 1))
    values = y if name in ROWS else y.reshape(x.shape)
    return {
        "values": values.tolist(),
        "gradient": first.reshape(x.shape).tolist(),
        "second": second.reshape(x.shape).tolist(),
    }


def said(o):
    return {name: "inf" if v == math.inf else v for name, v in o.items()}


if __name__ == "__main__":
    cases = [
        {"loss": name, "settings": said(o), "target": target, "points": points} | by_torch(name, f, o, target, points)
        for name, f, o, target, points in BY_TORCH
    ]
    cases += [
        {"loss": name, "settings": said(o), "target": target, "points": points} | by_mpmath(name, o, target, points)
        for name, o, target, points in BY_MPMATH
    ]
    text = json.dumps({"points": POINTS, "targets": TARGETS, "cases": cases})
    Path(__file__).with_name("losses.json").write_text(
        text.replace('}, {"loss"', '},\n{"loss"') + "\n", encoding="utf-8"
    )
