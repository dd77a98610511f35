"""Where a gradient comes from: the contributions sum to it bit for bit, and the paths are all the paths there are."""

import itertools

import numpy as np
import pytest

from autograd_core import Tensor, custom_vjp, debug


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return w1**3 * w2 + 3 * w1, w1, w2


MADE = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: np.tanh(a), lambda a, b: a - 2 * b, lambda a, b: a / (1 + b * b),
]  # fmt: skip


def random_graph(seed):
    """A graph of arrays and numbers in which much is used more than once; and its leaves."""
    rng = np.random.default_rng(seed)
    dtype = [np.float64, np.float32][seed % 2]
    shapes = [(), (3,), (2, 3), (2, 1)]
    leaves = [
        Tensor(rng.uniform(0.2, 1.5, shapes[k % 4]).astype(dtype), requires_grad=True, name=f"p{k}") for k in range(4)
    ]
    pool = list(leaves)
    for _ in range(rng.integers(3, 25)):
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        pool.append(MADE[rng.integers(len(MADE))](a, b))
    loss = pool[-1].sum()
    for node in pool[-4:-1]:
        loss = loss + node.mean()
    return loss, leaves


def test_A1_the_example():
    g, w1, _ = example()
    found = debug.why(g, w1)
    assert [value for _, value in found] == [3, 36]
    assert found.total == 39
    assert (
        str(found)
        == "∂g/∂w1 = 3 + 36 = 39\n  3 through c = 3·w1\n    g ← c ← w1\n  36 through a = w1³\n    g ← b ← a ← w1"
    )
    assert repr(found) == "∂g/∂w1 = 39: 3 through c = 3·w1, 36 through a = w1³, together 39"
    assert str(debug.why(g, "w2")) == "∂g/∂w2 = 8\n  8 through b = a·w2\n    g ← b ← w2"
    assert len(found) == 2


@pytest.mark.parametrize("seed", range(100))
def test_contributions_sum_bit_for_bit_to_the_gradient(seed):
    loss, leaves = random_graph(seed)
    reached = [p for p in leaves if p in debug.Session(loss).names or len(debug.why(loss, p))]
    whys = [debug.why(loss, p) for p in leaves]
    loss.backward()
    for p, found in zip(leaves, whys, strict=True):
        if p.grad is None:
            assert not len(found)
            continue
        total = None
        for _, value in found:  # added up in the order in which they are given
            total = value if total is None else total + value
        for given in (total, found.total):
            np.testing.assert_array_equal(given, p.grad.value)
            assert given.dtype == p.grad.dtype
    assert reached


def ways(loss, w):
    """The number of paths by recursion over the user's own graph."""
    return (loss is w) + sum(ways(x, w) for x in loss.inputs if isinstance(x, Tensor) and x.requires_grad)


@pytest.mark.parametrize("seed", range(12))
def test_as_many_paths_as_there_are(seed):
    loss, leaves = random_graph(seed)
    for p in leaves:
        found = debug.why(loss, p)
        assert sum(part.count for part in found.parts) == ways(loss, p)
        for part in found.parts:
            assert len(part.paths) == min(part.count, 4)
            for path in part.paths:
                assert path[-1].name == p.name
                assert path[-1].op is None
                assert path[-2].name == part.node
                assert path[0].op == loss.op.name


def test_each_step_of_a_path_is_an_edge():
    loss, leaves = random_graph(5)
    session = debug.Session(loss)
    edges = {(session.names[s.node], session.names[s.x]) for s in session.steps if s.kind == "edge"}
    for part in session.why(leaves[1].name).parts:
        for path in part.paths:
            names = [hop.name for hop in path]
            assert set(itertools.pairwise(names)) <= edges


def test_many_paths_and_long_ones_are_cut_short():
    x = Tensor(1.0, requires_grad=True, name="x")
    y = x
    for _ in range(60):
        y = y + y
    text = str(debug.why(y, x))
    assert "and very many more paths" in text
    assert len(text) < 1000
    for _ in range(20_000):  # no recursion
        y = y * 0.999
    text = str(debug.why(y, x))
    assert "more …" in text
    assert max(map(len, text.splitlines())) < 200
    z = x * 1
    for _ in range(3):
        z = z + z
    assert "and 7 more paths" in str(debug.why(z, x))


def test_lines_are_named_when_they_were_recorded():
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    with debug.record():
        h = w * 3
        loss = (h * h).sum()
    (part,) = debug.why(loss, w).parts
    assert part.line == h.site.made
    assert f"({part.line})" in str(part)
    assert part.line.startswith("test_debug_why.py:")
    assert part.paths[0][0].line == loss.site.made
    assert debug.why((w * 2).sum(), w).parts[0].line is None


def test_arrays_hooks_and_what_has_no_contributions():
    w = Tensor(np.ones((2, 2)), requires_grad=True, name="w")
    loss = (w * w).sum() + w.sum()
    assert str(debug.why(loss, w)).splitlines()[0] == "∂loss/∂w = [2×2] [[3, 3], [3, 3]], the sum of 3 contributions"
    g, *_ = example()
    assert str(debug.why(g, g)) == "∂g/∂g = 1: the pass begins here"
    assert str(debug.why(g, Tensor(1.0, requires_grad=True, name="u"))) == "∂g/∂u = 0: no path leads from g to u"
    with pytest.raises(KeyError, match="w1"):
        debug.why(g, "w3")
    x = Tensor(3.0, requires_grad=True, name="x")
    x.register_hook(lambda g: g * 2)
    found = debug.why(x * x, x)
    assert found.total == 6
    assert str(found).endswith("a hook made 12 of it")
    results = debug.why(g, "a")
    assert [value for _, value in results] == [3]
    assert results.parts[0].through == "b = a·w2"


def test_a_weight_used_at_every_step_of_a_long_recurrence():
    w = h = Tensor(1.0, requires_grad=True, name="w")
    for _ in range(3000):
        h = h * 1.0 + w
    found = debug.why(h, w)
    assert found.total == 3001
    assert not any("paths" in vars(part) for part in found.parts)  # walked when asked for: together 9 million hops
    assert len(found.parts[-1].paths[0]) == 6001
    text = str(found)
    assert text.count(" through ") == 20
    assert text.endswith("and 2,981 more contributions, which .parts has")
    assert len(text) < 5000 > len(repr(found))


def test_where_a_rule_raises_no_zero_is_claimed():
    @custom_vjp
    def doubled(x):
        return 2 * x

    @doubled.backward
    def _(g):
        raise OSError("no table")

    w = Tensor(1.0, requires_grad=True, name="w")
    session = debug.Session(doubled(w) * 3)
    for said in (str(session.why("w")), str(session.why_zero("w"))):
        assert "the rule of doubled raised OSError, no table, which ends the pass" in said
        assert "= 0" not in said
    assert session.why_zero("w").code == "raised"
