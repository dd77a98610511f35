"""How a Tensor meets the world outside: notebooks, and arrays of other libraries."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from .tensor import Tensor


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


def to_dlpack(tensor: Tensor, **options: Any) -> Any:
    """The tensor's memory for another library (`torch.from_dlpack(t)`); BufferError while it requires grad."""
    if tensor.requires_grad:
        raise BufferError("this tensor requires grad, and its graph cannot go along; hand over t.detach()")
    return np.asarray(tensor.value).__dlpack__(**options)
