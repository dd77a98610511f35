"""A rule spelled as a formula says what the rule computes: SymPy differentiates the row's function and compares."""

import re

import numpy as np
import pytest
import sympy as sp

from autograd_core import Tensor
from autograd_core.backward import ancestors, contributions
from autograd_core.ops import elementwise, rows
from autograd_core.ops.shapes import unbroadcast
from autograd_core.symbol import Symbol, derivative, edge, show

DIFFERENTIABLE = [op for op in rows() if op.differentiable]


class Step(sp.Function):
    """Rounding down, with the slope 0 that a table of derivatives says (SymPy's own floor has none that it can work out)."""

    @classmethod
    def eval(cls, x):
        return sp.floor(x) if x.is_number else None

    def fdiff(self, argindex=1):
        return sp.Integer(0)


# The rows' functions, written for SymPy by hand: an oracle that shares nothing with the table.
FUNCTIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "square": lambda a: a**2,
    "sqrt": sp.sqrt,
    "cbrt": lambda a: a ** sp.Rational(1, 3),
    "reciprocal": lambda a: 1 / a,
    "absolute": lambda a: sp.Piecewise((a, a >= 0), (-a, True)),
    "exp": sp.exp,
    "exp2": lambda a: 2**a,
    "expm1": lambda a: sp.exp(a) - 1,
    "log": sp.log,
    "log2": lambda a: sp.log(a, 2),
    "log10": lambda a: sp.log(a, 10),
    "log1p": lambda a: sp.log(1 + a),
    "log_base": lambda a, base: sp.log(a) / sp.log(base),
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "cot": sp.cot, "sec": sp.sec, "csc": sp.csc,
    "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
    "arcsinh": sp.asinh, "arccosh": sp.acosh, "arctanh": sp.atanh,
    "deg2rad": lambda a: a * sp.pi / 180, "rad2deg": lambda a: a * 180 / sp.pi,
    "fabs": lambda a: sp.Piecewise((a, a >= 0), (-a, True)),
    "sinc": lambda a: sp.sin(sp.pi * a) / (sp.pi * a),
    "erf": sp.erf,
    "normal_cdf": lambda a: (1 + sp.erf(a / sp.sqrt(2))) / 2,
    "arctan2": lambda a, b: 2 * sp.atan((sp.sqrt(a**2 + b**2) - b) / a),
    "hypot": lambda a, b: sp.sqrt(a**2 + b**2),
    "logaddexp": lambda a, b: sp.log(sp.exp(a) + sp.exp(b)),
    "logaddexp2": lambda a, b: sp.log(2**a + 2**b, 2),
    "fmax": lambda a, b: sp.Piecewise((a, a > b), (b, True)),
    "fmin": lambda a, b: sp.Piecewise((a, a < b), (b, True)),
    "remainder": lambda a, b: a - b * Step(a / b),
    "fmod": lambda a, b: a + b * Step(-a / b),  # of a quotient below 0
    "floor_divide": lambda a, b: Step(a / b),
    "copysign": lambda a, b: sp.Piecewise((a, a >= 0), (-a, True)) * sp.Piecewise((1, b >= 0), (-1, True)),
    "heaviside": lambda a, b: sp.Piecewise((0, a < 0), (1, a > 0), (b, True)),
    "maximum": lambda a, b: sp.Piecewise((a, a > b), (b, True)),
    "minimum": lambda a, b: sp.Piecewise((a, a < b), (b, True)),
    "clip": lambda a, a_min, a_max: sp.Piecewise((a_min, a < a_min), (a_max, a > a_max), (a, True)),
    "relu": lambda a: sp.Piecewise((a, a > 0), (0, True)),
    "leaky_relu": lambda a, slope: sp.Piecewise((a, a > 0), (a * slope, True)),
    "prelu": lambda a, slope: sp.Piecewise((a, a > 0), (a * slope, True)),
    "elu": lambda a, alpha: sp.Piecewise((a, a > 0), (alpha * (sp.exp(a) - 1), True)),
    "swish": lambda a, beta: a / (1 + sp.exp(-beta * a)),
    "mish": lambda a: a * sp.tanh(sp.log(1 + sp.exp(a))),
    "squared_error": lambda o, t: (o - t) ** 2,
    "sigmoid": lambda a: 1 / (1 + sp.exp(-a)),
    "softplus": lambda a: sp.log(1 + sp.exp(a)),
    "huber": lambda a, delta: sp.Piecewise((a**2 / 2, sp.Abs(a) < delta), (delta * (sp.sqrt(a**2) - delta / 2), True)),
    "bce": lambda p, t: -t * sp.log(p) - (1 - t) * sp.log(1 - p),
    "bce_slope": lambda p, t: (p - t) / (p * (1 - p)),
    "alpha_loss": lambda p, alpha: -sp.log(p) if alpha == 1 else (1 - p ** (1 - 1 / alpha)) / (1 - 1 / alpha),
    "alpha_loss_of_log": lambda a, alpha: -a if alpha == 1 else (1 - sp.exp((1 - 1 / alpha) * a)) / (1 - 1 / alpha),
    "bce_with_logits": lambda z, t: -t * sp.log(1 / (1 + sp.exp(-z))) - (1 - t) * sp.log(1 - 1 / (1 + sp.exp(-z))),
}  # fmt: skip
FLAT = ("sign", "floor", "ceil", "rint", "trunc", "round")  # constant between their jumps
# A few extreme arguments as well: both sides of a kink, and a negative number that needs brackets.
MORE_POINTS = {
    "absolute": [(-1.25,)], "relu": [(-0.75,)], "leaky_relu": [(-0.75,)], "prelu": [(-0.75, 0.25)], "elu": [(-0.75,)], "clip": [(-1.5,), (1.75,), (0.25,)],
    "maximum": [(1.5, -0.5), (-1.5, 0.5)], "minimum": [(1.5, -0.5), (-1.5, 0.5)], "power": [(0.5, -1.25)], "divide": [(-1.5, -0.75)],
    "fabs": [(-1.25,)], "sinc": [(0.125,), (-1.75,)], "arctan2": [(-1.5, -0.75)], "copysign": [(-1.5, 0.5)], "huber": [(-1.5,), (0.25,)], "heaviside": [(0.0, 0.75)],
    "fmax": [(1.5, -0.5), (-1.5, 0.5)], "fmin": [(1.5, -0.5), (-1.5, 0.5)], "remainder": [(-2.75, 0.5), (2.75, -0.5)], "normal_cdf": [(-6.5,)],
}  # fmt: skip

# What the text style writes, as SymPy reads it.
NAMES = {
    "ln": sp.log, "log": sp.log, "sigma": FUNCTIONS["sigmoid"], "where": lambda c, x, y: sp.Piecewise((x, c), (y, True)),
    "minimum": sp.Min, "sign": sp.sign, "floor": sp.floor, "rint": lambda x: sp.floor(x + sp.Rational(1, 2)), "hypot": FUNCTIONS["hypot"],
    "copysign": lambda x, y: sp.Abs(x) * sp.sign(y), "sqrt": sp.sqrt, "exp": sp.exp, **{n: FUNCTIONS[n] for n in ("sin", "cos", "tan", "sinh", "cosh", "relu")},
}  # fmt: skip


def read(text, **values):
    """The number that a spelled formula stands for, letters replaced by values."""
    for ours, theirs in {"·": "*", "^": "**", "σ": "sigma"}.items():
        text = text.replace(ours, theirs)
    text = re.sub(r"([\w.]+) = ([\w.]+)", r"Eq(\1, \2)", text)
    text = re.sub(r"\(([-\w.]+) ([<>]=?) ([\w.]+)\)", r"where(\1 \2 \3, 1, 0)", text)  # a mask counts as a number
    expression = sp.sympify(text, locals=NAMES | {n: sp.Symbol(n) for n in values})
    assert expression.free_symbols <= {sp.Symbol(n) for n in values}, f"{text} has letters nobody knows"
    return float(expression.subs({sp.Symbol(n): v for n, v in values.items()}))


def scalar_samples(op, seed=0):
    """The row's samples that are numbers, not arrays."""
    rng = np.random.default_rng(seed)
    samples = op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape))
    return [(inputs, params) for inputs, params in samples if not any(np.ndim(x) for x in inputs)]


def points(op):
    """Scalar arguments from the row's own domain, rounded so that they are shown exactly, and the row's parameters."""
    for seed in range(3):
        for inputs, params in scalar_samples(op, seed):
            yield tuple(round(float(x), 3) for x in inputs), op.bind(params)
    for inputs in MORE_POINTS.get(op.name, []):
        yield inputs, op.bind(params)


EDGES = [
    (op, i) for op in DIFFERENTIABLE if op.name in FUNCTIONS for i in range(len(op.inputs)) if op.rules[op.inputs[i]]
]


def test_every_function_of_numbers_has_an_oracle():
    of_numbers = {op.name for op in DIFFERENTIABLE if scalar_samples(op)}
    assert of_numbers - set(FUNCTIONS) - set(FLAT) == {"broadcast_to"}, "write the functions of new rows for SymPy"
    assert set(FUNCTIONS) <= of_numbers


@pytest.mark.parametrize(("op", "i"), EDGES, ids=lambda x: getattr(x, "name", x))
def test_rules_and_formulas_against_sympy(op, i):
    function = FUNCTIONS[op.name]
    for inputs, params in points(op):
        letters = [sp.Symbol(n) for n in op.inputs]
        at = dict(zip(letters, inputs, strict=True))
        formula = function(*letters, **{n: v for n, v in params.items() if n != "reduction"})
        y = float(sp.sympify(formula).subs(at))
        assert float(op(*inputs, **params)) == pytest.approx(y, rel=1e-12, abs=1e-14), "the kernel itself"
        expected = 1.5 * float(sp.diff(formula, letters[i]).subs(at))
        spelled = edge(
            op, i, [Symbol(n, x) for n, x in zip(op.inputs, inputs, strict=True)], params, upstream=Symbol("g", 1.5)
        )
        assert float(spelled.value) == pytest.approx(expected, rel=1e-10, abs=1e-12), "the rule"
        named = read(spelled.spell("text"), g=1.5, y=y, **dict(zip(op.inputs, inputs, strict=True)))
        assert named == pytest.approx(expected, rel=1e-5, abs=1e-9), spelled.spell("text")  # constants have six digits
        numbers = spelled.spell("numbers")
        assert read(numbers) == pytest.approx(expected, rel=1e-3, abs=1e-5), numbers


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_function_spells_zero(name):
    op = next(op for op in DIFFERENTIABLE if op.name == name)
    assert derivative(op).spell() == "0"
    assert not np.any(derivative(op).value)


def test_the_oracle_notices_a_wrong_rule(monkeypatch):
    ((i, _, pick),) = elementwise.tanh.edges
    monkeypatch.setattr(elementwise.tanh, "edges", ((i, lambda g, y: g * (1 + y * y), pick),))
    with pytest.raises(AssertionError):
        test_rules_and_formulas_against_sympy(elementwise.tanh, 0)


# --- the Symbol's value is the rule's --------------------------------------------------------------------------------


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_the_value_of_a_formula_is_the_contribution_of_the_pass(op):
    rng = np.random.default_rng(1)
    for inputs, params in op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)):
        params = op.bind(params)
        leaves = [Tensor(x, requires_grad=True) if np.asarray(x).dtype.kind == "f" else x for x in inputs]
        y = op(*leaves, **params)
        names = op.inputs if not op.variadic else [f"x{k + 1}" for k in range(len(inputs))]
        symbols = [Symbol(n, x) for n, x in zip(names, inputs, strict=True)]
        for _, i, x, _, contribution in contributions(ancestors([y]), {y: np.ones_like(y.value)}):
            value = np.asarray(edge(op, i, symbols, params).value)
            value = np.broadcast_to(value, np.broadcast_shapes(value.shape, x.shape))
            if value.shape != x.shape:
                value = unbroadcast(value, shape=x.shape)
            np.testing.assert_allclose(value, contribution, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.definition], ids=lambda op: op.name)
def test_a_definition_in_primitives_equals_its_kernel(op):
    rng = np.random.default_rng(2)
    for inputs, params in op.samples(lambda shape=(), low=-2.0, high=2.0: rng.uniform(low, high, shape)):
        if params.get("reduction", "none") != "none":
            continue  # a definition is that of the single losses
        expected = op(*inputs, **params)
        params = {n: v for n, v in params.items() if n != "reduction"}
        np.testing.assert_allclose(op.definition(*inputs, **params), expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            op.definition(*[Tensor(x) for x in inputs], **params).value, expected, rtol=1e-12, atol=1e-14
        )


# --- LaTeX and text are well formed ----------------------------------------------------------------------------------


def balanced(text):
    stack = []
    for sign in text:
        if sign in "{([":
            stack.append(sign)
        elif sign in "})]" and (not stack or "{([".index(stack.pop()) != "})]".index(sign)):
            return False
    return not stack


def well_formed(latex):
    return (
        balanced(latex)
        and latex.count(r"\left") == latex.count(r"\right")
        and not re.search(r"\\frac(?!\{)|\^\^|\^\s*$|\{\}", latex)
    )


@pytest.mark.parametrize(
    ("latex", "good"),
    [
        (r"\frac{a}{b}", True),
        (r"\left(a", False),
        ("{(a})", False),
        ("a}{b", False),
        (r"\frac a b", False),
        ("a^", False),
    ],
)
def test_the_checker_of_latex(latex, good):
    assert well_formed(latex) == good


ALL_EDGES = [
    (op, i)
    for op in DIFFERENTIABLE
    for i in range(2 if op.variadic else len(op.inputs))
    if op.variadic or op.rules[op.inputs[i]]
]


@pytest.mark.parametrize(("op", "i"), ALL_EDGES, ids=lambda x: getattr(x, "name", x))
def test_every_rule_spells_in_every_style(op, i):
    spelled = derivative(op, i)
    latex, text = spelled.spell("latex"), spelled.spell("text")
    assert well_formed(latex), latex
    assert balanced(text), text
    assert balanced(spelled.spell("numbers"))
    for said in (latex, text):
        assert not re.search(r"array|object|<|slice\(|None|Tensor|Symbol|lambda|nan", said.replace(" < ", "")), (
            f"Python shows through: {said}"
        )
    assert set(re.findall(r"\b[a-z]\b", text)) <= {"g", "y", *op.inputs, *op.saved, "x"}


@pytest.mark.parametrize("op", list(rows()), ids=lambda op: op.name)
def test_every_row_is_written_well(op):
    assert well_formed(op.latex), op.latex
    assert balanced(op.text)
    assert op.words
    if not op.variadic:
        symbols = [Symbol("uv", 0.5) for _ in op.inputs]
        out = Symbol(op.name, 0.5)
        out.op, out.inputs, out.params = op, tuple(symbols), op.params
        assert well_formed(out.spell("latex"))
        if op.differentiable:  # a constant may go by a letter of its own
            assert "uv" in out.spell("text")


a, b, c = Symbol("a", 2.0), Symbol("b", 3.0), Symbol("c", -0.5)
PRECEDENCE = [
    (a + b * c, "a + b·c", r"a + b \cdot c"),
    ((a + b) * c, "(a + b)·c", r"\left(a + b\right) \cdot c"),
    (a - (b - c), "a - (b - c)", r"a - \left(b - c\right)"),
    (a - b - c, "a - b - c", "a - b - c"),
    (a - b * c, "a - b·c", r"a - b \cdot c"),
    (-(a + b), "-(a + b)", r"-\left(a + b\right)"),
    (a / (b * c), "a / (b·c)", r"\frac{a}{b \cdot c}"),
    (a / b / c, "a / b / c", r"\frac{\frac{a}{b}}{c}"),
    (a / (b / c), "a / (b / c)", r"\frac{a}{\frac{b}{c}}"),
    ((a + b) ** 2, "(a + b)^2", r"\left(a + b\right)^{2}"),
    ((-a) ** 2, "(-a)^2", r"\left(-a\right)^{2}"),
    (-(a**2), "-a^2", "-a^{2}"),
    ((a**b) ** c, "(a^b)^c", r"\left(a^{b}\right)^{c}"),
    (a ** (b + c), "a^(b + c)", "a^{b + c}"),
    (a * (-b), "a·(-b)", r"a \cdot \left(-b\right)"),
    (a * -2.0, "a·(-2)", r"a \cdot \left(-2\right)"),
    (np.exp(a + b), "exp(a + b)", "e^{a + b}"),
    (np.sqrt(a + b) * 2, "sqrt(a + b)·2", r"\sqrt{a + b} \cdot 2"),
]


@pytest.mark.parametrize(("formula", "text", "latex"), PRECEDENCE, ids=[text for _, text, _ in PRECEDENCE])
def test_brackets_stand_where_they_are_needed_and_only_there(formula, text, latex):
    assert (formula.spell("text"), formula.spell("latex")) == (text, latex)
    assert read(text, a=2.0, b=3.0, c=-0.5) == pytest.approx(float(np.real(formula.value)))
    assert read(formula.spell("numbers")) == pytest.approx(float(formula.value))


def test_a_known_condition_spells_the_side_that_is_taken():
    assert np.where(a > 1, a * b, b).spell() == "a·b"
    assert np.where(a > 5, a * b, b).spell() == "b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1 + 0.2, "0.3"),
        (-2.0, "-2"),
        (1e-12, "1e-12"),
        (3, "3"),
        (True, "1"),
        (np.zeros((2, 3)), "[2×3]"),
        (np.float32(0.5), "0.5"),
    ],
)
def test_numbers_as_they_are_shown(value, shown):
    assert show(value) == shown


def test_repr_and_rich_display():
    assert repr(a * b) == "Symbol('a·b', 6)"
    assert (a * b)._repr_latex_() == r"$a \cdot b$"
