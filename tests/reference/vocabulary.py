"""What random programs are made of: steps said once in NumPy's calls, read by NumPy, PyTorch and JAX.

Every step is defined everywhere, of moderate size, and gives a shape that broadcasts with the others.
"""

MATRIX = [[0.5, -0.3, 0.8], [0.1, 0.9, -0.4], [-0.7, 0.2, 0.6]]
SHAPES = [(), (3,), (2, 3), (2, 1), (1, 3), (2, 1, 3)]  # any two of them broadcast


def vocabulary(np, special):
    """({name: f(x)}, {name: f(x, z)}). np: NumPy or what stands for it; special: what NumPy lacks, softmax and its like."""

    def along(f):
        """A function of the last axis; a number, which has none, stays as it is."""
        return lambda x: f(x) if x.ndim else x

    def threes(f):
        return lambda x: f(x) if x.ndim and x.shape[-1] == 3 else x

    def rows(x):
        return np.reshape(x, (-1, x.shape[-1]))

    def gram(x):
        """A well-conditioned matrix of the last axis."""
        return 2 * np.eye(x.shape[-1]) + np.matmul(np.transpose(rows(x)), rows(x)) * 0.25

    matrix = np.asarray(MATRIX)
    unary = {
        "negative": lambda x: -x,
        "square": lambda x: np.square(x) * 0.25,
        "power": lambda x: (x * x + 1) ** 0.3,
        "rpow": lambda x: 1.2 ** np.sin(x),
        "rsub": lambda x: 2 - x,
        "rdiv": lambda x: 3 / (2 + x * x),
        "reciprocal": lambda x: np.reciprocal(x * x + 1),
        "sqrt": lambda x: np.sqrt(x * x + 1),
        "cbrt": lambda x: np.cbrt(x * x + 1),
        "absolute": lambda x: np.abs(x),
        "exp": lambda x: np.exp(-x * x),
        "exp2": lambda x: np.exp2(np.sin(x)),
        "expm1": lambda x: np.expm1(np.sin(x)),
        "log": lambda x: np.log(x * x + 1),
        "log2": lambda x: np.log2(x * x + 1),
        "log10": lambda x: np.log10(x * x + 1),
        "log1p": lambda x: np.log1p(x * x),
        "sin": lambda x: np.sin(x),
        "cos": lambda x: np.cos(x),
        "tan": lambda x: np.tan(np.sin(x)),
        "arcsin": lambda x: np.arcsin(np.sin(x) * 0.75),
        "arccos": lambda x: np.arccos(np.cos(x) * 0.75),
        "arctan": lambda x: np.arctan(x),
        "sinh": lambda x: np.sinh(np.tanh(x)),
        "cosh": lambda x: np.cosh(np.tanh(x)),
        "tanh": lambda x: np.tanh(x),
        "arcsinh": lambda x: np.arcsinh(x),
        "arctanh": lambda x: np.arctanh(np.sin(x) * 0.75),
        "erf": lambda x: special.erf(x),
        "sigmoid": lambda x: special.sigmoid(x),
        "softplus": lambda x: special.softplus(x),
        "clip": lambda x: np.clip(x, -1, 1.5),
        "sum": along(lambda x: np.sum(x, axis=-1, keepdims=True)),
        "mean": lambda x: np.mean(x),
        "mean_kept": along(lambda x: np.mean(x, axis=0, keepdims=True)),
        "var": along(lambda x: np.var(x, axis=-1, keepdims=True)),
        "max": along(lambda x: np.max(x, axis=-1, keepdims=True)),
        "min": along(lambda x: np.min(x, axis=-1, keepdims=True)),
        "prod": along(lambda x: np.prod(1 + np.sin(x) * 0.5, axis=-1, keepdims=True)),
        "norm": along(lambda x: np.linalg.norm(1 + x * x, axis=-1, keepdims=True)),
        "logsumexp": along(lambda x: special.logsumexp(x, axis=-1, keepdims=True)),
        "softmax": along(lambda x: special.softmax(x, axis=-1)),
        "log_softmax": along(lambda x: special.log_softmax(x, axis=0)),
        "cumsum": along(lambda x: np.cumsum(x, axis=-1)),
        "cumprod": along(lambda x: np.cumprod(1 + np.sin(x) * 0.5, axis=-1)),
        "sort": along(lambda x: np.sort(x, axis=-1)),
        "flip": along(lambda x: np.flip(x, -1)),
        "roll": along(lambda x: np.roll(x, 1, -1)),
        "tile": along(lambda x: np.tile(x, 2)[..., 1 : 1 + x.shape[-1]]),
        "pad": along(lambda x: np.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 0)])[..., : x.shape[-1]]),
        "take": along(lambda x: np.take(x, np.asarray([0, 0, x.shape[-1] - 1][: x.shape[-1]]), axis=-1)),
        "picked_twice": along(lambda x: x[..., [0, 0, -1][: x.shape[-1]]]),
        "expand_dims": lambda x: np.squeeze(np.sin(np.expand_dims(x, 0)), 0),
        "transpose": along(lambda x: np.transpose(np.exp(np.transpose(np.sin(x))))),
        "reshape": lambda x: np.reshape(np.cumsum(np.reshape(x, (-1,)), axis=0), x.shape),
        "matmul": threes(lambda x: np.matmul(x, matrix)),
        "einsum": threes(lambda x: np.einsum("...i,ji->...j", x, matrix)),
        "trace": along(lambda x: np.trace(np.matmul(gram(x), gram(x))) * x * 0.01),
        "inv": along(lambda x: np.matmul(x, np.linalg.inv(gram(x)))),
        "outer": threes(lambda x: np.matmul(x, np.outer(np.sin(rows(x)[0]), np.cos(rows(x)[-1])))),
    }
    binary = {
        "add": lambda x, z: x + z,
        "subtract": lambda x, z: x - z,
        "multiply": lambda x, z: x * z,
        "divide": lambda x, z: x / (1 + z * z),
        "power_of": lambda x, z: (1 + x * x) ** np.tanh(z),
        "hypot": lambda x, z: np.hypot(x, 1 + z * z),
        "arctan2": lambda x, z: np.arctan2(x, 1 + z * z),
        "logaddexp": lambda x, z: np.logaddexp(x, z),
        "maximum": lambda x, z: np.maximum(x, z),
        "minimum": lambda x, z: np.minimum(x, z),
        "where": lambda x, z: np.where(x > z, x, z * 0.5),
        "stack": lambda x, z: np.sum(np.stack([x + z, x * 2 - z]), axis=0),
        "concatenate": lambda x, z: (
            np.concatenate([x, np.sin(x)], -1)[..., 1 : 1 + x.shape[-1]] * z if x.ndim else x * z
        ),
        "inner": lambda x, z: np.einsum("...i,...i->...", x + z, x - z)[..., None] if (x + z).ndim else x,
        "function": lambda x, z: np.sin(x) * np.cos(z),
    }
    return unary, binary


def run(program, inputs, words):
    """The last value of a program; every step takes the last value, so that nothing in it is dead.

    program: "add:0 sin tanh hypot:1", a number saying which of the values so far is the other operand.
    """
    unary, binary = words
    values = list(inputs)
    for step in program.split():
        name, _, other = step.partition(":")
        values.append(binary[name](values[-1], values[int(other)]) if other else unary[name](values[-1]))
    return values[-1]
