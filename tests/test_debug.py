"""The debugger's first room: its steps are the engine's, both ways, and its sums are the gradients."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import Tensor, debug, nn


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return w1**3 * w2 + 3 * w1, w1, w2


def network():
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), name="x")
    model = nn.MLP([3, 5, 2], activation="tanh", rng=0)
    return nn.CrossEntropyLoss()(model(x), np.array([0, 1, 1, 0])), list(model.parameters())


def test_A1_every_step_of_the_example():
    g, w1, w2 = example()
    session = debug.Session(g)
    assert [session.step() for _ in range(len(session))] == [
        "a = w1^3 = 2^3 = 8",
        "b = a·w2 = 8·3 = 24",
        "c = 3·w1 = 3·2 = 6",
        "g = b + c = 24 + 6 = 30",
        "∂g/∂g = 1",
        "∂g/∂b += ∂g/∂g = 1",
        "∂g/∂c += ∂g/∂g = 1",
        "∂g/∂w1 += ∂g/∂c·3 = 1·3 = 3",
        "∂g/∂a += ∂g/∂b·w2 = 1·3 = 3",
        "∂g/∂w2 += ∂g/∂b·a = 1·8 = 8",
        "∂g/∂w1 += ∂g/∂a·3·w1^2 = 3·3·2^2 = 36",
    ]
    assert (session.gradients()[w1], session.gradients()[w2]) == (39, 8)
    why = debug.why(g, w1)
    assert sorted(value for _, value in why) == [3, 36]
    assert why.total == 39
    assert str(debug.why(g, w2)) == "∂g/∂w2 = 8: 8 through b = a·w2"


@pytest.mark.parametrize("make", [lambda: (example()[0], example()), network], ids=["example", "network"])
def test_a_session_ends_where_backward_does(make):
    loss, parameters = network() if make is network else (lambda e: (e[0], e[1:]))(example())
    session = debug.Session(loss)
    session.goto(len(session))
    found = session.gradients()
    loss.backward()  # a session has freed nothing
    for p in parameters:
        np.testing.assert_array_equal(found[p], p.grad.value)
        assert found[p].dtype == p.dtype


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(["step", "reverse_step", "goto"]), max_size=40), st.integers(0, 11))
def test_going_to_and_fro_leaves_the_same_state_as_going_straight(walk, place):
    g, *_ = example()
    session, straight = debug.Session(g), debug.Session(g)
    for move in walk:
        session.goto(place) if move == "goto" else getattr(session, move)()
    straight.goto(session.position)
    assert session.gradients() == straight.gradients()
    assert session.explain() == straight.explain()
    assert [session.missing(n) for n in session.nodes] == [straight.missing(n) for n in straight.nodes]


def test_contributions_sum_to_the_gradient_for_every_parameter():
    loss, parameters = network()
    totals = [debug.why(loss, p).total for p in parameters]
    loss.backward()
    for total, p in zip(totals, parameters, strict=True):
        np.testing.assert_array_equal(total, p.grad.value)


def test_what_no_path_leads_to_is_said():
    g, *_ = example()
    assert str(debug.why(g, Tensor(1.0, requires_grad=True, name="u"))) == "∂g/∂u = 0: no path leads from g to u"


def test_names_are_given_once():
    x = Tensor(1.0, requires_grad=True, name="x")
    twin = Tensor(2.0, requires_grad=True, name="x")
    unnamed = Tensor(3.0, requires_grad=True)
    session = debug.Session(x * twin + unnamed)
    assert sorted(session.names.values()) == ["a", "b", "g", "x", "x_2"]


def test_errors():
    g, *_ = example()
    session = debug.Session(g)
    for position in (-1, 12):
        with pytest.raises(ValueError, match="positions 0 to 11"):
            session.goto(position)
    g.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        debug.Session(g)


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
