"""300 random programs against PyTorch and JAX, which agreed on what `reference/make_programs.py` stored of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from reference.points import Draw, directions, upstream
from reference.vocabulary import run, vocabulary

from autograd_core import Tensor, ops
from autograd_core.backward import backprop

CASES = json.loads((Path(__file__).parent / "reference" / "programs.json").read_text(encoding="utf-8"))
WORDS = vocabulary(np, ops)


def test_the_programs_are_300_of_5_to_40_steps_and_use_every_word():
    lengths = [len(case["program"].split()) for case in CASES]
    assert (len(CASES), min(lengths), max(lengths)) == (300, 5, 40)
    used = {step.partition(":")[0] for case in CASES for step in case["program"].split()}
    assert used == {name for words in WORDS for name in words}
    assert len(used) >= 60


@pytest.mark.parametrize("number", range(len(CASES)))
def test_program(number):
    case = CASES[number]
    draw = Draw(100 * number)
    leaves = [Tensor(draw(shape, -1.5, 1.5), requires_grad=True) for shape in case["shapes"]]
    y = run(case["program"], leaves, WORDS)
    assert list(y.shape) == case["shape"]
    grads = backprop(y, leaves, upstream(y.shape), retain_graph=True)
    graph = backprop(y, leaves, upstream(y.shape), create_graph=True)
    ways = directions([x.shape for x in leaves])
    products = backprop(sum((g * way).sum() for g, way in zip(graph, ways, strict=True)), leaves)
    at = 0
    for kind in ([y], grads, products):
        found = np.concatenate([t.value.ravel() for t in kind])
        expected = np.array(case["numbers"][at : at + found.size])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max(), err_msg=case["program"])
        at += found.size
    assert at == len(case["numbers"])
