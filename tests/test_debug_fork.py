"""Forks against a fresh computation with the edited number, differences against what was edited, trace files bit for bit."""

import json
import zipfile

import numpy as np
import pytest
from test_debug import example, network, odd_ones, same

from autograd_core import Tensor, custom_vjp, debug, nn


def forward(w1, w2, a=None):
    w1, w2 = Tensor(w1, requires_grad=True, name="w1"), Tensor(w2, requires_grad=True, name="w2")
    a = w1**3 if a is None else a(w1)
    return a * w2 + 3 * w1


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"values": {"w2": 5.0}}, {"g": 46, "w1": 63, "w2": 8}),
        ({"values": {"w1": 1.0, "w2": 1.0}}, {"g": 4, "w1": 6, "w2": 1}),
        ({"values": {"a": 10.0}}, {"g": 36, "w1": 39, "w2": 10}),  # the rule of a goes on reading w1
        ({"gradients": {"b": 2.0}}, {"g": 30, "w1": 75, "w2": 16}),
        ({"gradients": {"w1": -1.0}}, {"g": 30, "w1": -1, "w2": 8}),
        ({"derivatives": {("a", "w1"): 1.0}}, {"g": 30, "w1": 6, "w2": 8}),
        ({"derivatives": {("b", "w2"): 0.0}}, {"g": 30, "w1": 39, "w2": 0}),
        ({"values": {"w2": 5.0}, "gradients": {"b": 2.0}}, {"g": 46, "w1": 123, "w2": 16}),
    ],
)
def test_a_fork_goes_on_from_the_edit(edit, expected):
    session = debug.Session(example()[0])
    session.goto(6)
    before = session.gradients(len(session))
    fork = session.fork(**edit)
    assert fork.position == session.position
    fork.goto(len(fork))
    assert float(fork.value("g")) == expected["g"]
    assert {name: float(fork.gradient(name)) for name in ("w1", "w2")} == {n: expected[n] for n in ("w1", "w2")}
    assert same(session.gradients(len(session)), before)  # the first is as it was


def test_a_fork_of_a_value_is_the_computation_with_that_value():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))

    def loss(w):
        w = Tensor(w, requires_grad=True, name="w")
        return (np.tanh(x @ w) * nn.functional.softmax(x @ w)).sum(), w

    edited = debug.Session(loss(w)[0]).fork(values={"w": w + 1})
    fresh = debug.Session(loss(w + 1)[0])
    assert same(edited.gradients(len(edited)), fresh.gradients(len(fresh)))
    assert not edited.diff(fresh)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"values": {"v": 1.0}}, "no node of this graph is called 'v'"),
        ({"values": {"w1": [1.0, 2.0]}}, "has shape"),
        ({"derivatives": {("b", "w1"): 1.0}}, "not computed from it directly"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edit, message):
    with pytest.raises((KeyError, ValueError), match=message):
        debug.Session(example()[0]).fork(**edit)


def test_diff_names_first_what_came_first():
    (loss, _), (other, _) = network(), network()
    a, b = debug.Session(loss), debug.Session(other)
    assert a.diff(b) == []
    weight = b.names[next(n for n in b.nodes if n.shape == (5, 3))]
    value = b.value(weight).copy()
    value[3, 2] += 1
    found = a.diff(b.fork(values={weight: value}))
    assert (found[0].name, found[0].what, found[0].at, round(found[0].most, 6)) == (weight, "value", (3, 2), 1)
    assert [d.what for d in found] == sorted((d.what for d in found), reverse=True)
    assert a.diff(b.fork(values={weight: value}), tolerance=10) == []


@pytest.mark.parametrize("make", [lambda: example()[0], lambda: network()[0], lambda: odd_ones()[0]])
def test_a_trace_file_opens_as_it_was(make, tmp_path):
    with debug.record():
        loss = make()
    session = debug.Session(loss)
    session.goto(len(session) * 2 // 3)
    session.dump(tmp_path / "x.trace")
    opened = debug.load(tmp_path / "x.trace")
    assert opened.position == session.position
    places = sorted({*range(0, len(session) + 1, max(1, len(session) // 40)), len(session)})
    for position in places:
        assert same(opened.gradients(position), session.gradients(position))
    for ours, theirs in zip(session.nodes, opened.nodes, strict=True):
        assert (session.line(ours), session.module(ours)) == (opened.line(theirs), opened.module(theirs))
        assert opened.value(theirs, len(opened)).dtype == ours.dtype
    assert [s.kind for s in opened.steps] == [s.kind for s in session.steps]
    assert not opened.diff(session)
    opened.goto(len(opened))
    assert opened.explain()


def test_a_trace_file_holds_no_code_and_no_folders(tmp_path):
    session = debug.Session(network()[0])
    session.dump(tmp_path / "x.trace")
    with zipfile.ZipFile(tmp_path / "x.trace") as file:
        assert sorted(file.namelist()) == ["arrays.npz", "trace.json"]
        assert str(tmp_path.anchor) not in file.read("trace.json").decode().replace("</", "")
    assert [path.name for path in tmp_path.iterdir()] == ["x.trace"]


def damaged(content, tmp_path):
    path = tmp_path / "bad.trace"
    debug.Session(example()[0]).dump(path)
    if isinstance(content, bytes):
        path.write_bytes(content)
        return path
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    stored = json.loads(parts["trace.json"])
    content(stored, parts)
    parts["trace.json"] = json.dumps(stored).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"PK not a zip", "damaged"),
        (lambda stored, parts: stored.update(format="other"), "damaged"),
        (lambda stored, parts: stored.update(version=2), "version 2"),
        (lambda stored, parts: stored.pop("steps"), "damaged"),
        (lambda stored, parts: stored["steps"].append(["edge", 99, 0, 1]), "damaged"),
        (lambda stored, parts: stored["nodes"][-1].update(op="__import__"), "damaged"),
        (lambda stored, parts: stored["nodes"][0].update(value=["<f8", 10**9, [3], "C"]), "damaged"),
        (lambda stored, parts: parts.update({"arrays.npz": b"\x80\x04."}), "damaged"),
    ],
)
def test_what_is_no_trace_file_is_refused(content, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        debug.load(damaged(content, tmp_path))


@pytest.mark.parametrize("looked", [False, True])
def test_hooks_are_called_in_a_fork_as_well(looked, tmp_path):
    x = Tensor(2.0, requires_grad=True, name="x")
    h = x * 3
    h.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    session = debug.Session(h * h)
    if looked:
        session.goto(len(session))
    fork = session.fork(values={"x": 5.0})
    assert float(fork.gradient("x", len(fork))) == 901
    assert float(session.gradient("x", len(session))) == 361
    session.dump(tmp_path / "x.trace")
    with pytest.warns(RuntimeWarning, match="no hooks, so those on h, x"):
        fork = debug.load(tmp_path / "x.trace").fork(values={"x": 5.0})
    assert float(fork.gradient("x", len(fork))) == 90


def test_a_row_of_the_users_own_is_not_computed_anew_from_a_trace_file(tmp_path):
    @custom_vjp
    def squared(x):
        return x * x

    @squared.backward
    def _(g, x):
        return 2 * g * x

    w, v = Tensor(3.0, requires_grad=True, name="w"), Tensor(2.0, requires_grad=True, name="v")
    session = debug.Session(squared(w) * v + v)
    session.dump(tmp_path / "own.trace")
    loaded = debug.load(tmp_path / "own.trace")
    assert float(session.fork(values={"w": 1.0}).gradient("w", len(session))) == 4
    with pytest.raises(ValueError, match="squared is a row of the user's own"):
        loaded.fork(values={"w": 1.0})
    fork = loaded.fork(values={"v": 5.0})  # changes what arrives at it
    assert "squared is a row of the user's own" in str(fork.error)
    assert fork.gradient("w", len(fork)) is None
    assert "squared is a row of the user's own" in str(fork.why("w"))
    held = loaded.fork(gradients={"v": 7.0})  # changes nothing of it
    assert float(held.gradient("w", len(held))) == 12
    assert "= 0" not in str(loaded.derivation("w"))
