"""What a program takes for granted, and what a function changes: nothing of it is frozen without a word.

Each scenario is run through compile and as it is, and has to leave the same behind, to the bit.
"""

import collections
import functools
import random
import re
import types
import warnings

import numpy as np
import pytest
from compiled_twins import plain

from autograd_core import Tensor, compile, fisher, grad, is_grad_enabled, nn, no_grad, optim, per_sample_grad
from autograd_core.compiler import Program

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(53, 6)).astype(np.float32), RNG.normal(size=(53, 3)).astype(np.float32)
FACTOR = 1.0
SETTINGS = types.SimpleNamespace(factor=1.0)


def outcome(scenario, through, told=""):
    """What a scenario leaves behind. told: what its one warning says, if there is to be one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        left = plain(scenario(through))
    messages = [str(w.message) for w in caught]
    assert len(messages) == bool(told and through is compile), messages
    assert all(re.search(f"as it is: .*{told}", message) for message in messages), messages
    return left


def as_written(f):
    return f


def both(scenario, told=""):
    np.testing.assert_equal(outcome(scenario, compile, told), outcome(scenario, as_written))


# --- whole steps ---------------------------------------------------------------------------------------------------------


def train(m, o, x):
    o.zero_grad()
    loss = (m(x) ** 2).mean()
    loss.backward()
    o.step()
    return loss


def two_steps(m, o, x):
    train(m, o, x)
    return train(m, o, x)


def loss_afterwards(m, o, x):
    train(m, o, x)
    return (m(x) ** 2).mean()


def weights_afterwards(m, o, x):
    train(m, o, x)
    return next(m.parameters())


def a_view_afterwards(m, o, x):
    turned = next(m.parameters()).T
    train(m, o, x)
    return turned * 2


def without_gradient_afterwards(m, o, x):
    train(m, o, x)
    with no_grad():
        return next(m.parameters()) * 2


def norm_afterwards(m, o, x):
    train(m, o, x)
    return sum((p**2).sum() for p in m.parameters())


def the_rate_is_set(m, o, x):
    o.param_groups[0]["lr"] *= 0.9
    return train(m, o, x)


def the_rate_is_read(m, o, x):
    return train(m, o, x) * o.param_groups[0]["lr"]


def bare_writes(m, o, x):
    loss = train(m, o, x)
    for p in m.parameters():
        p.value[...] *= 0.5
    return loss


READ = "is read after its memory was written to"
STEPS = {
    two_steps: READ,
    loss_afterwards: READ,
    weights_afterwards: READ,
    a_view_afterwards: READ,
    without_gradient_afterwards: READ,
    norm_afterwards: READ,
    the_rate_is_set: "it changes 'param_groups'|it changes 'lr'",
    the_rate_is_read: "",
    bare_writes: "it changes 'weight'|it changes",
}


@pytest.mark.parametrize("body", STEPS, ids=lambda body: body.__name__)
def test_a_whole_step(body):
    def scenario(through):
        m = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1))
        o = optim.SGD(m.parameters(), lr=0.1)
        step = through(lambda x: body(m, o, x))
        left = []
        for k in range(6):
            left.append(plain(step(Tensor(X[k : k + 8, :3]))))
            if k == 3:
                o.param_groups[0]["lr"] *= 0.5
        return left, list(m.parameters()), o.param_groups[0]["lr"]

    both(scenario, STEPS[body])


def test_a_schedule_inside_the_step():
    def scenario(through):
        m = nn.Linear(3, 1, rng=0)
        o = optim.SGD(m.parameters(), lr=0.1)
        schedule = optim.StepLR(o, step_size=2, gamma=0.5)

        def f(x):
            loss = train(m, o, x)
            schedule.step()
            return loss

        step = through(f)
        return [plain(step(Tensor(X[k : k + 8, :3]))) for k in range(6)], o.param_groups[0]["lr"], schedule.epoch

    both(scenario, "it changes 'epoch'|it changes")


def test_a_moving_average_by_hand():
    def scenario(through):
        m = nn.Linear(3, 1, rng=0)
        o = optim.SGD(m.parameters(), lr=0.1)
        averages = [Tensor(p.value.copy()) for p in m.parameters()]

        def f(x):
            train(m, o, x)
            for a, p in zip(averages, m.parameters(), strict=True):
                a.data = a * 0.9 + p.detach() * 0.1

        step = through(f)
        for k in range(4):
            step(Tensor(X[k : k + 8, :3]))
        return averages

    both(scenario, READ)


def test_two_networks_one_after_the_other():
    def scenario(through):
        g, d = nn.Linear(2, 3, rng=0), nn.Linear(3, 1, rng=1)
        og, od = optim.SGD(g.parameters(), lr=0.1), optim.SGD(d.parameters(), lr=0.1)

        def f(z, x):
            od.zero_grad()
            ((d(x) ** 2).mean() + ((1 - d(g(z).detach())) ** 2).mean()).backward()
            od.step()
            og.zero_grad()
            (d(g(z)) ** 2).mean().backward()
            og.step()

        step = through(f)
        for k in range(4):
            step(Tensor(X[k : k + 4, :2]), Tensor(X[k : k + 4, :3]))
        return [*g.parameters(), *d.parameters()]

    both(scenario, READ)


# --- what is trained -----------------------------------------------------------------------------------------------------


class Listed(nn.Module):
    def __init__(self):
        self.w = [nn.Parameter(X[:3, :4]), nn.Parameter(X[:4, 4:5])]

    def forward(self, x):
        return np.tanh(x @ self.w[0]) @ self.w[1]


def tensors_alone():
    w = [Tensor(np.ones(3), requires_grad=True), Tensor(np.ones(3), requires_grad=True)]
    return w, lambda x: (w[0] * w[1] * x) ** 2


def among_many():
    w = [Tensor(1.0 + k, requires_grad=True) for k in range(1500)]  # more than are looked at
    return w, lambda x: sum((v * x[0]) ** 2 for v in w[:20])


def in_a_module():
    m = Listed()
    return m.w, lambda x: m(x) ** 2


@pytest.mark.parametrize("made", [tensors_alone, among_many, in_a_module], ids=lambda f: f.__name__)
def test_what_is_frozen_between_calls(made):
    def scenario(through):
        w, f = made()
        optimizer = optim.SGD(w, lr=0.1)

        def step(x):
            optimizer.zero_grad()
            f(x).sum().backward()
            optimizer.step()

        step = through(step)
        for k in range(6):
            w[1].requires_grad_(k % 4 < 2)
            step(Tensor(X[:8, :3].astype(w[0].dtype) if made is in_a_module else np.ones(3)))
        return w

    both(scenario)


def test_freezing_there_and_back_needs_two_programs():
    w, f = tensors_alone()
    compiled = compile(lambda x: grad(lambda z: f(z).sum())(x))
    for k in range(6):
        w[1].requires_grad_(k % 2 == 0)
        compiled(np.ones(3))
    assert len(compiled.programs) == 2


@pytest.mark.parametrize("transform", [per_sample_grad, fisher], ids=lambda f: f.__name__)
def test_gradients_of_each_sample_read_their_parameters(transform):
    def scenario(through):
        f = through(lambda w, x: transform(lambda w, v: (np.tanh(v @ w) ** 2).sum(), w, x))
        return [f(Tensor(np.ones((3, 2)) * k), Tensor(X[:4, :3].astype(float))) for k in (1, 2, 3)]

    both(scenario)


def test_recording_graphs_or_not_is_part_of_the_key():
    compiled = compile(lambda x: x * (1.0 if is_grad_enabled() else 2.0))
    assert compiled(np.ones(1)).item() == 1
    with no_grad():
        assert compiled(np.ones(1)).item() == 2
    assert compiled(np.ones(1)).item() == 1


def test_no_backward_pass_under_no_grad():
    w = Tensor(np.ones(2), requires_grad=True)
    with no_grad(), pytest.raises(RuntimeError):
        compile(lambda x: (x * w).sum().backward())(np.ones(2))
    model = nn.MLP([6, 8, 3], rng=0)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    trainer.fit((X, Y), epochs=1, progress=False)
    with no_grad(), pytest.raises(RuntimeError):
        trainer.fit((X, Y), epochs=1, progress=False)


# --- what is changed between calls ---------------------------------------------------------------------------------------


def factor():
    return FACTOR


@functools.lru_cache
def cached(n):
    return n * 1.0


def inner_def(x):
    def g(y):
        return y * FACTOR

    return g(x)


def a_module_of_pythons():
    module = types.ModuleType("settings_of_mine")
    module.factor = 1.0
    f = types.FunctionType((lambda x: x * settings_of_mine.factor).__code__, {"settings_of_mine": module})  # noqa: F821
    return f, lambda k: setattr(module, "factor", k)


class Named:
    k = 1.0

    def __call__(self, x):
        return x * FACTOR

    def method(self, x):
        return x * self.k

    @property
    def twice(self):
        return 2 * FACTOR

    def by_property(self, x):
        return x * self.twice


class Slotted:
    __slots__ = ("k",)

    def __init__(self):
        self.k = 1.0


class Forward(nn.Module):
    def forward(self, x):
        return x * FACTOR


def a_global(f):
    return f, lambda k: globals().update(FACTOR=k)


def a_held(held, f, change):
    return (lambda x: f(held, x)), lambda k: change(held, k)


def a_class_attribute():
    kind = type("A", (Named,), {"k": 1.0})
    return kind().method, lambda k: setattr(kind, "k", k)


def a_default():
    def f(x, *, by={"k": 1.0}):  # noqa: B006
        return x * by["k"]

    return f, lambda k: f.__kwdefaults__["by"].update(k=k)


def an_attribute_of_the_function():
    def f(x):
        return x * f.k

    f.k = 1.0
    return f, lambda k: setattr(f, "k", k)


ARRAY = np.ones(3)
CHANGED = {
    "list comprehension": lambda: a_global(lambda x: sum([x * FACTOR for _ in range(2)])),
    "generator expression": lambda: a_global(lambda x: sum(x * FACTOR for _ in range(2))),
    "lambda inside": lambda: a_global(lambda x: grad(lambda z: (z * z * FACTOR).sum())(x)),
    "def inside": lambda: a_global(inner_def),
    "function that is called": lambda: a_global(lambda x: x * factor()),
    "function that is transformed": lambda: a_global(grad(lambda z: (z * z * factor()).sum())),
    "cached function": lambda: a_global(lambda x: x * FACTOR * cached(2)),
    "partial": lambda: a_global(functools.partial(lambda by, x: x * by * FACTOR, 2.0)),
    "callable object": lambda: a_global(Named()),
    "property": lambda: a_global(Named().by_property),
    "module's forward": lambda: a_global(Forward()),
    "class attribute": a_class_attribute,
    "keyword default": a_default,
    "attribute of the function": an_attribute_of_the_function,
    "module of Python's": a_module_of_pythons,
    "nested dict": lambda: a_held({"a": {"k": 1.0}}, lambda c, x: x * c["a"]["k"], lambda c, k: c["a"].update(k=k)),
    "nested list": lambda: a_held([[1.0]], lambda c, x: x * c[0][0], lambda c, k: c[0].__setitem__(0, k)),
    "dict in a tuple": lambda: a_held(({"k": 1.0},), lambda c, x: x * c[0]["k"], lambda c, k: c[0].update(k=k)),
    "deque": lambda: a_held(collections.deque([1.0], 1), lambda c, x: x * c[0], lambda c, k: c.append(k)),
    "slots": lambda: a_held(Slotted(), lambda c, x: x * c.k, lambda c, k: setattr(c, "k", k)),
    "settings of a module": lambda: a_held(
        types.SimpleNamespace(inner=SETTINGS), lambda c, x: x * c.inner.factor, lambda c, k: setattr(SETTINGS, "factor", k)
    ),
    "array": lambda: a_held(ARRAY, lambda a, x: x * a, lambda a, k: a.__setitem__(..., k)),
    "slice of an array": lambda: a_held(ARRAY, lambda a, x: x * a[:], lambda a, k: a.__setitem__(..., k)),
    "mean of an array": lambda: a_held(ARRAY, lambda a, x: x * a.mean(), lambda a, k: a.__setitem__(..., k)),
    "array in a dict": lambda: a_held({"a": ARRAY}, lambda c, x: x * c["a"], lambda c, k: c["a"].__setitem__(..., k)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_changed_between_calls(name):
    f, change = CHANGED[name]()
    compiled = compile(f)
    try:
        for k in (1.0, 3.0, 1.0, 5.0):
            change(k)
            for _ in range(2):
                np.testing.assert_array_equal(compiled(np.ones(3)).value, plain(f(Tensor(np.ones(3)))))
            (program,) = compiled.programs.values()
            assert isinstance(program, Program)
    finally:
        change(1.0)


def test_what_is_not_changed_is_recorded_once():
    for name in CHANGED:
        f, change = CHANGED[name]()
        change(1.0)
        compiled = compile(f)
        compiled(np.ones(3))
        before = dict(compiled.programs)
        change(1.0)  # an equal number is the same
        compiled(np.ones(3))
        assert dict(compiled.programs) == before, name


def fitted(make, loss, between, compiled):
    model = make()
    trainer = optim.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1), compile=compiled)
    for k in range(2):
        trainer.fit((X, Y), epochs=3, batch_size=8, seed=1, progress=False)
        between(model, k)
    return model.state_dict()


class Scaled(nn.Module):
    def __init__(self):
        self.l, self.settings = nn.Linear(6, 3, rng=0), types.SimpleNamespace(k=1.0)

    def forward(self, x):
        return self.l(x) * self.settings.k * FACTOR


class Loss:
    def __call__(self, y, t):
        return ((y - t) ** 2).mean() * FACTOR


def change_factor(model, k):
    globals().update(FACTOR=[0.5, 1.0][k])


WEIGHTS = np.ones(3, np.float32)
BETWEEN_FITS = {
    "settings of a module": (Scaled, nn.MSELoss(), lambda m, k: setattr(m.settings, "k", 0.5)),
    "global in forward": (Scaled, nn.MSELoss(), change_factor),
    "global in a loss": (Scaled, Loss(), change_factor),
    "weights of a loss": (
        Scaled, lambda y, t: (((y - t) ** 2) * WEIGHTS).mean(), lambda m, k: WEIGHTS.__setitem__(0, [5.0, 1.0][k]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BETWEEN_FITS)
def test_what_is_changed_between_fits(name):
    np.testing.assert_equal(*(fitted(*BETWEEN_FITS[name], compiled) for compiled in ("auto", False)))


# --- what the function changes -------------------------------------------------------------------------------------------


class Counter:
    def __init__(self):
        self.n, self.log, self.rng, self.cache = 0, [], np.random.default_rng(5), {"a": {}}
        self.seen, self.kinds, self.array, self.w = collections.deque(), set(), np.zeros(1), Tensor(np.ones(2))
        self.slots, self.python = Slotted(), random.Random(3)


def counts(c, x):
    c.n += 1
    return x * c.n


def draws_by_hand(c, x):
    return x * c.rng.normal()


def draws_by_hand_and_by_rows(c, x):
    y = nn.functional.dropout(x, 0.5, rng=c.rng)
    return y * c.rng.normal()


def draws_in_python(c, x):
    return x * c.python.random()


def draws_from_all(c, x):
    return x * np.random.normal() * random.random()


def writes_a_slot(c, x):
    c.slots.k *= 2.0
    return x * c.slots.k


def makes_a_global(c, x):
    global MADE
    MADE = globals().get("MADE", 0) + 1
    return x * 2


def adds_an_attribute(c, x):
    c.made = getattr(c, "made", 0) + 1
    return x * c.made


def writes_an_array(c, x):
    c.array += 1
    return x * c.array


def writes_bare(c, x):
    c.w.value[...] *= 2
    return x * c.w


CHANGES = {
    counts: lambda c: c.n,
    draws_by_hand: lambda c: c.rng.bit_generator.state["state"]["state"],
    draws_by_hand_and_by_rows: lambda c: c.rng.bit_generator.state["state"]["state"],
    draws_in_python: lambda c: c.python.getstate(),
    draws_from_all: lambda c: random.getstate(),
    writes_a_slot: lambda c: c.slots.k,
    makes_a_global: lambda c: globals().pop("MADE"),
    adds_an_attribute: lambda c: c.made,
    writes_an_array: lambda c: c.array,
    writes_bare: lambda c: c.w,
    (lambda c, x: (c.log.append(1), x)[1]): lambda c: len(c.log),
    (lambda c, x: (c.seen.append(1), x)[1]): lambda c: len(c.seen),
    (lambda c, x: (c.kinds.add(len(c.kinds)), x)[1]): lambda c: len(c.kinds),
    (lambda c, x: (c.cache["a"].update(h=x * 2), x)[1]): lambda c: c.cache,
}


@pytest.mark.parametrize("body", CHANGES, ids=lambda body: body.__name__)
def test_what_it_changes_is_changed_once_each_time(body):
    def scenario(through):
        random.seed(0)
        np.random.seed(0)
        c = Counter()
        f = through(lambda x: body(c, x))
        return [plain(f(Tensor(np.full(2, k)))) for k in (1.0, 2.0, 5.0)], CHANGES[body](c)

    both(scenario, "it changes|drawn by hand")


def test_an_error_is_that_of_one_plain_call():
    c = Counter()

    def f(x):
        c.n += 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        compile(f)(np.ones(2))
    assert c.n == 1  # what recording changed is put back, then it runs as it is


class Draws(nn.Module):
    def __init__(self):
        self.l, self.rng = nn.Linear(6, 3, rng=0), np.random.default_rng(5)

    def forward(self, x):
        return self.l(x + self.rng.normal(size=x.shape).astype(np.float32))


class Counts(nn.Module):
    def __init__(self):
        self.l, self.n = nn.Linear(6, 3, rng=0), 0

    def forward(self, x):
        self.n += 1
        return self.l(x) * (1.0 / self.n)


class Divides(nn.Module):
    def __init__(self):
        self.l, self.c = nn.Linear(6, 3, rng=0), Tensor(np.float32(0))

    def forward(self, x):
        self.c.data = self.c + 1
        return self.l(x) / self.c


@pytest.mark.parametrize("kind", [Draws, Counts, Divides], ids=lambda kind: kind.__name__)
def test_recording_is_no_step_of_a_users_module(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="training runs without a compiled program: it changes")
        left = [fitted(kind, nn.MSELoss(), lambda m, k: None, compiled) for compiled in ("auto", False)]
    np.testing.assert_equal(*left)


# --- the same rows for other ends ----------------------------------------------------------------------------------------


def alternating(ends):
    """Two results are computed each time, and one of them is taken in turn; the counter is where nobody looks."""
    turn = iter(range(1000))  # an iterator cannot be looked into
    return lambda x: ends(x * 2, x * 3, next(turn) % 2)


def writing(a, b, k):
    WRITTEN.data = (a, b)[k]


def growing(a, b, k):
    GROWN.grad = OTHER.grad = None
    ((a, b)[0] * GROWN).sum().backward()
    ((a, b)[1] * OTHER).sum().backward()
    return (GROWN, OTHER)[k].grad


WRITTEN, GROWN, OTHER = (
    Tensor(np.zeros(2)),
    Tensor(np.ones(2), requires_grad=True),
    Tensor(np.ones(2), requires_grad=True),
)
ENDS = {
    "returned": (lambda a, b, k: (a, b)[k], "returns something else"),
    "in a nest": (lambda a, b, k: [{"a": a}, {"b": a}][k], "returns something else"),
    "a number beside": (lambda a, b, k: (a, k), "returns something else"),
    "written": (writing, "writes something else"),
    "of outside": (lambda a, b, k: (GROWN, OTHER)[k], "returns something else"),
    "gradient": (growing, "something else"),
}


@pytest.mark.parametrize("name", ENDS)
def test_other_ends_of_the_same_rows_are_seen(name):
    ends, told = ENDS[name]
    compiled = compile(alternating(ends))
    with pytest.warns(UserWarning, match=f"does not do the same twice: .*{told} the second time"):
        compiled(np.ones(2))
    assert list(compiled.programs.values()) == [None]
