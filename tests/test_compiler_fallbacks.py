"""Steps that must not be frozen: each works, or runs as it is after one warning with line and reason, or is found out by
verifying; and the two kinds of which no recorder can know."""

import itertools
import re
import time
import types
import warnings

import numpy as np
import pytest

from autograd_core import Tensor, compile, nn, optim
from autograd_core.compiler import Program

FILE = r"test_compiler_fallbacks\.py:\d+"
STATE = {"calls": 0, "factor": 1.0}
LOG = []
SEEDS = itertools.count()
CONFIG = types.SimpleNamespace(scale=1.0, calls=0)
RATE = 1.0


def counts(x):
    STATE["calls"] += 1
    return x * STATE["calls"]


def logs(x):
    y = x * 2
    LOG.append(y)
    return y


def caches(x):
    STATE["last"] = x * 2
    return STATE["last"]


def counts_on_an_object(x):
    CONFIG.calls += 1
    return x * 2


def with_a_mutable_default(x, seen=[]):  # noqa: B006
    seen.append(1)
    return x * 2


def halves_until_small(x):
    while np.sum(x) > 1:
        x = x / 2
    return x


def looks_for_nan(x):
    try:
        if np.isnan(x).any():
            raise ValueError
    except ValueError:
        return x * 0
    return x


def remembers_in_a_closure():
    total = 0.0

    def f(x):
        nonlocal total
        total = total + 1
        return x * 2

    return f


TWICE = "does not do the same twice: .*"
REFUSED = {  # how a step is written, and the reason why it runs as it is
    "a branch on a value": (lambda x: x * 2 if x.sum() > 2 else x, "a truth value"),
    "a loop until a value": (halves_until_small, "a truth value"),
    "a test for NaN": (looks_for_nan, "a truth value"),
    "Python's max": (lambda x: max(x[0], x[1]) * x, "a truth value"),
    "sorted by Python": (lambda x: sorted([x[0], x[1]])[0] * x, "a truth value"),
    "a search": (lambda x: x * (1.0 if 3.0 in x else 2.0), "a truth value"),
    "item": (lambda x: x * x.sum().item(), r"item\(\)"),
    "float": (lambda x: x * float(x.sum()), r"float\(tensor\)"),
    "an int of a value": (lambda x: x[: int(x[0])].sum(), r"int\(tensor\)"),
    "a list of the values": (lambda x: x * sum(x.tolist()), r"tolist\(\)"),
    "isinstance of a value": (lambda x: x if isinstance(x[0].item(), int) else x * 2, r"item\(\)"),
    "a print of a value": (lambda x: (print(x.sum().item()), x * 2)[1], r"item\(\)"),
    "numpy()": (lambda x: x * x.numpy(), r"numpy\(\)"),
    "asarray": (lambda x: x * np.asarray(x), "asarray"),
    "data": (lambda x: x * x.data.mean(), r"\.data"),
    "a function without gradient": (lambda x: x * np.allclose(x, 1), "np.allclose"),
    "a shape that depends on values": (lambda x: x[x > 1], "an index"),
    "a place that depends on values": (lambda x: x[x.argmax()] * x, "an index"),
    "places that are not 0": (lambda x: x[np.nonzero(x)[0]], "np.nonzero"),
    "distinct values": (lambda x: np.unique(x) * 2, "np.unique"),
    "a Python counter": (counts, "it changes 'STATE' as it runs"),
    "random numbers of NumPy": (lambda x: x * np.random.default_rng(next(SEEDS)).normal(), TWICE),
    "the time": (lambda x: x * time.perf_counter_ns(), TWICE),
    "a list appended to": (logs, "it changes 'LOG' as it runs"),
    "a dict changed": (caches, "it changes 'STATE' as it runs"),
    "an object changed": (counts_on_an_object, "it changes 'calls' as it runs"),
    "a default changed": (with_a_mutable_default, "it changes 'a default' as it runs"),
    "a variable outside changed": (remembers_in_a_closure(), "it changes 'total' as it runs"),
}  # fmt: skip
SAME_EACH_TIME = {name for name, (_, reason) in REFUSED.items() if reason != TWICE} - {"a Python counter"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_frozen_runs_as_it_is(name):
    f, reason = REFUSED[name]
    compiled = compile(f)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for x in (np.array([1.0, 2.0]), np.array([3.0, 1.0]), np.array([0.0, 5.0])):
            got = compiled(x)
            if name in SAME_EACH_TIME:
                expected = f(Tensor(x))
                np.testing.assert_array_equal(getattr(got, "value", got), getattr(expected, "value", expected))
    (message,) = [str(w.message) for w in told]
    assert re.search(f"cannot be compiled and runs as it is: .*{reason}", message), message
    assert re.search(FILE, message), message
    assert list(compiled.programs.values()) == [None]


def test_a_counter_goes_on_counting():
    STATE["calls"] = 0
    compiled = compile(counts)
    with pytest.warns(UserWarning, match="it changes 'STATE'"):
        first = compiled(np.ones(1)).item()
    assert [first, *(compiled(np.ones(1)).item() for _ in range(3))] == [1, 2, 3, 4]  # recording is no step


# --- what works ----------------------------------------------------------------------------------------------------------


def reads_a_global(x):
    return x * RATE


def reads_a_dict(x):
    return x * STATE["factor"]


def reads_an_object(x):
    return x * CONFIG.scale


def variable():
    k = 1.0

    def change():
        nonlocal k
        k = 5.0

    return (lambda x: x * k), change


def on_a_module():
    layer = nn.LeakyReLU(0.5)
    return (lambda x: layer(-x)), lambda: vars(layer).update({k: 0.1 for k, v in vars(layer).items() if v == 0.5})


CHANGED = {
    "a global": (reads_a_global, lambda: globals().update(RATE=5.0)),
    "an entry of a dict": (reads_a_dict, lambda: STATE.update(factor=5.0)),
    "an attribute": (reads_an_object, lambda: setattr(CONFIG, "scale", 5.0)),
    "a variable of the enclosing function": variable(),
    "a module's setting": on_a_module(),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_changed_between_calls_is_recorded_anew(name):
    f, change = CHANGED[name]
    compiled, x = compile(f), np.array([1.0, 2.0])
    before = compiled(x).value
    np.testing.assert_array_equal(before, f(Tensor(x)).value)
    change()
    after = compiled(x).value
    np.testing.assert_array_equal(after, f(Tensor(x)).value)
    assert not np.array_equal(before, after)
    assert all(isinstance(p, Program) for p in compiled.programs.values())


WORKS = {
    "branches on shapes": lambda x: x * 2 if x.shape[0] > 1 else x,
    "branches on types": lambda x: x * 2 if isinstance(x, Tensor) else x,
    "a loop over the rows": lambda x: sum(v * v for v in x),
    "a choice by where": lambda x: np.where(np.isnan(x), 0.0, np.where(x > 1, x, -x)),
    "the largest by maximum": lambda x: np.maximum(x.max(), 2.0) * x,
    "a dict of its own": lambda x: {"y": x * 2}["y"],
    "a list of its own": lambda x: sum([x, x * 2, x * 3]),
}


@pytest.mark.parametrize("name", WORKS)
def test_what_only_looks_as_if_it_could_not_be_recorded(name):
    compiled = compile(WORKS[name])
    for x in (np.array([1.0, 2.0]), np.array([3.0, np.nan])):
        np.testing.assert_array_equal(compiled(x).value, WORKS[name](Tensor(x)).value)
    assert all(isinstance(p, Program) for p in compiled.programs.values())


# --- what cannot be seen -------------------------------------------------------------------------------------------------


LARGE = np.ones(10_000)  # 80 KB


def reads_a_large_array(x):
    return x * LARGE.mean()


def takes_the_bare_array(x):
    return x * x.value.sum()


UNSEEN = {"what is made of a large array": reads_a_large_array, "the bare array": takes_the_bare_array}


@pytest.mark.parametrize("name", UNSEEN)
def test_hidden_numbers_are_found_by_verifying(name):
    for verify_every, told in ((0, 0), (3, 1)):
        LARGE[:] = 1.0
        compiled = compile(UNSEEN[name], verify_every=verify_every)
        compiled(np.ones(2))
        LARGE[:] = 2.0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            last = [compiled(np.full(2, 2.0)).value for _ in range(5)][-1]
        assert len(caught) == told
        assert np.array_equal(last, UNSEEN[name](Tensor(np.full(2, 2.0))).value) == bool(told)
    assert "runs as it is from now on" in str(caught[0].message)


def test_prints_are_made_while_it_is_recorded_alone(capsys):
    compiled = compile(lambda x: (print("a step"), x * 2)[1])
    for _ in range(5):
        compiled(np.ones(2))
    assert capsys.readouterr().out == 2 * "a step\n"  # recorded twice


def test_the_docstring_says_what_cannot_be_seen():
    text = " ".join(compile.__doc__.split())
    for said in (
        "Two things no recorder can see",
        "what no name leads to",
        "`.value`",
        "it prints",
        "verify_every",
    ):
        assert said in text


def test_verifying_leaves_no_trace():
    left = []
    for verify_every in (0, 2):
        model = nn.MLP([5, 7, 3], norm="batch", dropout=0.2, rng=0)
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        def step(x, t, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), t)
            loss.backward()
            optimizer.step()
            return loss

        compiled = compile(step, verify_every=verify_every)
        rng = np.random.default_rng(0)
        x, t = rng.normal(size=(8, 5)).astype(np.float32), rng.integers(0, 3, 8)
        left.append(([compiled(x, t).item() for _ in range(5)], model.state_dict()))
    np.testing.assert_equal(*left)


# --- in the Trainer ------------------------------------------------------------------------------------------------------


class Branching(nn.Linear):
    def forward(self, x):
        y = super().forward(x)
        return y if y.sum().item() > 0 else -y


class Counting(nn.Linear):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) * (1.0 / self.calls)


class Converting(nn.Linear):
    def forward(self, x):
        y = super().forward(x)
        return y * np.asarray(y).std()


class Drawing(nn.Linear):
    def forward(self, x):
        return super().forward(x) * float(np.random.default_rng(next(SEEDS)).random())


class Keeping(nn.Linear):
    def forward(self, x):
        self.last = super().forward(x)
        return self.last


IN_TRAINING = {
    Branching: rf"item\(\) in {FILE}",
    Counting: "it changes 'calls' as it runs",
    Converting: FILE,
    Drawing: "twice",
    Keeping: "it changes 'last' as it runs",
}


@pytest.mark.parametrize("kind", IN_TRAINING, ids=lambda k: k.__name__)
def test_a_model_that_must_not_be_frozen_trains_as_it_is(kind):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(20, 6)).astype(np.float32), rng.integers(0, 3, 20)
    losses = []
    for compiled in ("auto", False):
        model = kind(6, 3, rng=0)
        trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), compile=compiled)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            losses.append(trainer.fit(data, epochs=3, batch_size=4, seed=0, progress=False)["loss"])
        told = [str(w.message) for w in caught if "without a compiled program" in str(w.message)]
        assert len(told) == (1 if compiled else 0)
        assert not told or re.search(IN_TRAINING[kind], told[0]), told
    if kind is not Drawing:  # which never does the same
        assert losses[0] == losses[1]


class Branches(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(2, 3, rng=0)

    def forward(self, x):
        y = self.linear(x)
        return y * 2 if y.sum().item() > 0 else y


@pytest.mark.parametrize("validation", [None, (np.ones((4, 2), np.float32), np.zeros(4, int))])
@pytest.mark.parametrize("batch_size", [2, 8])
def test_the_warning_stands_at_the_line_that_called_fit(batch_size, validation):
    model = Branches()
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    data = np.ones((8, 2), np.float32), np.arange(8) % 3
    with pytest.warns(UserWarning, match=r"without a compiled program: item\(\)") as told:
        trainer.fit(data, epochs=2, batch_size=batch_size, validation=validation, progress=False)
    assert [warning.filename for warning in told] == [__file__]
