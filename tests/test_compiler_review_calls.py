"""What compile(f) may be called with, what f may do to gradients and arguments, and what comes back: as without compile, or refused
with a warning, and never other numbers without a word."""

import collections
import sys
import threading
import types
import warnings
from functools import partial

import numpy as np
import pytest
from compiled_twins import plain

from autograd_core import Tensor, backprop, compile, grad, is_grad_enabled, nn, no_grad, optim
from autograd_core.compiler import Program
from autograd_core.compiler.program import compile_text

X = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
as_it_is = pytest.mark.filterwarnings("ignore:.*cannot be compiled and runs as it is")


def both(scenario):
    """scenario(through) gives what is left behind; compiled and eager agree to the bit."""
    np.testing.assert_equal(plain(scenario(compile)), plain(scenario(lambda f: f)))


# --- gradients, and who clears or changes them ---------------------------------------------------------------------------


def loss(w, b, x):
    return ((w * x - b) ** 2).sum()


def zeroed_last(w, b, o, x):
    loss(w, b, x).backward()
    o.step()
    o.zero_grad()


def clipped_by_norm(w, b, o, x):
    o.zero_grad()
    loss(w, b, x).backward()
    optim.clip_grad_norm_([w, b], 0.05)
    o.step()


def clipped_by_value(w, b, o, x):
    o.zero_grad()
    loss(w, b, x).backward()
    optim.clip_grad_value_([w, b], 0.01)
    o.step()


def clipped_for_somebody_else(w, b, o, x):
    o.zero_grad()
    (w * b * x).sum().backward()
    optim.clip_grad_norm_([w, b], 1.0)  # which the first batch, all zeros, does not need


def halved_as_arrays(w, b, o, x):
    o.zero_grad()
    loss(w, b, x).backward()
    for p in (w, b):
        p.grad = p.grad.value * 0.5
    o.step()


def halved_as_tensors(w, b, o, x):
    o.zero_grad()
    loss(w, b, x).backward()
    for p in (w, b):
        p.grad = p.grad * 0.5
    o.step()


def set_without_a_pass(w, b, o, x):
    w.grad = x * 2
    o.step()


def left_without_a_step(w, b, o, x):
    w.grad = x * 2


def one_of_two_parameters(w, b, o, x):
    o.zero_grad()
    (w * x).sum().backward()
    o.step()


def only_forgotten(w, b, o, x):
    w.grad = b.grad = None
    (w * x).sum().backward()


def returned(w, b, o, x):
    o.zero_grad()
    loss(w, b, x).backward()
    return w.grad


def used_from_before(w, b, o, x):
    if w.grad is not None:
        w.data = w - 0.1 * w.grad
    w.grad = None
    loss(w, b, x).backward()


GRADIENTS = [zeroed_last, clipped_by_norm, clipped_by_value, clipped_for_somebody_else, halved_as_arrays, halved_as_tensors,
             set_without_a_pass, left_without_a_step, one_of_two_parameters, only_forgotten, returned, used_from_before]  # fmt: skip


@as_it_is
@pytest.mark.parametrize("between", [False, True], ids=["", "with other passes in between"])
@pytest.mark.parametrize("body", GRADIENTS, ids=lambda f: f.__name__)
def test_gradients_are_those_of_eager_code(body, between):
    def scenario(through):
        w, b = Tensor(np.array([1.0, 2.0]), requires_grad=True), Tensor(np.array([0.5, 0.0]), requires_grad=True)
        o, left = optim.SGD([w, b], lr=0.1, momentum=0.9), []
        step = through(lambda x: body(w, b, o, x))
        for k in range(5):
            if between and k % 2:
                (w * b).sum().backward()
            left.append((step(Tensor(np.full(2, float(k)))), w.value.copy(), b.value.copy(), w.grad, b.grad))
        return plain(left)

    both(scenario)


FROM_OUTSIDE = {
    "an update alone": lambda w, x: setattr(w, "data", w - 0.1 * w.grad),
    "its gradient as the result": lambda w, x: w.grad * x,
    "a step alone": lambda w, x: optim.SGD([w], lr=0.1).step(),
}


@as_it_is
@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_gradients_of_a_pass_outside_are_read_anew(name):
    def scenario(through):
        w, left = Tensor(np.array([1.0, 2.0]), requires_grad=True), []
        step = through(lambda x: FROM_OUTSIDE[name](w, x))
        for k in range(4):
            w.grad = None
            (w * w * (k + 1.0)).sum().backward()
            left.append((step(Tensor(np.ones(2))), w.value.copy()))
        return left

    both(scenario)


# --- a function like any other, where a graph goes on --------------------------------------------------------------------


def test_inside_of_grad_it_is_a_function_like_any_other():
    cube = compile(lambda x: (x**3).sum())
    np.testing.assert_array_equal(grad(cube)(Tensor(np.arange(3.0))).value, [0, 3, 12])
    assert not cube.programs


def test_a_compiled_function_inside_of_another():
    inner = compile(lambda x: x**2)

    def scenario(through):
        outer = through(lambda x: inner(x) * 3 + x)
        return [outer(Tensor(np.full(2, float(k)))) for k in range(3)]

    both(scenario)


def test_a_compiled_function_that_calls_itself():
    @compile
    def f(x, deep):
        return x if deep is None else f(x, None) * 2

    for k in (1.0, 3.0):
        np.testing.assert_array_equal(f(np.full(2, k), True).value, [2 * k, 2 * k])


@pytest.mark.parametrize("role", ["teacher", "head", "model", "loss"])
def test_a_compiled_part_of_what_a_trainer_trains(role):
    def scenario(through):
        lower, part = nn.Linear(3, 3, rng=0), nn.Linear(3, 2, rng=5)
        compiled = through(part)

        class Net(nn.Module):
            def __init__(self):
                self.lower, self.upper = lower, nn.Linear(3, 2, rng=1)

            def forward(self, x):
                if role == "teacher":
                    return self.upper(self.lower(x)) + 0.5 * compiled(x).detach()
                return compiled(self.lower(x)) if role == "head" else self.upper(self.lower(x))

        model = compiled if role == "model" else Net()
        measure = through(nn.MSELoss()) if role == "loss" else nn.MSELoss()
        trained = [*part.parameters()] if role == "model" else [*model.parameters()]
        trainer = optim.Trainer(
            model, measure, optim.SGD(trained, lr=0.1), compile="auto" if role == "teacher" else False
        )
        if through is compile and role == "model":  # no Tensor that requires grad leads into it: there is no graph
            with pytest.raises(RuntimeError, match="compiled function, which keeps no graph"):
                trainer.fit((X, X[:, :2]), epochs=1, batch_size=4, seed=1, progress=False)
            return None
        trainer.fit((X, X[:, :2]), epochs=2, batch_size=4, seed=1, progress=False)
        return None if role == "model" else [p.value for p in trained]

    both(scenario)


def graphless(x):
    return compile(lambda x: (x * W).sum())(x)


W = Tensor(np.array([1.0, 2.0]), requires_grad=True)
THROUGH = {
    "backward": lambda: graphless(np.ones(2)).backward(),
    "backward from what is made of it": lambda: (graphless(np.ones(2)) * 2 + W.sum()).backward(),
    "backprop beside another path": lambda: backprop(graphless(np.ones(2)) * W.sum(), W),
    "a pass with a graph": lambda: backprop(graphless(np.ones(2)), W, create_graph=True),
}


@pytest.mark.parametrize("name", THROUGH)
def test_a_result_without_its_graph_says_so(name):
    with pytest.raises(RuntimeError, match="a compiled function, which keeps no graph: take the gradients inside"):
        THROUGH[name]()
    assert W.grad is None


def test_whether_results_require_grad():
    model, w = nn.Linear(3, 2, rng=0), Tensor(np.ones(2), requires_grad=True)
    predict = compile(model)
    assert predict(X).requires_grad
    with no_grad():
        assert not predict(X).requires_grad
    for f in (lambda x: grad(lambda z: (z * w).sum())(x), lambda x: grad(lambda z: (z * z).sum())(x), lambda x: x + 1):
        assert compile(f)(np.ones(2)).requires_grad == f(Tensor(np.ones(2))).requires_grad
    assert compile(lambda x: (x * 2, w))(np.ones(2))[1] is w


def test_no_grad_is_part_of_the_key():
    f = compile(lambda x: x * (1.0 if is_grad_enabled() else 2.0))
    assert f(np.ones(1)).item() == 1
    with no_grad():
        assert f(np.ones(1)).item() == 2


def test_no_grad_around_a_pass():
    w = Tensor(np.ones(2), requires_grad=True)
    with no_grad(), pytest.raises(RuntimeError, match="does not require grad"):
        compile(lambda x: (x * w).sum().backward())(np.ones(2))


# --- threads -------------------------------------------------------------------------------------------------------------


def together(work, count=4, often=5e-3):
    threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(often)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)


def test_threads_share_one_program():
    model, wrong = nn.MLP([64, 128, 128, 10], rng=0).eval(), []
    predict = model.compile()
    xs = [np.random.default_rng(k).normal(size=(64, 64)).astype(np.float32) for k in range(4)]
    expected = [model(Tensor(x)).value for x in xs]

    def work(k):
        wrong.extend(k for _ in range(40) if not np.array_equal(predict(xs[k]).value, expected[k]))

    together(work)
    assert not wrong


def test_threads_record_at_the_same_time():
    wrong = []

    def losses(k, through):
        model = nn.MLP([3, 4, 2], dropout=0.5, rng=k)
        step = through(partial_step(model, optim.SGD(model.parameters(), lr=0.1)))
        return [step(Tensor(X)).item() for _ in range(3)]

    expected = [losses(k, lambda f: f) for k in range(4)]

    def work(k):
        wrong.extend(k for _ in range(5) if losses(k, compile) != expected[k])

    together(work, often=1e-6)
    assert not wrong


def partial_step(model, o):
    def step(x):
        o.zero_grad()
        value = (model(x) ** 2).mean()
        value.backward()
        o.step()
        return value

    return step


# --- arguments -----------------------------------------------------------------------------------------------------------


class Doubles:
    __hash__ = None

    def __call__(self, x):
        return x * 2


class Scaled:
    k = 2.0

    @compile
    def times(self, x):
        return x * self.k


Pair = collections.namedtuple("Pair", "a b")
A, B = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
TAKEN = {  # what f is called with: (f, arguments, arguments by name)
    "a dict": (lambda ws: ws["a"] * ws["b"], [{"a": Tensor(A), "b": Tensor(A)}], {}),
    "a ragged list": (lambda ws: sum((w * w).sum() for w in ws), [[Tensor(A), Tensor(B)]], {}),
    "a named tuple": (lambda p: p.a.sum() * p.b, [Pair(Tensor(B), 3)], {}),
    "a nest in a nest": (lambda n: n["x"][0][1] * n["x"][1], [{"x": [(1, Tensor(A)), 2.0]}], {}),
    "a slice": (lambda x, s: x[s], [Tensor(B), slice(0, 2)], {}),
    "a whole number": (lambda x, n: sum(x * i for i in range(n)), [Tensor(A), 3], {}),
    "an axis by name": (lambda x, axis: x.sum(axis=axis), [Tensor(X)], {"axis": 1}),
    "a float beside float32": (lambda x, s: x * s, [Tensor(X), 0.5], {}),
    "a float by name": (lambda x, s=1.0: x * s, [Tensor(X)], {"s": 0.5}),
    "arrays by name": (lambda x, y: x - y, [], {"y": Tensor(A), "x": Tensor(A * 3)}),
    "a dtype": (lambda x, d: x.astype(d), [Tensor(A), np.dtype("float32")], {}),
    "a type": (lambda x, d: x.astype(d), [Tensor(A), np.float32], {}),
    "an unhashable callable": (lambda x, h: h(x), [Tensor(A), Doubles()], {}),
    "a ufunc": (lambda x, h: h(x), [Tensor(A), np.tanh], {}),
    "a method": (lambda x, h: h(x), [Tensor(X), nn.Linear(3, 2, rng=0).forward], {}),
    "a partial function": (lambda x, h: h(x), [Tensor(X), partial(np.sum, axis=0)], {}),
    "a module": (lambda m, x: m(x), [nn.Linear(3, 2, rng=0), Tensor(X)], {}),
    "strings and None": (lambda x, how, n: x.sum() if (how, n) == ("sum", None) else x, [Tensor(A), "sum", None], {}),
    "a method's self": (lambda s, x: s.times(x), [Scaled(), Tensor(A)], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_function_may_be_given(name):
    f, args, keywords = TAKEN[name]
    compiled = compile(f)
    for _ in range(2):
        got, expected = compiled(*args, **keywords), f(*args, **keywords)
        np.testing.assert_array_equal(got.value, expected.value)
        assert got.dtype == expected.dtype
    assert [type(p) for p in compiled.programs.values()] == [Program]


def test_a_generator_is_drawn_from():
    def scenario(through):
        f, rng = through(lambda x, rng: nn.functional.dropout(x, 0.5, rng=rng)), np.random.default_rng(0)
        return [f(Tensor(np.ones(8)), rng) for _ in range(3)]

    both(scenario)


DIFFERENT = {  # two arguments that compare as equal, or nearly, and make two programs
    "1 and True": (1, True),
    "1 and 1.0": (1, 1.0),
    "0.0 and -0.0": (0.0, -0.0),
    "another number": (0.1, 0.1 + 1e-16 * 2),
    "a list and a tuple": ([1], (1,)),
    "another key": ({"a": 1}, {"b": 1}),
    "two objects": (Doubles(), Doubles()),
    "two functions": (lambda x: x, lambda x: -x),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_makes_another_program(name):
    compiled = compile(lambda x, a: x * 2)
    for a in DIFFERENT[name] * 2:
        compiled(np.ones(2), a)
    assert len(compiled.programs) == 2


class Setting:
    k = 1.0


def given_a_module():
    m = nn.Dropout(0.5, rng=0)
    return (lambda m, x: m(x)), m, m.eval


def given_a_setting():
    m = nn.Sequential(nn.Dropout(0.5, rng=0))
    return (lambda m, x: m(x)), m, lambda: setattr(m[0], "p", 0.0)


def given_an_object():
    s = types.SimpleNamespace(k=1.0)
    return (lambda s, x: x * s.k), s, lambda: setattr(s, "k", 3.0)


def given_a_function_of_a_variable():
    k = 1.0

    def h(x):
        return x * k

    def change():
        nonlocal k
        k = 3.0

    return (lambda h, x: h(x)), h, change


@pytest.mark.parametrize("make", [given_a_module, given_a_setting, given_an_object, given_a_function_of_a_variable])
def test_what_is_given_is_watched(make):
    f, thing, change = make()
    compiled = compile(f)
    compiled(thing, np.ones((8, 8)))
    change()
    np.testing.assert_array_equal(compiled(thing, np.ones((8, 8))).value, f(thing, Tensor(np.ones((8, 8)))).value)


def test_a_lambda_made_at_every_call_is_one_function():
    compiled = compile(lambda x, h: h(x))
    for _ in range(20):
        compiled(np.ones(2), lambda y: y * 2)
    assert len(compiled.programs) == 1
    for k in (2.0, 3.0):
        np.testing.assert_array_equal(compiled(np.ones(2), lambda y, k=k: y * k).value, [k, k])


def test_programs_do_not_grow_without_limit():
    compiled = compile(lambda x, k: x * k)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for k in range(80):
            np.testing.assert_array_equal(compiled(np.ones(2), k / 7).value, [k / 7, k / 7])
    (message,) = [str(w.message) for w in told]
    assert "has 64 programs" in message
    assert "as an array" in message
    assert len(compiled.programs) == 64


# --- what is refused -----------------------------------------------------------------------------------------------------


def appends(x, log):
    log.append(x * 2)
    return x


def writes(x, _):
    x.data = x * 2
    return x + 1


def assigns(x, _):
    x[0] = 5.0
    return x * 2


def asks(x, _):
    x.requires_grad_()
    (x * x).sum().backward()
    return x.grad


def generates(x, _):
    for v in x:
        yield v * 2


REFUSED = {  # what a function does with its argument, and what else it is given
    "it appends to a list": (appends, list, "it changes a list or dict"),
    "it writes to it": (writes, int, "a write to an argument"),
    "it assigns to an element": (assigns, int, "x[0] = 5.0 cannot be followed"),
    "it asks for its gradient": (asks, int, "asks for the gradient of an argument"),
    "it is given a set": (lambda x, s: x * len(s), set, "inside of a set"),
    "it is given a deque": (lambda x, s: x * len(s), collections.deque, "inside of a deque"),
    "it is given an ordered dict": (lambda x, s: x * len(s), collections.OrderedDict, "inside of an OrderedDict"),
    "it returns an object": (lambda x, _: types.SimpleNamespace(y=x * 2), int, "returns a SimpleNamespace"),
    "it returns a generator": (lambda x, _: (v for v in [x * 2]), int, "returns a generator"),
    "it is a generator": (generates, int, "returns a generator"),
    "it returns a function": (lambda x, _: lambda: x * 2, int, "returns a function"),
    "it returns an array": (lambda x, _: (x * 2).value, int, "returns a ndarray"),
    "it returns an ordered dict": (lambda x, _: collections.OrderedDict(y=x), int, "returns an OrderedDict"),
}  # fmt: skip


def read(result):
    if isinstance(result, types.SimpleNamespace):
        return plain(result.y)
    if isinstance(result, types.GeneratorType):
        return plain(list(result))
    return plain(result() if isinstance(result, types.FunctionType) else result)


@pytest.mark.parametrize("name", REFUSED)
def test_what_runs_as_it_is(name):
    f, make, reason = REFUSED[name]
    left, told = [], []
    for through in (compile, lambda f: f):
        g, given, found = through(f), make(), []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for k in range(3):
                x = Tensor(np.full(2, float(k)))
                found.append((read(g(x, given)), x.value.copy(), None if x.grad is None else x.grad.value))
        left.append((found, plain(list(given)) if isinstance(given, list) else None))
        told.append([str(w.message) for w in caught])
    np.testing.assert_equal(left[0], left[1])
    assert len(told[0]) == 1, told[0]
    assert "cannot be compiled and runs as it is: " in told[0][0]
    assert reason in told[0][0]


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=r"compile takes a function or a module, as in .* and not 3"):
        compile(3)


def test_what_is_compiled_is_compiled():
    once = compile(lambda x: x * 2)
    assert compile(once) is once
    checked = compile(once, verify_every=2)
    for k in range(4):
        np.testing.assert_array_equal(checked(np.full(2, k)).value, [2 * k, 2 * k])


def test_the_same_text_is_compiled_once():
    before = compile_text.cache_info().hits
    for _ in range(2):
        nn.Linear(3, 2, rng=0).compile()(X)
    assert compile_text.cache_info().hits > before
