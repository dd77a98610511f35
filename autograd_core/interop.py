"""How a Tensor meets the world outside: notebooks, and arrays of other libraries."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from .tensor import Tensor, filled, new


def to_html(tensor: Tensor) -> str:
    """A small tensor as an HTML table, a large one as its text.

    >>> to_html(Tensor([1.0, 2.0]))
    '<table><tr><td>1</td><td>2</td></tr></table>'
    """
    value = np.asarray(tensor.value)
    if value.ndim > 2 or value.size > 200:
        return f"<pre>{escape(repr(tensor))}</pre>"
    rows = "".join(f"<tr>{''.join(f'<td>{x:.6g}</td>' for x in row)}</tr>" for row in np.atleast_2d(value))
    return f"<table>{rows}</table>"


def to_latex(tensor: Tensor) -> str | None:
    r"""A small vector or matrix as LaTeX, for notebooks and slides; None for what is too large to read.

    >>> print(to_latex(Tensor([[1.0, -0.5], [1e-7, np.inf]])))
    $\begin{bmatrix} 1 & -0.5 \\ 10^{-7} & \infty \end{bmatrix}$
    """
    value = np.asarray(tensor.value)
    if value.ndim > 2 or value.size > 100:
        return None
    if not value.ndim:
        return f"${_latex(value[()])}$"
    rows = r" \\ ".join(" & ".join(map(_latex, row)) for row in np.atleast_2d(value))
    return rf"$\begin{{bmatrix}} {rows} \end{{bmatrix}}$"


def _latex(x: Any) -> str:
    if not np.isfinite(x):
        return r"\text{NaN}" if np.isnan(x) else r"\infty" if x > 0 else r"-\infty"
    mantissa, _, exponent = f"{x:.4g}".partition("e")
    if not exponent:
        return mantissa
    power = rf"10^{{{int(exponent)}}}"
    return {"1": power, "-1": f"-{power}"}.get(mantissa, rf"{mantissa} \cdot {power}")


def from_dlpack(array: Any, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A Tensor over the memory of another library's array (`torch.tensor(...)`), nothing copied where it is writable.

    array: anything that speaks DLPack, on the CPU. A write to one is a write to the other. BufferError, TypeError as
    NumPy raises them: another device, a tensor that requires grad there, no DLPack.

    >>> shared = np.zeros(2)
    >>> t = from_dlpack(shared)
    >>> shared[0] = 5
    >>> t
    Tensor([5., 0.])
    """
    if not hasattr(array, "__dlpack__"):
        raise TypeError(f"{type(array).__name__} does not speak DLPack; write Tensor(array), which copies")
    value = array.value if isinstance(array, Tensor) else np.from_dlpack(array)
    tensor = filled(new(Tensor), value if value.ndim else value[()])
    tensor.name = name
    return tensor.requires_grad_() if requires_grad else tensor


def to_dlpack(tensor: Tensor, **options: Any) -> Any:
    """The tensor's memory for another library (`torch.from_dlpack(t)`); BufferError while it requires grad."""
    if tensor.requires_grad:
        raise BufferError("this tensor requires grad, and its graph cannot go along; hand over t.detach()")
    return np.asarray(tensor.value).__dlpack__(**options)
