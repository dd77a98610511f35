"""Explanations: what they say is what the pass computed, in every style, for whole arrays and for single elements."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from test_random_programs import programs, reproducible, run

from autograd_core import Tensor, debug, nn
from autograd_core.backward import ancestors, contributions
from autograd_core.debug.explanations.elements import broadcast_sum, element
from autograd_core.debug.explanations.formulas import beside, reads
from autograd_core.debug.explanations.mathml import mathml
from autograd_core.debug.explanations.writing import letter
from autograd_core.ops import matmul, rows
from autograd_core.symbol import Symbol, derivative, edge

DIFFERENTIABLE = [op for op in rows() if op.differentiable]


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return debug.Session(w1**3 * w2 + 3 * w1)


def network():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(4, 3)), name="x")
    w, v = (Tensor(rng.normal(size=s), requires_grad=True, name=n) for s, n in (((3, 5), "W"), ((5,), "v")))
    b = Tensor(rng.normal(size=5), requires_grad=True, name="b")
    return debug.Session((np.tanh(x @ w + b) @ v).mean())


TEXT = [
    "before the first step",
    "a = w1³ = 2³ = 8",
    "b = a·w2 = 8·3 = 24",
    "c = 3·w1 = 3·2 = 6",
    "g = b + c = 24 + 6 = 30",
    "∂g/∂g = 1",
    "∂g/∂b += ∂g/∂g · 1 = 1 · 1 = 1",
    "∂g/∂c += ∂g/∂g · 1 = 1 · 1 = 1",
    "∂g/∂w1 += ∂g/∂c · ∂c/∂w1 = 1 · 3 = 3",
    "∂g/∂a += ∂g/∂b · ∂b/∂a = 1 · w2 = 1 · 3 = 3",
    "∂g/∂w2 += ∂g/∂b · ∂b/∂w2 = 1 · a = 1 · 8 = 8",
    "∂g/∂w1 += ∂g/∂a · ∂a/∂w1 = 3 · 3·w1² = 3 · 12 = 36",
    "∂g/∂w1 = 3 + 36 = 39",
]


def test_A1_every_step_in_text():
    session = example()
    assert [session.explain(k) for k in range(len(session) + 1)] == TEXT


def test_a_step_in_latex_in_mathml_and_in_words():
    session = example()
    assert session.explain(11, style="latex") == (
        r"\frac{\partial g}{\partial w_{1}} += \frac{\partial g}{\partial a} \cdot \frac{\partial a}{\partial w_{1}} "
        r"= 3 \cdot 3 \cdot w_{1}^{2} = 3 \cdot 12 = 36"
    )
    read = "".join(ET.fromstring(session.explain(11, style="mathml")).itertext())
    assert read == "∂g∂w1+=∂g∂a·∂a∂w1=3·3·w12=3·12=36"
    assert session.explain(11, style="words").startswith("power, from a to w1: the exponent comes down as a factor")
    assert "used in several places" in session.explain(12, style="words")
    for style in ("latex", "mathml", "words"):
        assert all(isinstance(session.explain(k, style=style), str) for k in range(len(session) + 1))


def test_a_local_derivative_has_a_name_only_where_it_is_the_edges_own():
    x = Tensor(3.0, requires_grad=True, name="x")
    session = debug.Session(np.sin(x * x) * x)
    said = [session.explain(k) for k in range(1, len(session) + 1)]
    assert "∂g/∂x += ∂g/∂g · b = 1 · b = 1 · 0.412118 = 0.412118" in said  # not ∂g/∂x, which is the sum of all
    assert [s for s in said if s.startswith("∂g/∂x += ∂g/∂a")] == [
        "∂g/∂x += ∂g/∂a · x = (-2.73339) · x = (-2.73339) · 3 = -8.20017"
    ] * 2


SAID = {"tanh": math.tanh, "mean": lambda x: x}


def test_elements_say_the_sum_that_makes_them():
    session = network()
    said = {session.explain(k).split(" ")[0]: k for k in range(1, len(session) + 1)}
    node = session.find("W")
    text = session.explain(said["∂g/∂W"], index=(2, 0))
    a = next(s.node for s in session.steps if s.kind == "edge" and s.x is node)
    name = session.names[a]
    up = session.gradient(a, len(session))
    x = session.nodes[0].inputs[0] if session.nodes[0].op else a.inputs[0]
    letters = " + ".join(f"x[{k}, 2]·∂g/∂{name}[{k}, 0]" for k in range(4))
    assert text.startswith(f"∂g/∂W[2, 0] += {letters} = ")
    assert float(text.split(" = ")[-1]) == pytest.approx(sum(x.value[k, 2] * up[k, 0] for k in range(4)), rel=1e-5)


@pytest.mark.parametrize("at", [0, -1])
def test_the_numbers_of_every_line_are_equal_to_what_it_ends_with(at):
    session = network()
    checked = 0
    for k in range(1, len(session) + 1):
        step = session.steps[k - 1]
        shape = (step.node if step.x is None else step.x).shape
        text = session.explain(k, index=(at,) * len(shape) if shape else None)
        *_, numbers, value = text.split(" = ")
        if "[" in numbers or "∂" in numbers or "mean" in numbers:
            continue
        numbers = numbers.replace("·", "*").replace("²", "**2")
        assert eval(numbers, SAID.copy()) == pytest.approx(float(value), rel=2e-4, abs=1e-6), text
        checked += 1
    assert checked >= 10


def test_a_long_sum_has_dots_and_its_true_value():
    a, b = np.arange(40.0).reshape(2, 20), np.ones((20, 3))
    x = Tensor(a, requires_grad=True, name="x")
    session = debug.Session((x @ Tensor(b, name="y")).sum())
    text = session.explain(1, index=(1, 2))
    assert text == (
        "a[1, 2] = x[1, 0]·y[0, 2] + x[1, 1]·y[1, 2] + x[1, 2]·y[2, 2] + … + x[1, 19]·y[19, 2] = "
        "20·1 + 21·1 + 22·1 + … + 39·1 = 590"
    )
    assert r"\dots" in session.explain(1, index=(1, 2), style="latex")


def test_a_reduction_to_one_number_says_its_sum():
    x = Tensor([1.0, 2.0, 6.0], requires_grad=True, name="x")
    session = debug.Session(x.mean())
    assert session.explain(1) == "g = mean(x) = mean([3]) = 3"
    assert session.explain(1, index=()) == "g = (x[0] + x[1] + x[2]) / 3 = (1 + 2 + 6) / 3 = 3"


def test_arrays_are_shown_by_shape_and_corner():
    x = Tensor(np.arange(20.0).reshape(4, 5), requires_grad=True, name="x")
    b = Tensor(np.ones(5), requires_grad=True, name="b")
    session = debug.Session((2 * x + b).sum())
    said = [session.explain(k) for k in range(1, len(session) + 1)]
    assert said[0] == "a = 2·x = 2·[4×5] = [4×5] [[0, 2, 4, …], …]"
    assert "∂g/∂b += ∂g/∂c · ∂c/∂b = [4×5] · 1 = [5] [4, 4, 4, …], summed over what was repeated" in said
    k = next(k for k, s in enumerate(said, 1) if s.startswith("∂g/∂b"))
    assert session.explain(k, index=1) == (
        "∂g/∂b[1] += ∂g/∂c[0, 1] + ∂g/∂c[1, 1] + ∂g/∂c[2, 1] + ∂g/∂c[3, 1] = 1 + 1 + 1 + 1 = 4"
    )


def test_hooks_seeds_and_negative_terms():
    x = Tensor([1.0, -2.0], requires_grad=True, name="x")
    h = x * 3
    h.name = "h"
    h.register_hook(lambda g: g * 2)
    y = h * h - x
    session = debug.Session(y, gradient=np.array([1.0, 10.0]))
    said = [session.explain(k) for k in range(1, len(session) + 1)]
    assert "∂y/∂y = [2] [1, 10]" in said
    assert "∂y/∂h = [2] [6, -120], which a hook has changed to [2] [12, -240]" in said
    k = next(k for k, step in enumerate(session.steps, 1) if step.kind == "sum" and step.x.name == "x")
    assert session.explain(k, index=1) == "∂y/∂x[1] = -10 + (-720) = -730"
    for style in ("text", "latex", "mathml", "words"):
        assert all(session.explain(k, style=style) for k in range(1, len(session) + 1))


def test_what_there_is_not():
    session = network()
    with pytest.raises(ValueError, match="text, words, latex, mathml"):
        session.explain(1, style="html")
    with pytest.raises(ValueError, match=r"shape \(4, 5\), there is no element \(4, 0\)"):
        session.explain(1, index=(4, 0))
    with pytest.raises(ValueError, match="one index for each of its 2 axes"):
        session.explain(1, index=2)


@given(programs())
@reproducible(30)
def test_every_step_of_any_program_is_explained(case):
    program, inputs = case
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    loss = run(program, leaves)
    if not loss.requires_grad:
        return
    session = debug.Session(loss, gradient=np.ones(loss.shape))
    for k in range(1, len(session) + 1):
        step = session.steps[k - 1]
        receives = step.node if step.x is None else step.x
        for index in (None, tuple(n - 1 for n in receives.shape)):
            text = session.explain(k, index)
            ET.fromstring(session.explain(k, index, "mathml"))
            assert not re.search(r"array|object|Symbol|Tensor|lambda|None", text), text
        if step.kind in ("forward", "edge") and "nan" not in text:  # of one element: ends with its number
            value = step.node.value if step.x is None else session.contribution(k)
            at = tuple(n - 1 for n in receives.shape)
            assert float(re.split(r" \+?= ", text)[-1]) == pytest.approx(
                float(np.asarray(value)[at]), rel=1e-5, abs=1e-12
            )


# --- every row of the table --------------------------------------------------------------------------------------------


def cases(op):
    rng = np.random.default_rng(1)
    for inputs, params in op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)):
        names = op.inputs if not op.variadic else [f"x{k + 1}" for k in range(len(inputs))]
        yield inputs, op.bind(params), [Symbol(n, x) for n, x in zip(names, inputs, strict=True)]


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_an_element_of_every_row_has_the_value_that_was_computed(op):
    for inputs, params, symbols in cases(op):
        leaves = [Tensor(x, requires_grad=True) if np.asarray(x).dtype.kind == "f" else x for x in inputs]
        y = op(*leaves, **params)
        spelled = op(*symbols, **params)
        if isinstance(spelled, Symbol) and y.ndim:
            at = tuple(n - 1 for n in y.shape)
            if y.size:
                found = element(spelled, at)
                assert float(getattr(found, "value", found)) == pytest.approx(float(y.value[at]), rel=1e-9, abs=1e-12)
        g = Symbol("g", np.random.default_rng(2).normal(size=y.shape))
        for _, i, x, _, contribution in contributions(ancestors([y]), {y: np.asarray(g.value)[()]}):
            formula = edge(op, i, symbols, params, g)
            if not x.ndim or not x.size:
                continue
            at = tuple(n - 1 for n in x.shape)
            found = broadcast_sum(formula, x.shape, at, contribution[at], "text")
            assert float(getattr(found, "value", found)) == pytest.approx(float(contribution[at]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_the_local_derivative_times_what_arrives_is_the_rule(op):
    for inputs, params, symbols in cases(op):
        y = op(*inputs, **params)
        g = Symbol("g", np.full(np.shape(y), 1.5)[()])
        for i in range(len(inputs)):
            if not op.variadic and op.rules[op.inputs[i]] is None:
                continue
            formula = edge(op, i, symbols, params, g)
            local = beside(formula, g)
            if local is not None:
                assert not reads(local, g)
                np.testing.assert_allclose(
                    np.broadcast_to(1.5 * getattr(local, "value", local), formula.shape), formula.value
                )


@pytest.mark.parametrize("op", list(rows()), ids=lambda op: op.name)
def test_every_row_and_every_rule_is_well_formed_mathml(op):
    formulas = [op.latex]
    if op.differentiable:
        formulas += [derivative(op, i).spell("latex") for i, n in enumerate(op.inputs) if op.variadic or op.rules[n]]
    for formula in formulas:
        math = ET.fromstring(mathml(formula))
        assert math.tag.endswith("math")
        assert "\\" not in "".join(math.itertext())


NS = "{http://www.w3.org/1998/Math/MathML}"


@pytest.mark.parametrize(
    ("latex", "tags"),
    [
        (r"\frac{a}{b}", ["mfrac", "mi", "mi"]),
        ("a^2_1", ["msubsup", "mi", "mn", "mn"]),
        (r"\sqrt[3]{a}", ["mroot", "mi", "mn"]),
        (r"\left(a + b\right)^{2}", ["msup", "mrow", "mo", "mi", "mo", "mi", "mo", "mn"]),
        (r"e^{a - 1}", ["msup", "mi", "mrow", "mi", "mo", "mn"]),
        (r"\overline{a}", ["mover", "mi", "mo"]),
        (r"\ln(a)", ["mi", "mo", "mo", "mi", "mo"]),
        (r"\mathrm{a<b\_c}", ["mi"]),
    ],
)
def test_the_structure_of_mathml(latex, tags):
    assert [e.tag.removeprefix(NS) for e in ET.fromstring(mathml(latex)).iter()] == ["math", *tags]


@pytest.mark.parametrize("latex", [r"\foo{a}", r"\frac{a}", "a}", r"\left(a", "{a", r"\mathrm a"])
def test_latex_that_the_table_does_not_use_is_refused(latex):
    with pytest.raises(ValueError, match=re.escape(repr(latex))):
        mathml(latex)


@pytest.mark.parametrize(
    "name", ["w", "w12", "h_2", "W_out", "layers.0.weight", "50% & {x}^~\\", "a<b>", "größe", "x_y_z", "#1"]
)
def test_any_name_is_written_in_every_style(name):
    x = Tensor([2.0, 3.0], requires_grad=True, name=name)
    session = debug.Session((x * x).sum())
    for k in range(1, len(session) + 1):
        for index in (None, 0):
            if (
                index is None
                or (session.steps[k - 1].x if session.steps[k - 1].x is not None else session.steps[k - 1].node).ndim
            ):
                ET.fromstring(session.explain(k, index, "mathml"))
    assert letter(name, "text") == name


def test_fused_rows_and_modules_are_explained():
    model = nn.MLP([3, 4, 2], activation="relu", rng=0)
    loss = nn.CrossEntropyLoss()(model(np.ones((2, 3), np.float32)), np.array([0, 1]))
    session = debug.Session(loss)
    for k in range(1, len(session) + 1):
        step = session.steps[k - 1]
        shape = (step.node if step.x is None else step.x).shape
        assert " = " in session.explain(k, index=(0,) * len(shape))
        ET.fromstring(session.explain(k, style="mathml"))
    first = next(k for k, s in enumerate(session.steps, 1) if s.kind == "forward" and s.node.op.name == "linear")
    assert session.explain(first, index=(1, 3)).count("·") >= 6  # three products, with letters and with numbers


def test_matrix_products_of_any_axes():
    rng = np.random.default_rng(3)
    for s, t in [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((4, 2, 3), (3, 2)),
        ((2, 3), (4, 3, 2)),
        ((2, 1, 2, 3), (4, 3, 2)),
    ]:
        a, b = Symbol("a", rng.normal(size=s)), Symbol("b", rng.normal(size=t))
        y = matmul(a, b)
        for at in np.ndindex(y.shape):
            found = element(y, at)
            assert found.spell().count("·") == 3
            assert float(found.value) == pytest.approx(float(np.asarray(y.value)[at]))


def test_no_letter_stands_for_two_things():
    a, b, p = (Tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((2, 3), "a"), ((3, 2), "b"), ((2, 3), "p")))
    c = a @ b @ np.ones((2, 3))  # the array has no name, and goes by its place in the row, which is b
    session = debug.Session(nn.functional.cross_entropy(c + p, np.array([0, 1])))  # which keeps probabilities as p
    said = [session.explain(i) for i in range(1, len(session) + 1)]
    assert any(" @ b′ = " in line for line in said)
    assert any(" @ b′ᵀ = " in line for line in said)
    assert any("(p′ - t)" in line for line in said)
    assert sum(" @ b = " in line or " @ bᵀ = " in line for line in said) == 2  # where it is the node b
    latex = [session.explain(i, style="latex") for i in range(1, len(session) + 1)]
    assert any(r"{b'}^\top" in line for line in latex)
    for i in range(1, len(session) + 1):
        ET.fromstring(session.explain(i, style="mathml"))


def test_words_say_what_a_row_computes():
    x = Tensor(np.ones((2, 2)), requires_grad=True, name="x")
    session = debug.Session(nn.functional.softmax(nn.Linear(2, 2, rng=0)(x)).sum())
    assert session.explain(1, style="words") == "a is computed by linear: a = x @ weightᵀ + bias"
    assert session.explain(2, style="words").startswith("b is computed by softmax: b = exp(a) / ")


def test_a_long_formula_is_cut_in_text_alone():
    x = Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    session = debug.Session(x.max(axis=1).sum())
    said = session.explain(5)
    assert said.startswith("∂g/∂x += where(bitwise_or(x = a, ")
    assert "sum(…)" in said
    assert len(said) < 300
    assert r"\dots" not in session.explain(5, style="latex")


def test_the_words_of_a_seed_that_is_not_one():
    session = debug.Session(Tensor(2.0, requires_grad=True, name="w") ** 2, gradient=3.0)
    assert (
        session.explain(2, style="words") == "the pass begins at the result g, with the gradient that was given for it"
    )


def test_a_line_of_several_statements_names_nothing():
    with debug.record():
        w = Tensor(2.0, requires_grad=True); losses = [w * 3]  # fmt: skip  # noqa: E702
    (name,) = [n for node, n in debug.Session(losses[0]).names.items() if node.op is not None]
    assert name == "g"
