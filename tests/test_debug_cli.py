"""`autograd-core explain`: the transcript, the files it writes, and a sentence for everything that is not allowed."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autograd_core.__main__ import main
from autograd_core.debug.explanations.classroom import Lesson
from autograd_core.debug.explanations.expressions import constant, evaluate, functions

TRANSCRIPT = """\
g = w1**3*w2 + 3*w1   at w1 = 2, w2 = 3

Forward
  a = w1³ = 2³ = 8
  b = a·w2 = 8·3 = 24
  c = 3·w1 = 3·2 = 6
  g = b + c = 24 + 6 = 30

Backward
  ∂g/∂g = 1
  ∂g/∂b += ∂g/∂g · 1 = 1 · 1 = 1
  ∂g/∂c += ∂g/∂g · 1 = 1 · 1 = 1
  ∂g/∂w1 += ∂g/∂c · ∂c/∂w1 = 1 · 3 = 3
  ∂g/∂a += ∂g/∂b · ∂b/∂a = 1 · w2 = 1 · 3 = 3
  ∂g/∂w2 += ∂g/∂b · ∂b/∂w2 = 1 · a = 1 · 8 = 8
  ∂g/∂w1 += ∂g/∂a · ∂a/∂w1 = 3 · 3·w1² = 3 · 12 = 36
  ∂g/∂w1 = 3 + 36 = 39

Contributions
  ∂g/∂w1 = 3 + 36 = 39
    3 through c = 3·w1
      g ← c ← w1
    36 through a = w1³
      g ← b ← a ← w1
  ∂g/∂w2 = 8
    8 through b = a·w2
      g ← b ← w2

Result
  ∂g/∂w1 = 39
  ∂g/∂w2 = 8
"""
EXAMPLE = ["explain", "w1**3*w2 + 3*w1", "w1=2", "w2=3"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*argv):
    return main([str(a) for a in argv])


def test_A1_the_transcript(capsys):
    assert run(*EXAMPLE) == 0
    assert capsys.readouterr().out == TRANSCRIPT


def test_latex(capsys):
    assert run(*EXAMPLE, "--latex") == 0
    said = capsys.readouterr().out
    assert r"\frac{\partial g}{\partial w_{1}} &= 3 + 36 = 39" in said
    assert said.count(r"\begin{align*}") == said.count(r"\end{align*}") == 4
    assert said.count("{") == said.count("}")


def test_a_page_of_its_own(capsys):
    assert run(*EXAMPLE, "--html", "lesson.html", "--svg", "graph.svg") == 0
    assert capsys.readouterr().out == "wrote lesson.html\nwrote graph.svg\n"
    page = Path("lesson.html").read_text(encoding="utf-8")
    ET.fromstring(
        page.partition("\n")[2].replace(
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">', ""
        )
    )
    assert page.count("<math") == 2 + 4 + 8 + 2
    addresses = set(re.findall(r"https?://[^\s\"'<>]*", page))
    assert all(a.startswith("http://www.w3.org/") for a in addresses), "nothing is loaded from elsewhere"
    assert ET.parse("graph.svg").getroot().tag.endswith("svg")


def test_a_worksheet_and_its_answers(capsys):
    assert run(*EXAMPLE, "--worksheet") == 0
    said = capsys.readouterr().out
    assert said.count("______") == 13
    assert "39" not in said
    assert run(*EXAMPLE, "--answers", "8, 24, 6, 30, 1, 1, 3, 3, 12, 1, 1, 3, 39") == 0
    assert capsys.readouterr().out == "all right\n"
    assert run(*EXAMPLE, "--answers", "8, , 6, 30, 1, 1, 3, 3, 12, 1, 1, 3, 36") == 0
    said = capsys.readouterr().out
    assert "(13) ∂g/∂w1 = 36: wrong. this is what comes through a alone" in said
    assert "1 are open" in said
    assert run(*EXAMPLE, "--worksheet", "--by", "w2") == 0
    assert "∂g/∂w2 = " in capsys.readouterr().out
    assert run(*EXAMPLE, "--worksheet", "--html", "sheet.html") == 0
    page = Path("sheet.html").read_text(encoding="utf-8")
    assert page.count("<input") == 13
    assert "39" not in page


NUMERIC = [
    ("mean((W @ x - t)**2)", {"W": "[[1,2],[3,4]]", "x": "[1,-1]", "t": "[0,1]"}, lambda W, x, t: np.mean((W @ x - t) ** 2)),
    ("sum(sin(x)*exp(-x))", {"x": "[0.5, 1, 2]"}, lambda x: np.sum(np.sin(x) * np.exp(-x))),
    ("log(x) / sqrt(y) + abs(z)", {"x": "2", "y": "3", "z": "-1.5"}, lambda x, y, z: np.log(x) / np.sqrt(y) + abs(z)),
    ("sum(softmax(a) * [1, 2, 3])", {"a": "[0.1, 0.2, -1]"}, lambda a: np.sum(np.exp(a) / np.exp(a).sum() * [1, 2, 3])),
    ("sigmoid(w*x + b) ** 2", {"w": "0.5", "x": "2", "b": "-1"}, lambda w, x, b: (1 / (1 + np.exp(-(w * x + b)))) ** 2),
    ("sum([x, x**2, 1/y])", {"x": "3/2", "y": "pi/2"}, lambda x, y: x + x**2 + 1 / y),
    ("where(x > 1, x**2, x)", {"x": "2"}, lambda x: x**2),
    ("tanh(mean(v, axis=0) @ u)", {"v": "[[1,2],[0,1]]", "u": "[0.5,-1]"}, lambda v, u: np.tanh(v.mean(0) @ u)),
    ("f*g + L*y", {"f": "2", "g": "3", "L": "4", "y": "5"}, lambda f, g, L, y: f * g + L * y),
    ("x", {"x": "4"}, lambda x: x),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "values", "function"), NUMERIC, ids=[e for e, *_ in NUMERIC])
def test_results_against_finite_differences(expression, values, function, capsys):
    assert run("explain", expression, *(f"{n}={v}" for n, v in values.items())) == 0
    assert "Result" in capsys.readouterr().out
    lesson = Lesson(expression, [f"{n}={v}" for n, v in values.items()])
    at = {n: np.asarray(constant(v)) for n, v in values.items()}
    assert float(lesson.session.loss.value) == pytest.approx(float(function(**at)))
    for name, value in at.items():
        found = np.asarray(lesson.session.gradient(name, len(lesson.session)))
        for index in np.ndindex(value.shape):
            step = np.zeros(value.shape)
            step[index] = 1e-6
            up, down = (function(**(at | {name: value + s * step})) for s in (1, -1))
            assert float(found[index]) == pytest.approx(float((up - down) / 2e-6), rel=1e-6, abs=1e-8)


REFUSED = [
    ("__import__('os').system('true')", "is not allowed"),
    ("__import__", "is not allowed"),
    ("w1.real", "'w1.real' is not allowed"),
    ("w1.__class__", "is not allowed"),
    ("().__class__.__bases__", "is not allowed"),
    ("open(w1)", "'open' is not allowed"),
    ("eval('1')", "'eval' is not allowed"),
    ("(lambda: 1)()", "is not allowed"),
    ("[w1 for _ in [1]]", "is not allowed"),
    ("{'a': w1}", "is not allowed"),
    ("w1 if w1 else 2", "is not allowed"),
    ("w1[0]", "is not allowed"),
    ("w1 < w1 < w1", "is not allowed"),
    ("w1 and w1", "is not allowed"),
    ("w1 // 2", "is not allowed"),
    ("w1 | 2", "is not allowed"),
    ("~w1", "is not allowed"),
    ("'a' * 1000", "is not allowed"),
    ("True * w1", "is not allowed"),
    ("2j * w1", "is not allowed"),
    ("f'{w1}'", "is not allowed"),
    ("sum(*w1)", "is not allowed"),
    ("sum(**w1)", "has no keyword"),
    ("np.sin(w1)", "is not allowed"),
    ("reshape(w1)", "'reshape' is not allowed"),
    ("einsum(w1)", "'einsum' is not allowed"),
    ("snh(w1)", "did you mean sinh"),
    ("w1**1000", "the exponent 1000 is too large; at most 100"),
    ("9**9**9*w1", "too large"),
    ("w1**(9**99)", "too large"),
    ("2**w1**200", "too large"),
    ("w1" + "+w1" * 300, "902 characters; at most 500"),
    ("-" * 60 + "w1", "nested deeper than 40"),
    ("(" * 220 + "w1" + ")" * 220, "no expression"),
    ("+".join(["1"] * 249) + "+w1", "parts; at most 200"),
    ("sum(outer(outer([" + "1," * 40 + "1],[" + "1," * 40 + "1])," + "[" + "1," * 20 + "1]))*w1", "more than 10000 elements"),
    ("w1 +", "is no expression"),
    ("", "is no expression"),
    ("w1; w1", "is no expression"),
    ("w1 = 3", "is no expression"),
    ("w2", "w2 has no value; write w2=2"),
    ("sin", "sin is a function; write sin"),
    ("1 + 1", "no variable in it"),
    ("exp(1000*w1)", "is inf: choose values"),
    ("log(0 - w1)", "is nan: choose values"),
    ("1/0*w1", "division by zero"),
    ("outer([1, 2], [w1, w1])", "derivatives are of one number"),
    ("matmul(w1, w1)", "values of these shapes"),
    ("[1, 2] @ [1, 2, 3] * w1", "cannot be computed"),
    ("[1, [2, 3]] * w1", "is no array"),
    ("sin(w1, w1)", "sin takes 1 inputs"),
    ("sum(w1, axis=w1)", "write a number"),
    ("sum(w1, axis='0')", "write a number"),
    ("sum(w1, out=w1)", "no keyword out"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "says"), REFUSED, ids=[e[:30] for e, _ in REFUSED])
def test_what_is_not_allowed_is_refused_with_a_sentence(expression, says, capsys):
    assert run("explain", f" {expression}", "w1=2") == 2  # a space first: what begins with - is no option
    said = capsys.readouterr().err
    assert said.startswith("autograd-core: error: ")
    assert len(said) < 500
    with pytest.raises(ValueError, match=re.escape(says)):
        Lesson(expression, ["w1=2"])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["w1"], "write name=number"),
        (["w1=2", "w1=3"], "given twice"),
        (["w1=2", "u=3"], "u has a value but does not stand in"),
        (["w1="], "is no expression"),
        (["w1=abc"], "abc has no value"),
        (["w1=__import__('os')"], "is not allowed"),
        (["1w=2"], "write name=number"),
        (["lambda=2"], "write name=number"),
        (["sin=2"], "is a function of the table"),
        (["w1=1e999"], "not finite"),
        (["w1=" + "1" * 6000], "longer than"),
        (["w1=[1,[2]]"], "is no array"),
    ],
)
def test_values_that_are_none(values, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        Lesson("w1*w1", values)


def test_nothing_is_computed_before_it_is_allowed():
    for name in ("eval", "exec", "open", "getattr", "compile", "globals", "vars", "input", "print"):
        assert name not in functions()
        with pytest.raises(ValueError, match="is not allowed"):
            evaluate(f"{name}(1)", {})
    with pytest.raises(ValueError, match="--by"):
        Lesson("w1*2", ["w1=2"], by="u")


def test_every_function_that_is_allowed_is_a_row_of_the_table():
    assert {"sin", "exp", "log", "tanh", "relu", "sigmoid", "matmul", "sum", "mean"} <= set(functions())
    assert all(op.differentiable for op in functions().values())
