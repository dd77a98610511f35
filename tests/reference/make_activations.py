"""Make the stored values of every activation: `python tests/reference/make_activations.py`.

Values, slopes and second derivatives of the functions' textbook formulas, by mpmath in 400 digits; at every point the
script holds PyTorch's own values and slopes (made with torch 2.13.0, float64) against them. What is learned, and what
mixes elements, is by PyTorch. All points are exact in float32, so that one reference serves both precisions. The tests
read the JSON file only.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import torch
from mpmath import mp, mpf
from torch.nn import functional as F

mp.dps = 400  # 1 + tanh of −440 needs 191
SIZES = [2.0**-20, 0.125, 0.4375, 0.75, 1.5, 2.75, 4.5, 9.0, 18.0, 40.0, 95.0, 1e4]
POINTS = [-x for x in reversed(SIZES)] + [0.0] + SIZES


def sigma(x):
    return 1 / (1 + mpmath.exp(-x))


def clipped(x, low, high):
    return low if x < low else high if x > high else x


def rectified(left):
    return lambda x, **options: x if x > 0 else left(x, **options)


def scale_and_alpha():
    """SELU's constants: with them a standard normal z gives mean 0 and variance 1."""
    root_e, below = mpmath.sqrt(mpmath.e), mpmath.ncdf
    alpha = 1 / mpmath.sqrt(2 * mp.pi) / (mpf(1) / 2 - root_e * below(-1))  # E[z; z > 0] = α·E[1 − eᶻ; z < 0]
    left = root_e**4 * below(-2) - 2 * root_e * below(-1) + mpf(1) / 2  # E[(eᶻ − 1)²; z < 0]
    return 1 / mpmath.sqrt(mpf(1) / 2 + alpha**2 * left), alpha


LAMBDA, ALPHA = scale_and_alpha()
TANH_GELU = mpmath.sqrt(2 / mp.pi)

# name: (formula, PyTorch's function, settings of each case, whether the slope has a kink or a hole at 0)
# (its hardsigmoid and hardswish have a sixth that was rounded to float32)
FUNCTIONS = {
    "step": (lambda x: mpf(x >= 0), lambda x: torch.heaviside(x.detach(), x.new_ones(())), [{}], True),
    "piecewise_linear": (lambda x: clipped(x + 0.5, mpf(0), mpf(1)), lambda x: F.hardtanh(x + 0.5, 0, 1), [{}], False),
    "sigmoid": (lambda x, slope: sigma(slope * x), lambda x, slope: torch.sigmoid(x * slope), [{"slope": 1.0}, {"slope": 2.5}], False),
    "tanh": (mpmath.tanh, torch.tanh, [{}], False),
    "hardtanh": (
        lambda x, min_val, max_val: clipped(x, mpf(min_val), mpf(max_val)), F.hardtanh,
        [{"min_val": -1.0, "max_val": 1.0}, {"min_val": -2.0, "max_val": 0.25}], False,
    ),
    "hardsigmoid": (lambda x: clipped(x / 6 + 0.5, mpf(0), mpf(1)), lambda x: F.relu6(x + 3) / 6, [{}], False),
    "softsign": (lambda x: x / (1 + abs(x)), F.softsign, [{}], True),
    "tanhshrink": (lambda x: x - mpmath.tanh(x), F.tanhshrink, [{}], False),
    "logsigmoid": (lambda x: -mpmath.log1p(mpmath.exp(-x)), F.logsigmoid, [{}], False),
    "relu": (lambda x: max(x, mpf(0)), F.relu, [{}], True),
    "relu6": (lambda x: clipped(x, mpf(0), mpf(6)), F.relu6, [{}], True),
    "leaky_relu": (
        rectified(lambda x, negative_slope: negative_slope * x), F.leaky_relu, [{"negative_slope": 0.01}, {"negative_slope": 0.1}], True,
    ),
    "elu": (rectified(lambda x, alpha: alpha * mpmath.expm1(x)), F.elu, [{"alpha": 1.0}, {"alpha": 0.625}], True),
    "celu": (rectified(lambda x, alpha: alpha * mpmath.expm1(x / alpha)), F.celu, [{"alpha": 1.0}, {"alpha": 0.625}], True),
    "selu": (lambda x: LAMBDA * (x if x > 0 else ALPHA * mpmath.expm1(x)), F.selu, [{}], True),
    "softplus": (
        lambda x, beta: mpmath.log1p(mpmath.exp(beta * x)) / beta, lambda x, beta: F.softplus(x, beta, threshold=700),
        [{"beta": 1.0}, {"beta": 5.0}], False,
    ),
    "swish": (
        lambda x, beta: x * sigma(beta * x), lambda x, beta: x * torch.sigmoid(beta * x),
        [{"beta": 1.0}, {"beta": 0.25}, {"beta": -1.5}, {"beta": 0.0}], False,
    ),
    "silu": (lambda x: x * sigma(x), F.silu, [{}], False),
    "gelu": (
        lambda x, approximate: x * mpmath.ncdf(x) if approximate == "none" else
        x / 2 * (1 + mpmath.tanh(TANH_GELU * (x + mpf("0.044715") * x**3))),
        F.gelu, [{"approximate": "none"}, {"approximate": "tanh"}], False,
    ),
    "mish": (lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), F.mish, [{}], False),
    "hardswish": (lambda x: x * clipped(x / 6 + 0.5, mpf(0), mpf(1)), lambda x: x * F.relu6(x + 3) / 6, [{}], False),
}  # fmt: skip


def by_mpmath(f, x, options):
    """Value, first and second derivative."""
    series = mpmath.taylor(lambda t: f(t, **options), mpf(x), 2, chop=False)
    return [float(series[0]), float(series[1]), float(2 * series[2])]


def elementwise():
    for name, (formula, theirs, cases, kink) in FUNCTIONS.items():
        for options in cases:
            points = [x for x in POINTS if x or not kink]
            found = [by_mpmath(formula, x, options) for x in points]
            x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
            y = theirs(x, **options)
            (slope,) = (
                torch.autograd.grad(y.sum(), x, materialize_grads=True, allow_unused=True)
                if y.requires_grad
                else [0 * x]
            )
            for place, got in enumerate((y, slope)):
                np.testing.assert_allclose(
                    got.detach().numpy(),
                    [row[place] for row in found],
                    rtol=1e-9,
                    atol=1e-14,
                    err_msg=f"{name} {options}",
                )
            value, first, second = map(list, zip(*found, strict=True))
            yield {
                "function": name,
                "options": options,
                "x": points,
                "value": value,
                "slope": first,
                "curvature": second,
            }


# --- what is learned, and what mixes elements --------------------------------------------------------------------------

rng = np.random.default_rng(30)


def numbers(*shape, scale=2.0):
    return rng.normal(0, scale, shape).astype(np.float32).astype(float)


def adaptive(x, weight, bias):
    slope = torch.sigmoid(F.linear(x, weight, bias) if weight.ndim else x * weight + bias)
    return torch.maximum(slope * x, x)


EXTREME = np.array([[1e4, -1e4, 0.5], [-1e4, -0.25, 1e4]])
LEARNED = [
    ("prelu", F.prelu, [numbers(4, 3), np.array([0.25])]),
    ("prelu", F.prelu, [EXTREME, np.array([0.25, -0.5, 2.0])]),
    ("prelu", F.prelu, [numbers(2, 3, 2, 2), numbers(3, scale=0.5)]),
    ("swish", lambda x, beta: x * torch.sigmoid(beta * x), [numbers(4, 3), np.array(0.75)]),
    ("swish", lambda x, beta: x * torch.sigmoid(beta * x), [EXTREME, np.array(1.5)]),
    ("adaptive_relu", adaptive, [numbers(4, 3), np.array(0.5), np.array(-1.0)]),
    ("adaptive_relu", adaptive, [EXTREME, np.array(0.25), np.array(0.5)]),
    ("adaptive_relu", adaptive, [numbers(4, 3), numbers(3, 3, scale=1), numbers(3)]),
    ("softmax", lambda x: torch.softmax(x, -1), [EXTREME]),
    ("log_softmax", lambda x: torch.log_softmax(x, -1), [EXTREME]),
]


def learned():
    for name, f, inputs in LEARNED:
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
        y = f(*tensors)
        arriving = numbers(*y.shape)
        gradients = torch.autograd.grad(y, tensors, torch.tensor(arriving))
        yield {
            "function": name, "inputs": [x.tolist() for x in inputs], "value": y.tolist(), "arriving": arriving.tolist(),
            "gradients": [g.tolist() for g in gradients],
        }  # fmt: skip


GAINS = [["linear", None], ["sigmoid", None], ["tanh", None], ["relu", None], ["leaky_relu", None], ["leaky_relu", 0.2]]

if __name__ == "__main__":
    stored = {
        "elementwise": list(elementwise()),
        "learned": list(learned()),
        "selu": {"scale": mpmath.nstr(LAMBDA, 30), "alpha": mpmath.nstr(ALPHA, 30)},
        "gains": [[name, slope, torch.nn.init.calculate_gain(name, slope)] for name, slope in GAINS],
    }
    text = json.dumps(stored).replace('{"function"', '\n{"function"')
    Path(__file__).with_name("activations.json").write_text(text + "\n", encoding="utf-8")
