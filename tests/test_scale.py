"""A million nodes, a hundred thousand users of one node, ten thousand passes: exact results, and no memory left behind."""

import gc
import tracemalloc

import numpy as np
import pytest

from autograd_core import Tensor


@pytest.fixture(autouse=True)
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def live():
    """How many Tensors there are. Nobody collects garbage here: what a cycle holds is counted."""
    return sum(isinstance(o, Tensor) for o in gc.get_objects())


def leaf(data):
    return Tensor(data, requires_grad=True)


def test_a_chain_of_a_million_nodes():
    n, before = 1_000_000, live()
    x = y = leaf(3.0)
    for _ in range(n):
        y = 1 - y
    y.backward()
    assert (y.item(), x.grad.item()) == (3, 1)
    del y  # must not recurse either
    assert live() == before + 2  # x and its gradient


def test_a_node_with_a_hundred_thousand_users():
    n, before = 100_000, live()
    x = leaf([1.0, 2.0])
    shared = x * 2
    y = np.stack([shared * float(k) for k in range(n)]).sum(axis=0)
    y.backward([1.0, 3.0])
    total = 2 * (n * (n - 1) // 2)
    assert y.value.tolist() == [total, 2 * total]
    assert x.grad.value.tolist() == [total, 3 * total]
    del y, shared
    assert live() == before + 2


def fresh(x):
    return lambda: ((x * 3 - 1) * x).sum().backward()


def retained(x):
    y = ((x * 3 - 1) * x).sum()
    return lambda: y.backward(retain_graph=True)


@pytest.mark.parametrize("way", [fresh, retained])
def test_ten_thousand_passes(way):
    x = leaf(np.arange(100.0))
    once, rounds = way(x), 5_000
    tracemalloc.start()
    try:
        for _ in range(rounds):
            once()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(rounds):
            once()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 1_000, "a pass leaves something behind"
    np.testing.assert_array_equal(x.grad.value, 2 * rounds * (6 * np.arange(100.0) - 1))
