"""The whole table against finite differences, one parametrised test for all rows; tests come from the rows' samples."""

from functools import partial

import numpy as np
import pytest

from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.ops import rows

ROWS = {op.name: op for op in rows()}


def draw(shape=(), low=-2.0, high=2.0):
    draw.rng = getattr(draw, "rng", None) or np.random.default_rng(7)
    return draw.rng.uniform(low, high, shape)


def cases(op):
    draw.rng = np.random.default_rng(7)
    return op.samples(draw)


DIFFERENTIABLE = [op for op in ROWS.values() if op.differentiable]


def test_every_row_says_where_to_check_it():
    assert [op.name for op in DIFFERENTIABLE if op.samples is None] == []
    assert len(DIFFERENTIABLE) >= 60


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck], ids=["order1", "order2"])
def test_rules_equal_finite_differences(op, check):
    for inputs, params in cases(op):
        check(partial(op, **params), *inputs, name=f"{op.name}{params or ''}")
