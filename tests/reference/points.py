"""Where the table is compared with other libraries: inputs by a formula, so that neither side has to store them.

All numbers are exact in float32: one reference serves both precisions.
"""

import math

import numpy as np


class Draw:
    """The numbers of one fixed sequence, laid out as asked; a stand-in for a random generator that never changes."""

    def __init__(self, start=0):
        self.k = start

    def __call__(self, shape=(), low=-2.0, high=2.0):
        k = np.arange(self.k + 1, self.k + 1 + math.prod(shape), dtype=np.int64)
        self.k += k.size
        fractions = (k**3 + 7 * k**2 + 40503 * k) % 65521 / 65521  # a polynomial modulo a prime: as good as random
        return (np.round((low + (high - low) * fractions) * 1024) / 1024).reshape(shape)


# Beside the rows' own samples: kinks, ties, holes and extremes, with the slopes that docs/kinks.md lists.
TIED = [[[1.0, 3.0], [1.0, 3.0], [0.0, 3.0]], [[1.0, -2.0], [1.0, 3.0], [1.0, -2.0]]]
ZEROS = [[[1.5, 0.0], [-2.0, 0.0], [0.5, 3.0]], [[0.0, 2.0], [1.0, 4.0], [-3.0, -0.5]]]
EXTREME = [[40.0, -40.0, 0.0], [0.0, 0.0, 0.0], [80.0, 79.5, 78.0]]
REDUCED = [{}, {"axis": 0}, {"axis": (0, 2), "keepdims": True}]
EQUAL = [(([1.0, 2.0, 3.0], [1.0, 3.0, 3.0]), {}), (([[1.0], [2.0]], [2.0, 1.0, 0.0]), {})]
JUMPS = [(([-1.0, 0.0, 1.5],), {})]
ORIGIN = [(([0.0, 0.0, 2.0, -2.0], [0.0, 1.5, 0.0, 0.0]), {})]
TAILS = [(([-4.0, -0.5, 0.0, 0.46875, 3.0],), {})]
EXTRA = {
    **dict.fromkeys(["absolute", "fabs", "relu", "sign", "floor", "ceil", "rint", "trunc"], JUMPS),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin"], EQUAL),
    **{name: [((TIED,), way) for way in REDUCED] for name in ("max", "min")},
    **dict.fromkeys(["hypot", "arctan2"], ORIGIN),
    **dict.fromkeys(["erf", "normal_cdf"], TAILS),
    "leaky_relu": [(([-1.5, 0.0, 2.0],), {"slope": 0.25})],
    "clip": [(([-2.0, -1.0, 0.0, 1.0, 2.0],), bounds) for bounds in ({"a_min": -1, "a_max": 1}, {"a_min": 0}, {"a_max": 0})],
    "copysign": [(([-1.0, 0.0, 2.0], [1.0, 1.0, -1.0]), {})],
    "heaviside": [(([-1.0, 0.0, 2.0], [0.5, 0.25, 0.5]), {})],
    "logsumexp": [((TIED,), way) for way in REDUCED] + [((EXTREME,), {"axis": -1})],
    "prod": [((ZEROS,), way) for way in REDUCED],
    "cumprod": [((ZEROS,), {}), ((ZEROS,), {"axis": 1})],
    "std": [(([[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]],), {"axis": 1})],
    "norm": [(([[0.0, 0.0], [3.0, -4.0]],), {"axis": 1})],
    "power": [(([-1.5, 0.0, 0.0, 2.0], np.array([3, 2, 1, 0], np.int8)), {})],  # no gradient towards whole exponents
    "sinc": [(([0.0, 2**-30, 2**-10, -0.25, 0.5, 1.0],), {})],
    "sigmoid": [((EXTREME,), {})],
    "softplus": [((EXTREME,), {})],
    "softmax": [((EXTREME,), {"axis": axis}) for axis in (0, -1)],
    "log_softmax": [((EXTREME,), {"axis": axis}) for axis in (0, -1)],
    "cross_entropy": [((EXTREME, [1, 0, 2]), {"reduction": "mean"})],
    "bce_with_logits": [((EXTREME, [[0.0, 1.0, 0.5]] * 3), {"reduction": "sum"})],
}  # fmt: skip


def cases(op):
    """[(inputs, params), ...]: a row's samples and what is said of it above; every input an array."""
    given = [*op.samples(Draw()), *EXTRA.get(op.name, [])]
    return [(tuple(_in_float32(np.asarray(x)) for x in inputs), params) for inputs, params in given]


def _in_float32(x):
    return x.astype(np.float32).astype(np.float64) if x.dtype.kind == "f" else x


def determined(name, params, y):
    """What an output is multiplied by so that it is no matter of taste: a decomposition's vectors have either sign,
    and what is beside the kth elements of a partition stands in any order."""
    factors = np.ones(y.shape)
    if name in ("eigh", "svd"):  # values in the first line
        factors[..., 1:, :] = np.sign(y[..., 1:2, :])
    elif name == "qr":
        factors *= np.sign(y[..., :1, :])
    elif name == "partition":
        axis = params.get("axis", -1) or 0
        kept = np.isin(np.arange(y.shape[axis]), params["kth"])
        factors *= np.moveaxis(kept.reshape(-1, *[1] * (y.ndim - 1)), 0, axis)
    return factors


def upstream(shape):
    """The gradient that arrives at an output of this shape."""
    return Draw(5000)(shape, -1.5, 1.5)


def directions(shapes):
    """What the gradients are multiplied by before they are differentiated in their turn."""
    draw = Draw(7000)
    return [draw(shape, -1.5, 1.5) for shape in shapes]


def pack(arrays):
    """Arrays as one flat one: the number of axes, the shape, the elements, and so on."""
    return np.concatenate([x for a in map(np.asarray, arrays) for x in ([a.ndim], a.shape, a.ravel())]).astype(float)


def unpack(flat):
    """The arrays that were packed."""
    arrays, at = [], 0
    while at < len(flat):
        ndim = int(flat[at])
        shape = tuple(flat[at + 1 : at + 1 + ndim].astype(int))
        at += 1 + ndim + math.prod(shape)
        arrays.append(flat[at - math.prod(shape) : at].reshape(shape))
    return arrays
