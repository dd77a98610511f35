"""Graph mechanics: what is recorded, what a backward pass does with it, and what is left behind afterwards."""

import copy
import gc
import itertools
import pickle
import sys
import threading
import tracemalloc
import warnings
import weakref

import numpy as np
import pytest

from autograd_core import GraphCut, Tensor, no_grad, ops, row, set_grad_enabled
from autograd_core.backward import ancestors, backprop, contributions
from autograd_core.modes import Observer, observing
from autograd_core.op import BY_NUMPY, TABLE
from autograd_core.ops import rows
from autograd_core.symbol import Symbol, edge

DIFFERENTIABLE = [op for op in rows() if op.differentiable]


def leaf(data, dtype=float, **options):
    return Tensor(np.array(data, dtype), requires_grad=True, **options)


def gradient(f, *data):
    """The gradients of the sum of f towards each of its arguments, as arrays."""
    leaves = [leaf(x) for x in data]
    f(*leaves).sum().backward()
    return [np.asarray(x.grad.value) for x in leaves]


def cases(op, dtype=float):
    """A row's samples as leaves where they hold floats: (inputs, params), ..."""
    rng = np.random.default_rng(3)
    for inputs, params in op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)):
        floats = [np.asarray(x).dtype.kind == "f" for x in inputs]
        yield [leaf(x, dtype) if f else x for x, f in zip(inputs, floats, strict=True)], params


@pytest.fixture
def scratch_row():
    """A maker of rows that are gone from the table when the test ends."""
    before = dict(TABLE), dict(BY_NUMPY)
    yield row
    for table, old in zip((TABLE, BY_NUMPY), before, strict=True):
        table.clear()
        table.update(old)


# --- values and gradients that are known from elsewhere --------------------------------------------------------------


def test_the_lecture_example():
    w1, w2 = leaf(2.0), leaf(3.0)
    g = w1**3 * w2 + 3 * w1
    towards = [float(c) for _, _, x, _, c in contributions(ancestors([g]), {g: np.float64(1)}) if x is w1]
    assert sorted(towards) == [3, 36]
    g.backward()
    assert (g.item(), w1.grad.item(), w2.grad.item()) == (30, 39, 8)


def test_the_reference_expression_of_micrograd():
    a, b = leaf(-4.0), leaf(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert (g.item(), a.grad.item(), b.grad.item()) == pytest.approx((24.7041, 138.8338, 645.5773), abs=5e-5)


def test_a_diamond_is_not_counted_twice():
    a = leaf(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert (c.item(), a.grad.item()) == (4, 4)


def test_a_long_chain():
    n, factor = 200_000, 1 + 1e-6
    x = y = leaf(1.0)
    for _ in range(n):
        y = y * factor
    y.backward()
    assert x.grad.item() == pytest.approx(factor**n, rel=1e-9)
    del y  # taking the chain down must not recurse either


def test_one_node_used_many_times():
    n = 100_000
    x = leaf([1.0, 2.0])
    shared = x * 3
    y = shared
    for _ in range(n - 1):
        y = y + shared
    y.sum().backward()
    assert x.grad.value.tolist() == [3 * n, 3 * n]
    np.stack([z := leaf([1.0])] * n).sum().backward()
    assert z.grad.value.tolist() == [n]


def ladder(n):
    """n steps of b = a + a: 2ⁿ paths, but 2n edges."""
    x = y = leaf(1.0)
    for _ in range(n):
        y = y + y
    return x, y


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_each_edge_is_walked_once(n):
    x, y = ladder(n)
    order = ancestors([y])
    assert len(order) == n + 1
    grads = {y: np.float64(1)}
    assert sum(1 for _ in contributions(order, grads)) == 2 * n
    assert grads == {x: 2.0**n}


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def network(w):
    h = np.tanh(w @ w.T + w.sum(axis=0))
    return ((h[[0, 0, 1]] * h.T).mean() + np.where(h > 0, h, 0).max()) ** 2


PASSES = {
    "forward": lambda y, w: None,
    "backward": lambda y, w: y.backward(),
    "retained": lambda y, w: (y.backward(retain_graph=True), y.backward()),
    "backprop": lambda y, w: backprop(y, w),
    "second order": lambda y, w: backprop(sum_of(backprop(y, w, create_graph=True)), w),
}


def sum_of(tensors):
    return tensors[0].sum()


@pytest.mark.parametrize("run", PASSES.values(), ids=PASSES)
def test_a_dropped_graph_is_freed_without_the_collector(run, no_collector):
    w = leaf(np.arange(9.0).reshape(3, 3) / 10)
    for _ in range(2):  # the first round fills caches
        y = network(w)
        nodes = [weakref.ref(node) for node in ancestors([y]) if node is not w]
        run(y, w)
        w.grad = None
        before = sum(isinstance(o, Tensor) for o in gc.get_objects())
        del y
        assert [ref for ref in nodes if ref() is not None] == []
    after = sum(isinstance(o, Tensor) for o in gc.get_objects())
    assert (before > after) or run is not PASSES["forward"]
    assert gc.collect() == 0, "reference cycles were left behind"


@pytest.mark.parametrize("run", [PASSES["forward"], PASSES["backward"]], ids=["forward", "backward"])
def test_memory_comes_back(run, no_collector):
    w = leaf(np.ones((20, 20)))

    def once():
        y = w
        for _ in range(50):
            y = np.tanh(y * 0.5)
        run(y.sum(), w)
        w.grad = None

    once()
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        once()
        end, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - start > 50 * 20 * 20 * 8, "the graph was never held: this test measures nothing"
    assert end - start < 10_000


def test_an_input_does_not_hold_its_results():
    x = leaf([1.0])
    y = weakref.ref(x * 2)
    assert y() is None


# --- .grad -----------------------------------------------------------------------------------------------------------


def test_gradients_accumulate_over_passes():
    x = leaf([1.0, 2.0])
    assert x.grad is None
    for n in (1, 2):
        (x * 3).sum().backward()
        assert x.grad.value.tolist() == [3 * n, 3 * n]
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.value.tolist() == [3, 3]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,), (2, 0)])
def test_a_gradient_looks_like_its_leaf(shape, dtype):
    x = leaf(np.ones(shape), dtype)
    wide = leaf(np.ones((4, *shape)))  # broadcasting and promotion, both to be undone
    (x * wide).sum().backward()
    assert isinstance(x.grad, Tensor)
    assert (x.grad.shape, x.grad.dtype) == (shape, dtype)
    assert not x.grad.requires_grad
    np.testing.assert_array_equal(x.grad.value, np.full(shape, 4))


SHARING = {  # rules that hand the same array to several inputs, or a view of it
    "add": lambda a, b: a + b,
    "positive": lambda a, b: (+a) + (+b),
    "views": lambda a, b: a.reshape(2, 2).T + b.reshape(2, 2),
    "pieces": lambda a, b: np.concatenate([a, b]),
    "picked": lambda a, b: a[::-1] + b[:],
}


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("f", SHARING.values(), ids=SHARING)
def test_a_gradient_shares_memory_with_nothing(f, create_graph):
    a, b = leaf(np.ones(4)), leaf(np.ones(4))
    y, other = f(a, b), f(a, b)
    seed = Tensor(np.ones(y.shape))
    y.backward(seed, create_graph=create_graph)
    firsts = a.grad, b.grad
    other.backward(seed, create_graph=create_graph)  # accumulated: new memory as well
    gradients = [g.value for g in (a.grad, b.grad, *firsts)]
    for p, q in itertools.combinations([*gradients, a.value, b.value, y.value, other.value, seed.value], 2):
        assert not (np.shares_memory(p, q) and any(p is g for g in gradients))


def test_a_leaf_handed_its_seed_keeps_a_copy():
    for create_graph in (False, True):
        x, seed = leaf([1.0, 2.0]), Tensor([1.0, 1.0])
        x.backward(seed, create_graph=create_graph)
        assert not np.shares_memory(x.grad.value, seed.value)


def test_two_scalar_leaves_do_not_share_a_scalar_seed():
    a, b, seed = leaf(1.0), leaf(2.0), np.array(3.0)
    (a + b).backward(seed)
    a.grad.data = 5.0
    seed[...] = 7.0
    assert (a.grad.item(), b.grad.item()) == (5, 3)


def test_backprop_touches_no_grad():
    x, w = leaf(2.0), leaf(3.0)
    y = x * w
    (gx, gw, gy) = backprop(y, [x, w, y])
    assert (gx.item(), gw.item(), gy.item()) == (3, 2, 1)
    assert (x.grad, w.grad) == (None, None)


def test_backprop_towards_what_is_not_reached_gives_zeros():
    x, other = leaf([1.0, 2.0]), leaf([[1.0]])
    (g,) = backprop(x.sum(), other)
    assert g.value.tolist() == [[0.0]]


def test_backprop_with_several_outputs_adds_their_gradients():
    x = leaf([1.0, 2.0])
    (g,) = backprop([x * 2, x.sum(), x * x], x, [np.ones(2), None, np.array([1.0, 0.0])])
    assert g.value.tolist() == [2 + 1 + 2, 2 + 1]


def test_an_intermediate_result_can_be_asked_for():
    x = leaf(3.0)
    y = x * x
    assert [g.item() for g in backprop(y**2, [y, x])] == [18, 108]


# --- errors of the pass ----------------------------------------------------------------------------------------------

REFUSED = {
    "vector without a seed": (lambda x: (x * 2).backward(), ValueError, r"reduce it to one number.*\(2,\)"),
    "nothing requires grad": (lambda x: Tensor([1.0]).sum().backward(), RuntimeError, "does not require grad"),
    "recorded nothing": (lambda x: no_grad()(lambda: x.sum())().backward(), RuntimeError, "no_grad"),
    "detached": (lambda x: x.detach().sum().backward(), RuntimeError, "detached"),
    "seed of another shape": (lambda x: (x * 2).backward(np.ones(3)), ValueError, r"shape \(3,\).*shape \(2,\)"),
    "scalar seed for a vector": (lambda x: (x * 2).backward(1.0), ValueError, r"shape \(\).*shape \(2,\)"),
    "backprop towards a constant": (lambda x: backprop(x.sum(), Tensor(1.0)), ValueError, "requires_grad=True"),
    "integers require no grad": (lambda x: Tensor([1, 2], requires_grad=True), TypeError, "floating-point.*int64"),
    "nor do truth values": (lambda x: Tensor(True).requires_grad_(), TypeError, "floating-point.*bool"),
    "nor does a result": (lambda x: (x * 2).requires_grad_(False), ValueError, "not a leaf.*detach"),
    "list of tensors": (lambda x: Tensor([x[0], x[1]]), TypeError, r"np\.stack"),
    "ragged list": (lambda x: Tensor(np.array([[1], [1, 2]], object)), TypeError, "numbers"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_errors_say_what_is_wrong(call, error, message):
    x = leaf([1.0, 2.0], name="x")
    with pytest.raises(error, match=message):
        call(x)
    assert x.grad is None


@pytest.mark.parametrize(
    "first", [lambda y, x: y.backward(), lambda y, x: backprop(y, x)], ids=["backward", "backprop"]
)
def test_a_second_pass_through_a_freed_graph(first):
    x = leaf(2.0)
    y = x * x
    first(y, x)
    x.grad = None
    with pytest.raises(RuntimeError, match=r"second time.*retain_graph=True"):
        y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        (y + 1).backward()  # from a new result, through the freed part
    assert x.grad is None


def test_retain_graph_and_create_graph_keep_the_graph():
    x = leaf(2.0)
    y = x**3
    y.backward(retain_graph=True)
    y.backward(create_graph=True)
    assert x.grad.item() == 24
    assert x.grad.requires_grad
    (second,) = backprop(x.grad, x)  # of the 12 accumulated as a constant and the 12 that are a graph
    assert second.item() == 12
    x.grad = None  # breaks the cycle from x over its gradient's graph back to x


def test_an_exception_in_a_rule_changes_no_gradient(scratch_row):
    def raises(g):
        raise ZeroDivisionError("from inside the rule")

    broken = scratch_row(lambda a: a * 1, name="broken", a=raises)
    x, z = leaf([1.0]), leaf([2.0])
    x.sum().backward()
    before = x.grad
    y = (z * x + broken(x)).sum()
    with pytest.raises(ZeroDivisionError):
        y.backward()
    assert (x.grad is before, z.grad) == (True, None)
    assert (z * x).requires_grad, "recording was left switched off"


# --- writes ----------------------------------------------------------------------------------------------------------

READERS = {  # f(x, other): whether its backward pass reads the numbers of x
    "add": (lambda x, o: x + o, False),
    "subtract": (lambda x, o: o - x, False),
    "multiply": (lambda x, o: x * o, True),
    "numerator": (lambda x, o: x / o, False),
    "denominator": (lambda x, o: o / x, True),
    "exp reads its result alone": (lambda x, o: np.exp(x), False),
    "sin": (lambda x, o: np.sin(x), True),
    "matmul": (lambda x, o: x @ o, True),
    "negative": (lambda x, o: -x, False),
    "stack": (lambda x, o: np.stack([x, o]), False),
    "a constant factor": (lambda x, o: o * Tensor(x.value.copy()), None),
}


@pytest.mark.parametrize(("f", "reads"), READERS.values(), ids=READERS)
def test_a_write_after_use_is_refused_where_the_numbers_are_read(f, reads):
    x, other = leaf([1.0, 2.0], name="x"), leaf([3.0, 4.0])
    y = f(x, other)
    x.data = [5.0, 6.0]
    if reads:
        with pytest.raises(RuntimeError, match=r"'x'.*was written to after"):
            y.backward(np.ones(y.shape))
        assert (x.grad, other.grad) == (None, None)
    else:
        y.backward(np.ones(y.shape))
    f(x, other).sum().backward()  # computed anew: nothing to refuse


def test_a_constant_that_was_written_to_is_refused_too():
    x, constant = leaf([1.0]), Tensor([3.0], name="c")
    y = x * constant
    constant.data = [4.0]
    with pytest.raises(RuntimeError, match=r"'c'.*multiply"):
        y.backward()


def right_or_refused(y, leaves, expected, write):
    """After the write a pass gives the gradients of the old numbers or refuses; a wrong one is never given."""
    write()
    got, refusal = [], "was written to"
    try:
        got = backprop(y, leaves, np.ones(y.shape))
    except RuntimeError as error:
        refusal = str(error)
    assert "was written to" in refusal
    for g, e in zip(got, expected if got else [], strict=True):
        np.testing.assert_array_equal(g.value, e.value)


def write(tensor):
    tensor.data = np.asarray(tensor.value) * 0.5 + 0.1


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
@pytest.mark.parametrize("target", ["input", "output"])
def test_no_row_gives_a_gradient_of_numbers_that_changed(op, target):
    for inputs, params in cases(op):
        leaves = [x for x in inputs if isinstance(x, Tensor)]
        for i in range(len(leaves) if target == "input" else 1):
            fresh = [leaf(x.value) if isinstance(x, Tensor) else x for x in inputs]
            new = [x for x in fresh if isinstance(x, Tensor)]
            y = op(*fresh, **params)
            expected = backprop(y, new, np.ones(y.shape), retain_graph=True)
            if target == "output" and any(np.shares_memory(y.value, x.value) for x in new):
                continue  # a view: see test_a_write_through_a_view
            if target == "output" and not np.asarray(y.value).flags.writeable:
                continue  # nobody can write to it
            right_or_refused(y, new, expected, lambda y=y, new=new, i=i: write(new[i] if target == "input" else y))


@pytest.mark.parametrize(
    "view",
    [lambda x: x.detach(), lambda x: x[:1], lambda x: x.reshape(2, 1), lambda x: x.T],
    ids=["detach", "slice", "reshape", "T"],
)
def test_a_write_through_a_view(view):
    x = leaf([1.0, 2.0])
    y = x * x
    expected = backprop(y, x, np.ones(2), retain_graph=True)
    right_or_refused(y, [x], expected, lambda: write(view(x)))


BAD_WRITES = {
    "shape": ([1.0, 2.0], [1.0, 2.0, 3.0], ValueError, r"\(2,\).*\(3,\)"),
    "no broadcasting": ([1.0, 2.0], 1.0, ValueError, r"\(2,\).*\(\)"),
    "float into int": ([1, 2], [1.5, 2.0], TypeError, "int64.*float64"),
    "float into a 0-d int": (3, 1.5, TypeError, "int64.*float64"),
}


@pytest.mark.parametrize(("old", "new", "error", "message"), BAD_WRITES.values(), ids=BAD_WRITES)
def test_writes_that_do_not_fit(old, new, error, message):
    t = Tensor(old)
    with pytest.raises(error, match=message):
        t.data = new
    assert t.value.tolist() == old


@pytest.mark.parametrize("data", [3.0, [1.0, 2.0]], ids=["scalar", "array"])
def test_a_write_copies_and_keeps_the_dtype(data):
    t = Tensor(np.array(data, np.float32))
    new = np.asarray(data, float) + 1
    t.data = new
    new *= 0
    assert t.dtype == np.float32
    np.testing.assert_array_equal(t.value, np.add(data, 1))


# --- precision -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.name != "cast"], ids=lambda op: op.name)
def test_float32_stays_float32(op):
    """Output and gradient, and inside the rule as well: the loop would hide a NumPy scalar that doubles the rule's cost."""
    for inputs, params in cases(op, np.float32):
        leaves = [x for x in inputs if isinstance(x, Tensor)]
        y = op(*inputs, **params)
        assert y.dtype == np.float32
        for create_graph in (False, True):
            for g, x in zip(
                backprop(y, leaves, np.ones(y.shape), create_graph=create_graph, retain_graph=True), leaves, strict=True
            ):
                assert (g.dtype, g.shape) == (np.float32, x.shape)
        symbols = [Symbol(f"x{i}", x.value if isinstance(x, Tensor) else x) for i, x in enumerate(inputs)]
        ruled = {i for i, _, _ in op.edges_of(len(inputs))}
        for i, x in enumerate(inputs):
            if isinstance(x, Tensor) and i in ruled:
                dtype = np.asarray(edge(op, i, symbols, op.bind(params)).value).dtype  # before the loop casts it
                assert dtype == np.float32 or dtype.kind == "i", (
                    f"the rule towards input {i} widens to {dtype}"
                )  # a bare 0 widens nothing


WITH_SCALARS = {
    "add": lambda x, c: x + c,
    "radd": lambda x, c: c + x,
    "sub": lambda x, c: x - c,
    "rsub": lambda x, c: c - x,
    "mul": lambda x, c: x * c,
    "rmul": lambda x, c: c * x,
    "div": lambda x, c: x / c,
    "rdiv": lambda x, c: c / x,
    "pow": lambda x, c: x**c,
    "rpow": lambda x, c: c**x,
    "maximum": lambda x, c: np.maximum(x, c),
    "rminimum": lambda x, c: np.minimum(c, x),
    "where": lambda x, c: np.where(x > c, x, c),
    "rwhere": lambda x, c: np.where(x > c, c, x),
    "clip": lambda x, c: x.clip(0.1, c),
    "mean": lambda x, c: x.mean() * c,
    "relu": lambda x, c: (x - c).relu(),
}


@pytest.mark.parametrize("c", [2, 2.0, 0.3], ids=str)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
@pytest.mark.parametrize("f", WITH_SCALARS.values(), ids=WITH_SCALARS)
def test_python_scalars_never_widen(f, shape, c):
    x = leaf(np.full(shape, 0.7), np.float32)
    y = f(x, c)
    assert y.dtype == np.float32
    (g,) = backprop(y, x, np.ones(y.shape), create_graph=True)
    assert g.dtype == np.float32


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(1.0, "float64"), ([1, 2], "int64"), (True, "bool"), (np.float32(1), "float32"), (np.zeros(2, "f2"), "float16")],
)
def test_a_tensor_keeps_the_dtype_it_is_given(data, dtype):
    assert Tensor(data).dtype == dtype


def test_a_tensor_copies_what_it_is_given():
    array = np.ones(3)
    t, again = Tensor(array), Tensor(source := Tensor(array))
    array[:] = 5
    assert t.value.tolist() == again.value.tolist() == [1, 1, 1]
    assert not np.shares_memory(again.value, source.value)


# --- recording or not ------------------------------------------------------------------------------------------------


def test_no_grad_as_a_context_nested_and_after_an_exception():
    x = leaf(1.0)
    with no_grad():
        assert not (x * 2).requires_grad
        assert (x * 2).is_leaf
        with set_grad_enabled(True):
            assert (x * 2).requires_grad
        with pytest.raises(KeyError), no_grad():
            raise KeyError
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_as_a_decorator_even_of_a_recursive_function():
    x = leaf(1.0)

    @no_grad()
    def compute(depth):
        inner = compute(depth - 1) if depth else x * 2
        return inner, (x * 2).requires_grad

    assert compute(3)[1] is False
    assert (x * 2).requires_grad
    assert compute.__name__ == "compute"


def test_one_context_object_entered_twice():
    off = no_grad()
    with off, off:
        pass
    assert (leaf(1.0) * 2).requires_grad


def in_threads(count, work):
    """Run work(0), …, work(count − 1) at once; give their results, or raise what one of them raised."""
    results = [None] * count

    def run(i):
        try:
            results[i] = work(i)
        except BaseException as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def test_no_grad_is_per_thread():
    x = leaf(1.0)
    with no_grad():
        assert in_threads(2, lambda i: (x * 2).requires_grad) == [True, True]
    inside, outside = threading.Barrier(2), []

    def work(i):
        with set_grad_enabled(i == 0):
            inside.wait()  # both threads are inside their own context now
            outside.append((i, (x * 2).requires_grad))
            inside.wait()

    in_threads(2, work)
    assert sorted(outside) == [(0, True), (1, False)]


class Notes(Observer):
    """Writes down what it is told, by name, and refuses every look at a number as a recording does."""

    follows = True

    def __init__(self):
        self.told = []

    def row(self, out, op, inputs, params):
        self.told.append(op.name)

    def cut(self, how, tensor=None, out=None):
        raise AssertionError(how)


def test_an_observer_is_told_of_its_own_thread():
    def work(_=0):
        w = Tensor([2.0, 3.0], requires_grad=True)
        loss = (w * w).sum()
        loss.backward()
        return loss.item(), w.grad.numpy().tolist()

    with observing(Notes()) as notes:
        assert in_threads(1, work) == [(13.0, [4.0, 6.0])]
        assert not notes.told
        with pytest.raises(AssertionError, match=r"item\(\)"):
            work()
    assert notes.told[:2] == ["multiply", "sum"]
    assert len(notes.told) > 2  # what rules compute, too
    assert work() == (13.0, [4.0, 6.0])


def test_threads_add_into_one_shared_leaf():
    w = leaf(np.ones(50))
    rounds = 250

    def work(i):
        for k in range(rounds):
            (w * float(i * rounds + k)).sum().backward()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(
        1e-6
    )  # change threads as often as can be, or an unguarded addition would hardly ever be caught
    try:
        in_threads(8, work)
    finally:
        sys.setswitchinterval(interval)
    assert w.grad.value.tolist() == [sum(range(8 * rounds))] * 50


def test_detach_cuts_the_graph_and_shares_the_memory():
    x = leaf([1.0, 2.0])
    d = (x * 2).detach()
    assert (d.requires_grad, d.is_leaf) == (False, True)
    (x * d).sum().backward()
    assert x.grad.value.tolist() == [2, 4]
    assert np.shares_memory(x.detach().value, x.value)


def test_a_mask_or_a_count_is_a_constant():
    x = leaf([1.0, -2.0])
    assert not (x > 0).requires_grad
    assert not np.argmax(x).requires_grad
    assert not x.astype(int).requires_grad
    assert x.astype(np.float32).requires_grad
    (x * (x > 0)).sum().backward()
    assert x.grad.value.tolist() == [1, 0]


# --- what a Tensor is to Python --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copied", [lambda t: pickle.loads(pickle.dumps(t)), copy.deepcopy, copy.copy], ids=["pickle", "deepcopy", "copy"]
)
def test_copies_carry_values_not_graphs(copied):
    x = leaf([1.0, 2.0], name="x")
    x.register_hook(print)
    y = x * 2
    x2 = copied(x)
    with pytest.warns(GraphCut, match="copying or pickling a result"):
        y2 = copied(y)
    assert not hasattr(x2, "hooks")
    assert (x2.value.tolist(), x2.requires_grad, x2.name) == ([1, 2], True, "x")
    assert (y2.value.tolist(), y2.requires_grad, y2.is_leaf) == ([2, 4], False, True)
    assert not np.shares_memory(x2.value, x.value)
    (x2 * 2).sum().backward()
    assert x.grad is None
    with pytest.warns(GraphCut):
        assert len(pickle.dumps(y)) < len(pickle.dumps(x)) + 100, "the graph went along"


def test_hash_by_identity_and_equality_by_element():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert (a == b).value.tolist() == [True, False]
    assert (a != b).value.tolist() == [False, True]
    assert len({a, b, a}) == 2
    assert {a: 1}[a] == 1
    assert Tensor(1.0) not in {Tensor(1.0): 0}


@pytest.mark.parametrize("other", [None, "text"], ids=repr)
@pytest.mark.parametrize("data", [1.0, [1.0, 2.0]], ids=["scalar", "array"])
def test_equality_with_what_is_no_number_is_false_for_each_element(data, other):
    same = Tensor(data) == other
    assert np.array_equal(np.asarray(getattr(same, "value", same)), np.zeros(np.shape(data), bool))
    if isinstance(same, Tensor):
        assert (same.shape, same.dtype) == (np.shape(data), bool)


def test_truth():
    assert bool(Tensor(2.0))
    assert not Tensor([[0]])
    assert not (Tensor(1.0) > 2)
    with pytest.raises(ValueError, match=r"2 elements.*any\(\)"):
        bool(Tensor([1, 2]))


def test_length_and_iteration():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    assert (len(x), second.value.tolist()) == (2, [3, 4])
    first.sum().backward()
    assert x.grad.value.tolist() == [[1, 1], [0, 0]]
    with pytest.raises(TypeError):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="scalar"):
        iter(Tensor(1.0))


def test_item_and_int():
    assert type(Tensor([[2.5]]).item()) is float
    assert type(Tensor(2).item()) is int
    assert (int(Tensor(2.9)), float(Tensor([1.5]))) == (2, 1.5)
    for data in ([1.0, 2.0], []):
        with pytest.raises(ValueError, match=rf"item\(\).*{len(data)}.*index"):
            Tensor(data).item()
    with pytest.raises(ValueError, match="index"):
        float(Tensor([1.0, 2.0]))


LEAVING = {
    "float(t)": (float, True),
    "int(t)": (int, True),
    "Tensor(t)": (Tensor, True),
    "np.asarray(t)": (np.asarray, True),
    "np.array(t)": (np.array, True),
    "np.array([t])": (lambda t: np.array([t]), True),
    "np.unique(t)": (np.unique, True),
    "np.compress(t, x)": (lambda t: np.compress(t, Tensor([1.0, 2.0])), True),
    "leaky_relu(x, slope=t)": (lambda t: ops.leaky_relu(Tensor(1.0), slope=t), True),
    "t.item()": (lambda t: t.item(), False),
    "t.numpy()": (lambda t: t.numpy(), False),
    "t.detach()": (lambda t: t.detach(), False),
    "t.data": (lambda t: t.data, False),
    "repr(t)": (repr, False),
}


@pytest.mark.parametrize(("leave", "warned"), LEAVING.values(), ids=LEAVING)
def test_leaving_the_graph_is_said(leave, warned):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leave(Tensor(2.0))
        leave(Tensor(2.0, requires_grad=True).detach())
        assert caught == []
        leave(Tensor(2.0, requires_grad=True, name="w"))
    assert {w.category for w in caught} == ({GraphCut} if warned else set())
    if warned:
        assert "'w'" in str(caught[0].message)
        assert caught[0].filename == __file__, "the warning must point at the user's line"


def test_arrays_that_leave_are_safe():
    t = Tensor([1.0, 2.0])
    own = t.numpy()
    own[0] = 9
    assert t.value.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(t)[0] = 9
    assert np.asarray(t, np.float32).dtype == np.float32
    copied = np.array(t)
    copied[0] = 9  # a copy may be written to
    assert t.value.tolist() == [1, 2]


REPRS = [
    (lambda: Tensor(1.0), "Tensor(1.)"),
    (lambda: Tensor([1, 2]), "Tensor([1, 2])"),
    (lambda: Tensor(np.float32(1)), "Tensor(1., dtype=float32)"),
    (lambda: leaf([1.5], name="w"), "Tensor([1.5], requires_grad=True, name='w')"),
    (lambda: leaf(2.0) * 3, "Tensor(6., op=multiply)"),
    (lambda: Tensor(np.zeros((2, 2))), "Tensor([[0., 0.],\n        [0., 0.]])"),
]


@pytest.mark.parametrize(("make", "text"), REPRS, ids=[t for _, t in REPRS])
def test_repr(make, text):
    assert repr(make()) == text


def test_repr_of_a_large_tensor_is_short():
    assert len(repr(Tensor(np.zeros((1000, 1000))))) < 1000


# --- indexing --------------------------------------------------------------------------------------------------------

X = np.arange(12.0).reshape(3, 4)
INDICES = {
    "number": 1,
    "negative": -1,
    "slice": slice(0, 2),
    "negative step": (slice(None, None, -2), slice(3, None, -1)),
    "ellipsis and None": (..., None, 2),
    "repeated": [0, 2, 0, 0],
    "array": np.array([[0, 1], [1, 2]]),
    "pairs": (np.array([0, 0, 2]), np.array([1, 1, 3])),
    "mask": X % 3 == 0,
    "mask of rows": np.array([True, False, True]),
    "number and array": (1, np.array([0, 0])),
    "nothing": slice(3, 3),
}


@pytest.mark.parametrize(
    "wrap", [lambda i: i, lambda i: Tensor(i) if isinstance(i, np.ndarray) else i], ids=["plain", "Tensor"]
)
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_indexing_sends_each_gradient_to_its_place(index, wrap):
    x = leaf(X)
    y = x[wrap(index)]
    np.testing.assert_array_equal(y.value, X[index])
    weights = np.arange(1.0, y.size + 1).reshape(y.shape)
    (y * weights).sum().backward()
    expected = np.zeros(X.shape)
    places = np.arange(X.size).reshape(X.shape)[index]  # an oracle of its own: where did each element come from?
    for place, weight in zip(np.ravel(places), np.ravel(weights), strict=True):
        expected.flat[place] += weight
    np.testing.assert_array_equal(x.grad.value, expected)


CHANGED = {
    "array": (lambda x, i: x[i], [0, 1]),
    "in a tuple": (lambda x, i: x[i, 0], [0, 1]),
    "mask": (lambda x, i: x[i], [True, False, True]),
    "Tensor": (lambda x, i: x[Tensor(i)], [0, 1]),
    "ops.getitem": (lambda x, i: ops.getitem(x, index=i), [0, 1]),
    "targets": (lambda x, i: ops.cross_entropy(x, i), [0, 1, 0]),
}


@pytest.mark.parametrize(("f", "index"), CHANGED.values(), ids=CHANGED)
def test_changing_an_index_array_after_its_use_changes_no_gradient(f, index):
    index, grads = np.array(index), []
    for change in (False, True):
        x = leaf(X)
        y = f(x, index)
        if change:
            index[...] = np.roll(index, 1)
        y.backward(np.arange(1.0, y.size + 1).reshape(y.shape))  # weights: a mere permutation must show
        grads.append(x.grad.value)
    np.testing.assert_array_equal(*grads)


def test_changing_an_index_list_after_its_use_changes_no_gradient():
    x, index = leaf([1.0, 2.0, 3.0]), [0, 0]
    y = x[index]
    index[:] = [2, 2]
    y.sum().backward()
    assert x.grad.value.tolist() == [2, 0, 0]


# --- kinks, ties and constants ---------------------------------------------------------------------------------------

KINKS = {
    "|x|": (np.abs, [-2, 0, 3], [-1, 0, 1]),
    "relu": (lambda x: x.relu(), [-1, 0, 2], [0, 0, 1]),
    "clip": (lambda x: x.clip(-1, 1), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
    "clip from below": (lambda x: x.clip(min=0), [-1, 0, 1], [0, 1, 1]),
    "clip from above": (lambda x: x.clip(max=0), [-1, 0, 1], [1, 1, 0]),
    "maximum": (lambda x: np.maximum(x, [1.0, 1.0, 1.0]), [0, 1, 2], [0, 0.5, 1]),
    "minimum": (lambda x: np.minimum(x, [1.0, 1.0, 1.0]), [0, 1, 2], [1, 0.5, 0]),
    "maximum of itself": (lambda x: np.maximum(x, x), [2], [1]),
    "max": (np.max, [3, 1, 3, 3, 0], [1 / 3, 0, 1 / 3, 1 / 3, 0]),
    "min": (np.min, [0, 1, 0], [0.5, 0, 0.5]),
    "max by rows": (lambda x: x.max(axis=1), [[1, 1], [2, 3]], [[0.5, 0.5], [0, 1]]),
    "min kept": (lambda x: x.min(axis=0, keepdims=True), [[1, 4], [1, 3]], [[0.5, 0], [0.5, 1]]),
    "std of constants": (np.std, [2, 2, 2], [0, 0, 0]),
    "std of constants that do not add up exactly": (np.std, [0.1, 0.1, 0.1], [0, 0, 0]),
    "std of one": (np.std, [5], [0]),
    "x**0": (lambda x: x**0, [-1, 0, 2], [0, 0, 0]),
    "x**1": (lambda x: x**1, [-1, 0, 2], [1, 1, 1]),
    "x**2": (lambda x: x**2, [-1, 0, 2], [-2, 0, 4]),
    "x**array": (lambda x: x ** np.array([0, 1, 2]), [0, 0, 0], [0, 1, 0]),
    "0**x": (lambda x: 0.0**x, [1, 2, 3], [0, 0, 0]),
    "sign": (np.sign, [-1, 0, 1], [0, 0, 0]),
    "floor": (np.floor, [-1, 0, 1.5], [0, 0, 0]),
    "sum of none": (lambda x: x[:0], [1, 2], [0, 0]),
}


@pytest.mark.parametrize(("f", "x", "slope"), KINKS.values(), ids=KINKS)
@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
def test_kinks(f, x, slope, create_graph):
    x = leaf(x)
    (got,) = backprop(f(x).sum(), x, create_graph=create_graph)
    np.testing.assert_allclose(got.value, slope, rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_where_leaks_nothing_from_the_side_not_chosen(bad):
    a, b = leaf([1.0, bad]), leaf([bad, 2.0])
    y = np.where(np.array([True, False]), a, b)
    y.backward(np.array([3.0, 5.0]))
    assert (a.grad.value.tolist(), b.grad.value.tolist()) == ([3, 0], [0, 5])
    with np.errstate(all="ignore"):  # what arrives where nothing was chosen stays where it is, even if it is not finite
        c = leaf([2.0, 2.0])
        np.where(np.array([True, False]), c, 0.0).backward(np.array([1.0, bad]))
    assert c.grad.value.tolist() == [1, 0]


def test_a_class_that_is_ruled_out_costs_nothing():
    logits = leaf([[0.0, -np.inf, 0.0]])
    loss = ops.cross_entropy(logits, np.array([2]))
    loss.sum().backward()
    np.testing.assert_allclose(loss.value, [np.log(2)])
    np.testing.assert_allclose(logits.grad.value, [[0.5, 0, -0.5]])


def test_where_with_a_safe_argument():
    (g,) = gradient(lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0), [0.0, -3.0, 2.0])
    assert g.tolist() == [0, 0, 0.5]


IN_PLACE = {
    "-=": lambda t: t.__isub__(0.5),
    "+=": lambda t: t.__iadd__(0.5),
    "*=": lambda t: t.__imul__(0.5),
    "/=": lambda t: t.__itruediv__(0.5),
}


@pytest.mark.parametrize("sign", IN_PLACE)
def test_in_place_on_a_trained_leaf_changes_its_memory_under_no_grad_and_is_refused_elsewhere(sign):
    w = Tensor([1.0, 2.0], requires_grad=True)
    memory = w.value
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad\(\)"):
        IN_PLACE[sign](w)
    with no_grad():
        assert IN_PLACE[sign](w) is w
    assert w.value is memory
    assert w.requires_grad
    assert w.value[0] == {"-=": 0.5, "+=": 1.5, "*=": 0.5, "/=": 2.0}[sign]
    y = w * 1.0
    y -= 0.5  # of a result: a new node
    y.sum().backward()
    np.testing.assert_array_equal(w.grad.value, [1, 1])


def test_small_habits():
    t = Tensor(2.5, requires_grad=True)
    assert f"{t:.2f}" == "2.50"
    with pytest.warns(GraphCut, match="an index or a parameter"):
        ops.leaky_relu(Tensor([1.0], requires_grad=True), slope=t)
