"""Lines of the user's code in errors, while they are recorded."""

import numpy as np
import pytest

from autograd_core import Tensor
from autograd_core.debug import record


def leaf(data, **options):
    return Tensor(np.array(data, float), requires_grad=True, **options)


def test_errors_name_both_lines_while_they_are_recorded():
    w = leaf([1, 2], name="w")
    with record():
        y = (w * w).sum()  # the first line
        w.data = [3.0, 4.0]  # two below it
        here = y.site.made
    name, _, line = here.rpartition(":")
    assert name == "test_debug_places.py"
    with pytest.raises(
        RuntimeError, match=rf"'w' .*written to at {name}:{int(line) + 1} after multiply at {here} had used"
    ):
        y.backward()
    assert (w * 2).site is None  # afterwards nothing is recorded


def test_recording_lines_changes_nothing_else():
    w = leaf([1, 2])
    with record():
        assert float((w * w).sum().detach()) == 5
        (w * w).sum().backward()
    assert w.grad.value.tolist() == [2, 4]
    assert w.grad.is_leaf
