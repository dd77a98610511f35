"""Make the stored values of every row, by PyTorch in float64: `python tests/reference/make_rows.py`.

For each case of each row: the value; its gradient with a fixed gradient arriving; and the gradient of that one's sum
along fixed directions, towards what arrives and towards the inputs. A new row needs one line below, its name and the
same function said in PyTorch, or nothing if PyTorch has it under the same name. The tests need no PyTorch.
"""

import math
from pathlib import Path

import mpmath
import numpy as np
import torch
from points import cases, determined, directions, pack, upstream
from torch.nn import functional as F

from autograd_core.ops import rows


def axes(a, axis):
    return tuple(range(a.ndim)) if axis is None else axis


def reduction(f):
    """A reduction over an axis, several or all; `ddof` is what torch calls the correction."""

    def reduce(a, axis=None, keepdims=False, ddof=None):
        return f(a, axes(a, axis), keepdim=keepdims, **({} if ddof is None else {"correction": ddof}))

    return reduce


def along(f):
    """A function along an axis, or of all elements in one line."""
    return lambda a, axis=None: f(a.ravel(), 0) if axis is None else f(a, axis)


def norm(a, axis=None, keepdims=False):
    """The length, with all slopes 0 at 0, where torch's own second ones are NaN; so for std, too."""
    squares = (a * a).sum(axes(a, axis), keepdim=keepdims)
    return torch.where(squares == 0, 0, torch.sqrt(torch.where(squares == 0, 1, squares)))


def std(a, axis=None, keepdims=False, ddof=0):
    mean = a.mean(axes(a, axis), keepdim=True)
    return norm(a - mean, axis, keepdims) / math.sqrt(a.numel() / mean.numel() - ddof)


def sort(a, axis=-1, **kth):
    return torch.sort(a.ravel() if axis is None else a, axis or 0).values


def prod(a, axis=None, keepdims=False):
    for i in sorted((i % a.ndim for i in np.atleast_1d(axes(a, axis))), reverse=True):
        a = torch.prod(a, int(i), keepdims)
    return a


def places(shape, index):
    """Which elements an index picks: NumPy asked about counting numbers, so that torch need not know NumPy's indices."""
    return torch.tensor(np.arange(math.prod(shape)).reshape(shape)[index].copy())


def scatter(a, index, shape):
    at = places(shape, index)
    return torch.zeros(math.prod(shape), dtype=a.dtype).index_add(0, at.ravel(), a.ravel()).reshape(shape)


def put(a, values, index):
    written = np.full(a.shape, -1)  # which of the values stands where: of several the last
    written[index] = np.arange(written[index].size).reshape(written[index].shape)
    spread = values.expand(tuple(written[index].shape)).ravel()
    return torch.where(torch.tensor(written >= 0), spread[torch.tensor(written)], a)


def dot(a, b):
    return a * b if not a.ndim or not b.ndim else torch.tensordot(a, b, ([-1], [max(b.ndim - 2, 0)]))


def add_along_axis(a, indices, shape, axis=-1):
    if axis is None:
        return add_along_axis(a.ravel(), indices.ravel(), (math.prod(shape),), 0).reshape(shape)
    return torch.zeros(shape, dtype=a.dtype).scatter_add(axis, indices.expand(a.shape), a)


def linear_recurrence(a, b):
    y = [b[0]]
    for i in range(1, len(b)):
        y.append(b[i] + a[i - 1] * y[-1])
    return torch.stack(y)


def bce(z, t, reduction="none"):
    losses = torch.logaddexp(z, torch.zeros_like(z)) - z * t
    return losses if reduction == "none" else getattr(losses, reduction)()


def windows(a, size, stride, padding, fill=0):
    first = a.ndim - len(size)
    a = F.pad(a, [p for p in reversed(padding) for _ in range(2)], value=fill) if any(padding) else a
    for i, (length, step) in enumerate(zip(size, stride, strict=True)):
        a = a.unfold(first + i, length, step)
    return a


def add_windows(a, shape, stride, padding):
    axes = len(shape)
    front, padded = a.shape[: -2 * axes], [n + 2 * p for n, p in zip(shape, padding, strict=True)]
    at = windows(torch.arange(math.prod(padded)).reshape(padded), a.shape[-axes:], stride, (0,) * axes).ravel()
    y = torch.zeros(math.prod(front), math.prod(padded), dtype=a.dtype).index_add(1, at, a.reshape(-1, len(at)))
    return y.reshape(*front, *padded)[(..., *(slice(p, p + n) for p, n in zip(padding, shape, strict=True)))]


def standardize(a, axis=-1, eps=1e-5):
    return (a - a.mean(axis, keepdim=True)) / torch.sqrt(a.var(axis, correction=0, keepdim=True) + eps)


def unless(hole, f):
    """f, but 0 with slopes 0 where there is a hole."""

    def filled(a, b):
        at = hole(a, b)
        return torch.where(at, 0, f(torch.where(at, 1, a), torch.where(at, 1, b)))

    return filled


def skipping_nan(f):
    return lambda a, b: f(torch.where(a.isnan(), b, a), torch.where(b.isnan(), a, b))


def eigh(a, UPLO="L"):
    values, vectors = torch.linalg.eigh((a + a.mT) / 2, UPLO)
    return torch.cat([values[..., None, :], vectors], -2)


def svd(a):
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return torch.cat([s[..., None, :], u, vh.mT], -2)


def qr(a):
    q, r = torch.linalg.qr(a)
    return torch.cat([q, r.mT], -2)


def at_origin(a, b):
    return (a == 0) & (b == 0)


TORCH = {
    "power": torch.pow,
    "fabs": torch.abs,
    "log_base": lambda a, base: torch.log(a) / torch.log(base),
    "cot": lambda a: torch.cos(a) / torch.sin(a),
    "sec": lambda a: 1 / torch.cos(a),
    "csc": lambda a: 1 / torch.sin(a),
    "rint": torch.round,
    "hypot": unless(at_origin, torch.hypot),
    "arctan2": unless(at_origin, torch.arctan2),
    "fmax": skipping_nan(torch.maximum),
    "fmin": skipping_nan(torch.minimum),
    "copysign": lambda a, b: torch.abs(a) * torch.where(torch.signbit(b), -1, 1),
    "floor_divide": lambda a, b: torch.floor(a / b),
    "heaviside": lambda a, b: torch.where(a == 0, b, torch.where(a > 0, 1.0, 0.0)),
    "divide_unless_zero": lambda a, b: a / b,
    "clip": lambda a, a_min=None, a_max=None: torch.clamp(a, a_min, a_max),
    "getitem": lambda a, index: a.ravel()[places(a.shape, index)],
    "scatter": scatter,
    "put": put,
    "take_along_axis": lambda a, indices, axis=-1: torch.take_along_dim(a, indices, axis),
    "add_along_axis": add_along_axis,
    "sort": sort,
    "partition": sort,
    "dot": dot,
    "outer": lambda a, b: a.ravel()[:, None] * b.ravel(),
    "trace": lambda a, offset=0, axis1=0, axis2=1: torch.diagonal(a, offset, axis1, axis2).sum(-1),
    "einsum": lambda *a, subscripts, optimize=False: torch.einsum(subscripts, *a),
    "convolution": lambda a, b: F.conv1d(a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0],
    "inv": torch.linalg.inv,
    "solve": lambda a, b: torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b),
    "det": torch.linalg.det,
    "slogdet": lambda a: torch.stack(torch.linalg.slogdet(a)),
    "pinv": torch.linalg.pinv,
    "cholesky": lambda a: torch.linalg.cholesky((a + a.mT) / 2),
    "eigh": eigh,
    "svd": svd,
    "qr": qr,
    "unbroadcast": lambda a, shape: a.sum_to_size(shape),
    "broadcast_to": lambda a, shape: a.expand(shape),
    "cast": lambda a, dtype: a.to({"float64": torch.float64, "float32": torch.float32}[np.dtype(dtype).name]),
    "reshape": lambda a, shape: a.reshape(shape),
    "transpose": lambda a, axes=None: a.permute(axes or tuple(range(a.ndim))[::-1]),
    "swapaxes": lambda a, axis1, axis2: a.swapaxes(axis1, axis2),
    "expand_dims": lambda a, axis: a.reshape(np.expand_dims(np.empty(a.shape), axis).shape),
    "squeeze": lambda a, axis=None: a.squeeze() if axis is None else a.squeeze(axis),
    "flip": lambda a, axis=None: a.flip(axes(a, axis)),
    "roll": lambda a, shift, axis=None: torch.roll(a, shift, axis),
    "concatenate": lambda *a, axis=0: torch.cat([x.ravel() for x in a]) if axis is None else torch.cat(a, axis),
    "stack": lambda *a, axis=0: torch.stack(a, axis),
    "sum": reduction(torch.sum),
    "mean": reduction(torch.mean),
    "var": lambda a, ddof=0, **way: reduction(torch.var)(a, ddof=ddof, **way),
    "std": std,
    "prod": prod,
    "norm": norm,
    "max": reduction(torch.amax),
    "min": reduction(torch.amin),
    "logsumexp": reduction(torch.logsumexp),
    "cumsum": along(torch.cumsum),
    "cumprod": along(torch.cumprod),
    "linear_recurrence": linear_recurrence,
    "linear": F.linear,
    "windows": windows,
    "add_windows": add_windows,
    "standardize": standardize,
    "leaky_relu": lambda a, slope=0.01: F.leaky_relu(a, slope),
    "prelu": lambda a, slope: torch.where(a > 0, a, a * slope),
    "elu": lambda a, alpha=1.0: F.elu(a, alpha),
    "swish": lambda a, beta: a * torch.sigmoid(beta * a),
    "mish": F.mish,
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),  # torch's softplus is cut off at 20
    "softmax": lambda a, axis=-1: torch.softmax(a, axis),
    "log_softmax": lambda a, axis=-1: torch.log_softmax(a, axis),
    "cross_entropy": F.cross_entropy,
    "squared_error": F.mse_loss,
    "bce_with_logits": bce,
    "bce": lambda p, t: -t * torch.log(p) - (1 - t) * torch.log1p(-p),
    "bce_slope": lambda p, t: (p - t) / (p * (1 - p)),
    "alpha_loss": lambda p, alpha: -torch.log(p) if alpha == 1 else (1 - p ** (1 - 1 / alpha)) / (1 - 1 / alpha),
    "alpha_loss_of_log": lambda a, alpha: -a if alpha == 1 else (1 - torch.exp(a * (1 - 1 / alpha))) / (1 - 1 / alpha),
    "huber": lambda a, delta: F.huber_loss(a, torch.zeros_like(a), "none", delta),
    "zero_one": lambda o, t: 0 * o.sum(-1) + (o.argmax(-1) != t.argmax(-1)),
}
MPMATH = {  # what torch lacks, or loses digits of
    "cbrt": mpmath.cbrt,
    "sinc": mpmath.sincpi,
    "erf": mpmath.erf,
    "normal_cdf": mpmath.ncdf,
}


def by_torch(f, inputs, params, name):
    """Value, gradients, gradients of gradients, as arrays."""
    tensors = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    leaves = [t for t in tensors if t.requires_grad]
    y = f(*tensors, **params)
    y = y * torch.tensor(determined(name, params, y.numpy(force=True)))
    g = torch.tensor(upstream(tuple(y.shape)), dtype=y.dtype, requires_grad=True)
    firsts = torch.autograd.grad(y, leaves, g, create_graph=True, allow_unused=True, materialize_grads=True)
    ways = map(torch.tensor, directions([x.shape for x in leaves]))
    total = sum((first * way).sum() for first, way in zip(firsts, ways, strict=True))
    towards = [g, *leaves]
    seconds = map(torch.zeros_like, towards)
    if total.requires_grad:
        seconds = torch.autograd.grad(total, towards, allow_unused=True, materialize_grads=True)
    return [t.numpy(force=True) for t in (y, *firsts, *seconds)]


def by_mpmath(f, inputs, params, name):
    """The same of a function of one number, from its Taylor series in 60 digits."""
    (x,) = inputs
    with mpmath.workdps(60):
        series = [mpmath.taylor(f, mpmath.mpf(float(at)), 2) for at in x.flat]
    y, slope, half = (np.array([float(s[k]) for s in series]).reshape(x.shape) for k in range(3))
    g, (way,) = upstream(x.shape), directions([x.shape])
    return [y, g * slope, way * slope, way * g * 2 * half]


if __name__ == "__main__":
    stored, missing = {}, []
    for op in rows():
        if not op.differentiable:
            continue
        make, f = (
            (by_mpmath, MPMATH[op.name])
            if op.name in MPMATH
            else (by_torch, TORCH.get(op.name) or getattr(torch, op.name, None))
        )
        try:
            stored[op.name] = pack([a for inputs, params in cases(op) for a in make(f, inputs, params, op.name)])
        except Exception as error:
            missing.append(f"{op.name}: {type(error).__name__}: {error}")
    np.savez_compressed(Path(__file__).with_name("rows.npz"), **stored)
    if missing:
        raise SystemExit("say these rows in PyTorch:\n" + "\n".join(missing))
