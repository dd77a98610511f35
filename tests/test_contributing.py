"""The worked example of CONTRIBUTING.md is executed: adding an op touches one place."""

import re
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor
from autograd_core.check import gradcheck, gradgradcheck
from autograd_core.op import BY_NUMPY, TABLE, row
from autograd_core.ops.samples import unary
from autograd_core.symbol import derivative

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def softsign():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    namespace = {"np": np, "row": row, "unary": unary}
    exec(block, namespace)
    yield namespace["softsign"]
    del TABLE["softsign"]
    BY_NUMPY.pop(namespace["softsign"].kernel)


def test_one_row_gives_everything_that_is_promised(softsign):
    np.testing.assert_allclose(softsign(np.array([-1.0, 3.0])), [-0.5, 0.75])
    x = Tensor(np.array([-1.0, 3.0], np.float32), requires_grad=True)
    softsign(x).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad.value, [1 / 4, 1 / 16])
    for inputs, params in softsign.samples(lambda shape, low, high: np.random.default_rng(0).uniform(low, high, shape)):
        gradcheck(softsign, *inputs, **params)
        gradgradcheck(softsign, *inputs, **params)
    assert derivative(softsign).spell() == "g / (1 + |a|)^2"


def test_a_wrong_rule_would_be_found(softsign):
    wrong = row(softsign.kernel, name="wrong", a=lambda g, a: g / (1 + np.abs(a)), samples=softsign.samples)
    try:
        with pytest.raises(AssertionError, match=r"wrong gradient towards input 0 at index \(\)"):
            gradcheck(wrong, 1.0)
    finally:
        del TABLE["wrong"]
