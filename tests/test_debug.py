"""The session: its steps are the engine's, both ways, and its sums are the gradients, bit for bit."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_random_programs import programs, reproducible, run

from autograd_core import Tensor, checkpoint, custom_vjp, debug, nn, optim
from autograd_core.debug import backward_pass


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return w1**3 * w2 + 3 * w1, w1, w2


def network():
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), name="x")
    model = nn.MLP([3, 5, 2], activation="tanh", rng=0)
    return nn.CrossEntropyLoss()(model(x), np.array([0, 1, 1, 0])), list(model.parameters())


def odd_ones():
    """What a pass may meet besides plain rows: hooks, a gradient by hand, a checkpoint, assignment, many users of one node."""
    x, w = Tensor([1.0, -2.0, 3.0], requires_grad=True, name="x"), Tensor(0.5, requires_grad=True, name="w")

    @custom_vjp
    def damped(a, *, most=1.0):
        return a * 1

    @damped.backward
    def _(g, most):
        return np.clip(g, -most, most)

    h = x * w
    h[1] = h[0] * 2
    h.register_hook(lambda g: g * 2)
    w.register_hook(lambda g: g + 1)
    loss = (damped(h, most=0.5) + checkpoint(lambda a: np.tanh(a) * w)(h)).sum()
    for _ in range(200):
        loss = loss * 1.01 + w
    return loss, [x, w]


def same(a, b):
    """Whether two states are equal to the last bit, dtypes included."""
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) and a[k].dtype == b[k].dtype for k in a)


def test_A1_every_step_of_the_example():
    g, w1, _ = example()
    session = debug.Session(g)
    assert [session.step().split(" = ")[-1] for _ in range(len(session))] == [
        *("8", "24", "6", "30"),  # a, b, c, g
        *("1", "1", "1", "3", "3", "8", "36", "39"),
    ]
    assert [s.kind for s in session.steps] == ["forward"] * 4 + ["seed"] + ["edge"] * 6 + ["sum"]
    assert (session.gradient(w1), session.gradient("w2")) == (39, 8)
    why = debug.why(g, w1)
    assert sorted(float(value) for _, value in why) == [3, 36]
    assert why.total == 39


@pytest.mark.parametrize("make", [lambda: (example()[0], example()), network, odd_ones])
def test_a_session_ends_where_backward_does(make):
    loss, parameters = make() if make in (network, odd_ones) else (lambda e: (e[0], e[1:]))(example())
    session = debug.Session(loss)
    session.goto(len(session))
    loss.backward()  # a session has freed nothing
    for p in parameters:
        np.testing.assert_array_equal(session.gradient(p), p.grad.value)
        assert session.gradient(p).dtype == p.dtype
        assert session.missing(p) == 0


MOVES = ["step", "reverse_step", "next", "reverse_next", "finish", "reverse_finish", "cont", "reverse_cont", "goto"]


@given(programs(longest=15), st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 10**6)), max_size=12))
@reproducible(60)
def test_any_walk_leaves_the_state_of_a_straight_run_and_ends_in_backwards_gradients(case, walk):
    program, inputs = case
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    loss = run(program, leaves).sum()
    session, straight = debug.Session(loss), debug.Session(loss)
    for move, number in walk:
        at = session.position
        if move == "goto":
            session.goto(number % (len(session) + 1))
        else:
            getattr(session, move)()
            assert (session.position >= at) if not move.startswith("reverse") else (session.position <= at)
    while straight.position < session.position:
        straight.step()
    assert session.explain() == straight.explain()
    assert same(session.gradients(), straight.gradients())
    for a, b in zip(session.nodes, straight.nodes, strict=True):
        assert (session.missing(a), session.computed(a)) == (straight.missing(b), straight.computed(b))
    loss.backward(retain_graph=True)
    for leaf in leaves:
        if leaf.grad is None:
            with pytest.raises(KeyError, match="no node of this graph"):
                session.find(leaf)
        else:
            np.testing.assert_array_equal(session.gradient(leaf, len(session)), leaf.grad.value)


@given(programs(longest=15))
@reproducible(40)
def test_contributions_of_why_sum_to_the_gradient_in_recorded_order(case):
    program, inputs = case
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    loss = run(program, leaves).sum()
    parts = [[value for _, value in debug.why(loss, leaf)] for leaf in leaves]
    loss.backward()
    for leaf, values in zip(leaves, parts, strict=True):
        if leaf.grad is None:
            assert not values
            continue
        total = values[0]
        for value in values[1:]:
            total = total + value
        np.testing.assert_array_equal(total, leaf.grad.value)


def test_moves_end_at_ops_modules_and_never_leave_the_steps():
    with debug.record():
        loss, _ = network()
    session = debug.Session(loss)
    assert session.reverse_step() == session.reverse_next() == session.explain(0)
    ends = set()
    while session.position < len(session):
        session.next()
        ends.add(session.position)
        later = session.steps[session.position] if session.position < len(session) else None
        now = session.current
        assert later is None or later.node is not now.node or (later.kind == "forward") != (now.kind == "forward")
    back = {session.position}
    while session.position:
        session.reverse_next()
        back.add(session.position)
    assert back == ends | {0}
    modules = []
    while session.position < len(session):
        session.finish()
        modules.append(session.module(session.current.node))
    assert modules == ["0", "1", "2", "CrossEntropyLoss", "CrossEntropyLoss", "2", "1", "0"]
    session.goto(3)
    session.step(100)
    assert session.position == len(session)


def test_partial_sums_are_right_however_many_contribute():
    w = Tensor(np.float32(0.1), requires_grad=True, name="w")
    loss = w * 1
    for i in range(300):
        loss = loss + w * (0.1 * i)
    session = debug.Session(loss)
    total = None
    for position in range(len(session) + 1):
        step = session.steps[position - 1] if position else None
        if (
            step is not None
            and step.x is session.find(w)
            and session.missing(w, position) < session.missing(w, position - 1)
        ):
            value = session.contribution(position)
            total = value if total is None else total + value
        assert session.gradient(w, position) == total or total is session.gradient(w, position) is None


def test_what_is_kept_is_capped(monkeypatch):
    monkeypatch.setattr(backward_pass, "IN_MEMORY", 10_000)
    w = Tensor(np.arange(1200.0).reshape(30, 40), requires_grad=True, name="w")
    loss = (np.tanh(w).T @ w).sum()
    session = debug.Session(loss)
    session.goto(len(session))
    assert session.replay.arriving.file is not None
    loss.backward()
    np.testing.assert_array_equal(session.gradient("w"), w.grad.value)


def test_a_session_has_a_graph_of_its_own():
    loss, parameters = network()
    session = debug.Session(loss)
    before = {name: value.copy() for name, value in session.gradients(len(session)).items()}
    optimizer = optim.SGD(parameters, lr=1.0)
    loss.backward()
    optimizer.step()
    loss, _ = network()
    again = debug.Session(loss)
    assert same(session.gradients(len(session)), before)
    assert [session.explain(i) for i in range(len(session))] == [again.explain(i) for i in range(len(again))]


def test_after_backward_a_session_needs_what_record_keeps():
    with debug.record():
        loss, parameters = network()
        loss.backward()
        assert debug.Session(loss).gradient(parameters[0], len(debug.Session(loss))) is not None
    np.testing.assert_array_equal(debug.why(loss, parameters[1]).total, parameters[1].grad.value)
    with pytest.raises(RuntimeError, match="a second time"):  # what is kept is kept for the debugger alone
        loss.backward()
    loss, _ = network()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"with debug\.record"):
        debug.Session(loss)


def test_a_rule_that_raises_ends_the_steps_there():
    x = Tensor(2.0, requires_grad=True, name="x")

    @custom_vjp
    def broken(a):
        return a * 1

    @broken.backward
    def _(g):
        raise ZeroDivisionError("no gradient today")

    session = debug.Session(broken(x * 3) * x)
    assert isinstance(session.error, ZeroDivisionError)
    session.goto(len(session))
    assert session.gradient(x) == 6
    assert session.current.kind == "edge"


def test_names_come_from_variables_models_and_assignments():
    model = nn.MLP([2, 3, 1], rng=0)
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    plain = debug.Session((model(x) ** 2).sum())
    assert {"x", "0.weight", "2.bias"} <= set(plain.names.values())
    with debug.record():

        def inner(z):
            half = z / 2
            for _ in range(2):
                half = np.tanh(half)
            return half

        y = inner(x).sum()
    session = debug.Session(y)
    assert [session.names[node] for node in session.nodes] == [
        "x",
        "half",
        "a",
        "half_2",
        "y",
    ]  # of a loop on one line, the last


def test_names_are_given_once():
    x = Tensor(1.0, requires_grad=True, name="x")
    other = Tensor(2.0, requires_grad=True, name="x")
    session = debug.Session(x * other + Tensor(3.0, requires_grad=True))
    assert sorted(session.names.values()) == ["a", "b", "g", "x", "x_2"]


def test_lines_and_modules_are_those_of_the_user():
    with debug.record():
        model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Sequential(nn.Tanh(), nn.Linear(3, 1, rng=0)))
        loss = nn.MSELoss()(model(np.ones((1, 2), np.float32)), np.zeros((1, 1), np.float32))
    session = debug.Session(loss)
    made = {session.module(n): session.line(n) for n in session.nodes if n.op is not None}
    assert list(made) == ["0", "1.0", "1.1", "MSELoss"]
    assert len(set(made.values())) == 1
    assert next(iter(made.values())).startswith("test_debug.py:")


def test_errors():
    g, *_ = example()
    session = debug.Session(g)
    for position in (-1, 13):
        with pytest.raises(ValueError, match="positions 0 to 12"):
            session.goto(position)
    with pytest.raises(KeyError, match="w1, w2"):
        session.find("w3")
    with pytest.raises(KeyError, match="no node of this graph"):
        session.gradient(Tensor(1.0, name="u"))
    with pytest.raises(ValueError, match="not of kind"):
        session.contribution(1)
    with pytest.raises(ValueError, match="does not require grad"):
        debug.Session(Tensor(1.0))
    with pytest.raises(ValueError, match="needs to know what to minimise"):
        debug.Session(Tensor([1.0, 2.0], requires_grad=True) * 2)
    assert debug.Session(Tensor([1.0, 2.0], requires_grad=True) * 2, gradient=[1.0, 0.0]).loss.shape == (2,)


@pytest.mark.parametrize("make", [lambda: example()[0], lambda: network()[0]], ids=["example", "network"])
def test_a_drawing_is_whole(make):
    loss = make()
    session = debug.Session(loss)
    svg = ET.fromstring(debug.draw(loss))
    texts = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    boxes = list(svg.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(boxes) == len(session.nodes)
    assert len({(b.get("x"), b.get("y")) for b in boxes}) == len(boxes)  # none upon another
    for name in session.names.values():
        assert any(t.startswith(name) for t in texts if t)
    width, height = map(float, svg.get("viewBox").split()[2:])
    assert all(0 <= float(b.get("x")) < width and 0 <= float(b.get("y")) < height for b in boxes)
