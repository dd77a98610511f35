"""micrograd's own tests of its engine, and its README's example, written with Tensors."""

import pytest
from reference.make_micrograd import more_ops, sanity_check

from autograd_core import Tensor


def Value(data):
    return Tensor(data, requires_grad=True)


# result and gradients by PyTorch in float64, as reference/make_micrograd.py prints them; micrograd gives the same
PYTORCH = {
    sanity_check: [-20.0, 46.0],
    more_ops: [24.70408163265306, 138.83381924198252, 645.5772594752186],
}


@pytest.mark.parametrize("expression", PYTORCH, ids=lambda f: f.__name__)
def test_engine(expression):
    result, *leaves = expression(Value)
    result.backward()
    got = [result.data, *(x.grad.data for x in leaves)]
    assert got == (PYTORCH[expression] if expression is sanity_check else pytest.approx(PYTORCH[expression], rel=1e-14))


def test_readme(capsys):
    g, a, b = more_ops(Value)
    print(f"{g.data:.4f}")
    g.backward()
    print(f"{a.grad:.4f}")
    print(f"{b.grad:.4f}")
    assert capsys.readouterr().out.split() == ["24.7041", "138.8338", "645.5773"]
