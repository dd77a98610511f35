"""Every row against PyTorch: values, gradients and gradients of gradients as `reference/make_rows.py` stored them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from reference.points import cases, determined, directions, unpack, upstream

from autograd_core import Tensor
from autograd_core.backward import backprop
from autograd_core.ops import rows

DIFFERENTIABLE = [op for op in rows() if op.differentiable]
FILE = Path(__file__).parent / "reference" / "rows.npz"
REMAKE = "the row's samples are others than those of the reference: python tests/reference/make_rows.py"
# rtol; and what is allowed besides, as a share of the largest number of the case: where sums may cancel, elementwise
TOLERANCE = {np.float64: (1e-10, 1e-14, 2.3e-16), np.float32: (1e-5, 1e-6, 1.2e-7)}


@cache
def stored():
    with np.load(FILE) as file:
        return {name: unpack(file[name]) for name in file}


def value_gradients_and_theirs(op, inputs, params, dtype):
    """What the reference has, in its order, by name; the gradients as bare arrays and as a graph give them."""
    given = [Tensor(x.astype(dtype), requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    leaves = {n: x for n, x in enumerate(given) if isinstance(x, Tensor)}
    y = op(*given, **params)
    y = y * determined(op.name, params, y.value).astype(y.dtype)
    g = Tensor(upstream(y.shape).astype(y.dtype), requires_grad=True)
    plain = backprop(y, leaves.values(), g, retain_graph=True)
    graph = backprop(y, leaves.values(), g, create_graph=True)
    ways = directions([x.shape for x in given if isinstance(x, Tensor)])
    total = sum((first * way.astype(dtype)).sum() for first, way in zip(graph, ways, strict=True))
    every = [g, *leaves.values()]
    seconds = backprop(total, every) if total.requires_grad else [Tensor(np.zeros_like(x.value)) for x in every]
    return {
        "value": [y],
        **{f"gradient towards input {n}": both for n, *both in zip(leaves, plain, graph, strict=True)},
        **{f"gradient's gradient towards {n}": [s] for n, s in zip(["g", *leaves], seconds, strict=True)},
    }


def test_every_row_has_a_reference():
    assert [op.name for op in DIFFERENTIABLE if op.name not in stored()] == []


@pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_row(op, dtype):
    left = list(stored()[op.name])
    rtol, cancelling, rounding = TOLERANCE[dtype]
    for inputs, params in cases(op):
        found = value_gradients_and_theirs(op, inputs, params, dtype)
        expected, left = left[: len(found)], left[len(found) :]
        assert len(expected) == len(found), REMAKE
        share = rounding if op.elementwise else cancelling
        atol = share * max(np.abs(e).max(initial=0) for e in expected)
        for (what, tensors), e in zip(found.items(), expected, strict=True):
            of_output = what in ("value", "gradient's gradient towards g")
            for t in tensors:
                message = f"{what} of {op.name}{params} at {inputs}"
                assert t.dtype == (params.get("dtype", dtype) if of_output else dtype), message
                assert t.shape == e.shape, message
                np.testing.assert_allclose(t.value, e, rtol=rtol, atol=atol, err_msg=message)
    assert not left, REMAKE
