"""The command line for teachers: `autograd-core explain "w1**3*w2 + 3*w1" w1=2 w2=3`, from a formula to its derivatives."""

from __future__ import annotations

import argparse
import keyword
import re
from html import escape
from typing import Any

import numpy as np

from ...ops import arithmetic
from ...tensor import Tensor
from ..session import Session
from .answers import Checked
from .expressions import LENGTH, constant, evaluate, functions
from .mathml import mathml
from .why import why
from .worksheet import derivation
from .writing import letter, seen, slope, typeset

EXAMPLES = """examples:
  autograd-core explain "w1**3*w2 + 3*w1" w1=2 w2=3
  autograd-core explain "mean((W @ x - t)**2)" W=[[1,2],[3,4]] x=[1,-1] t=[0,1]
  autograd-core explain "sigmoid(w*x + b)" w=0.5 x=2 b=-1 --worksheet
  autograd-core explain "x*sin(x)" x=1 --html lesson.html --svg graph.svg
"""
NUMBER = r"[^\W\d_]\w*"


def add_command(commands: Any) -> None:
    """Register `explain` with the command line's parser."""
    command = commands.add_parser(
        "explain",
        help="explain the derivatives of a formula, step by step",
        description="Compute a formula, and its derivative by every variable, and show each step with its numbers.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = command.add_argument
    add(
        "expression",
        metavar="FORMULA",
        help='such as "w1**3*w2 + 3*w1"; functions by their NumPy names: sin, exp, tanh, sum',
    )
    add("values", metavar="NAME=VALUE", nargs="*", help="a number, or an array as [1,2,3]")
    add("--latex", action="store_true", help="print LaTeX")
    add("--html", metavar="FILE", help="write a page that needs nothing else, with the graph and the formulas")
    add("--svg", metavar="FILE", help="write the drawing of the graph")
    add("--worksheet", action="store_true", help="leave blanks to fill in (with --latex and --html, too)")
    add("--by", metavar="NAME", help="the variable a worksheet derives by (default: the first)")
    add(
        "--answers",
        metavar="LIST",
        help='check the answers to a worksheet, as "8, 24, 6, 30"; an empty one is left open',
    )
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Explain a formula as asked on the command line; ValueError for what is not allowed."""
    lesson = Lesson(args.expression, args.values, args.by)
    exercise = args.worksheet or args.answers is not None
    if args.svg:
        _write(args.svg, lesson.svg())
    if args.html:
        _write(args.html, lesson.html(exercise))
    if args.answers is not None:
        print(lesson.check(args.answers))
    elif args.latex:
        print(lesson.latex(exercise))
    elif args.worksheet and not args.html:
        print(lesson.sheet.worksheet())
    elif not (args.html or args.svg):
        print(lesson)
    for path in filter(None, (args.html, args.svg)):
        print(f"wrote {path}")


class Lesson:
    """A formula at some values of its variables, and the session through its backward pass.

    >>> print(str(Lesson("w1**3*w2 + 3*w1", ["w1=2", "w2=3"])).splitlines()[-1])
      ∂g/∂w2 = 8
    """

    def __init__(self, expression: str, values: list[str], by: str | None = None):
        self.expression = " ".join(expression.split())
        self.variables = _variables(values)
        result = evaluate(expression, self.variables)
        if not isinstance(result, Tensor):
            raise ValueError(
                f"{self.expression!r:.60} has no variable in it, so there is nothing to differentiate; give one, as in x**2 x=3"
            )
        if result.size != 1:
            raise ValueError(
                f"the result has shape {result.shape}; derivatives are of one number: write sum(...) or mean(...) around it"
            )
        if result.op is None:
            result = arithmetic.positive(result)
        result.name = next(name for name in ("g", "f", "L", "y", "result") if name not in self.variables)
        self.session = Session(result)
        if missing := [name for name in self.variables if name not in self.session.names.values()]:
            raise ValueError(
                f"{', '.join(missing)} has a value but does not stand in {self.expression!r:.60}; leave the value out"
            )
        for node in self.session.nodes:
            if not np.all(np.isfinite(node.value)):
                name = self.session.names[node]
                raise ValueError(
                    f"{name}, the result of {node.op and node.op.name}, is {seen(node.value)}: choose values at which the formula is finite"
                )
        if by is not None and by not in self.variables:
            raise ValueError(f"--by {by}: there is no such variable; there are {', '.join(self.variables)}")
        self.by = by or next(iter(self.variables))

    @property
    def sheet(self) -> Any:
        """The derivation by one variable."""
        return derivation(self.session, self.by)

    def parts(self, style: str) -> list[tuple[str, list[str]]]:
        """(title, formulas): the forward table, the backward table, and what comes out."""
        session = self.session
        every = [session.explain(position, style=style) for position in range(1, len(session) + 1)]
        forward = len(session.forward)
        at = [f"{letter(n, style)} = {typeset(seen(x.value), style)}" for n, x in self.variables.items()]
        name = session.names[session.loss]
        results = [
            f"{slope(name, variable, style)} = {typeset(seen(session.gradient(variable, len(session))), style)}"
            for variable in self.variables
        ]
        return [("Given", at), ("Forward", every[:forward]), ("Backward", every[forward:]), ("Result", results)]

    def __str__(self) -> str:
        given, forward, backward, result = self.parts("text")
        contributions = [
            f"{line}" for variable in self.variables for line in str(why(self.session, variable)).splitlines()
        ]
        name = self.session.names[self.session.loss]
        said = [f"{name} = {self.expression}   at {', '.join(given[1])}"]
        for title, lines in (forward, backward, ("Contributions", contributions), result):
            said += ["", title, *(f"  {line}" for line in lines)]
        return "\n".join(said)

    def latex(self, exercise: bool = False) -> str:
        """A fragment of a LaTeX document (amsmath)."""
        if exercise:
            return str(self.sheet.worksheet().latex())
        said = []
        for title, lines in self.parts("latex"):
            rows = " \\\\\n".join(line.replace("=", "&=", 1).replace("+&=", "&{+}{=}", 1) for line in lines)
            said += [rf"\paragraph{{{title}}}", r"\begin{align*}", rows, r"\end{align*}"]
        return "\n".join(said)

    def svg(self) -> str:
        """The drawing of the graph."""
        from ..drawing import draw

        return str(draw(self.session.loss))

    def html(self, exercise: bool = False) -> str:
        """A page of its own."""
        if exercise:
            body = self.sheet.worksheet().html()
        else:
            body = "\n".join(
                f"<h2>{title}</h2>\n<ul>\n" + "\n".join(f"<li>{mathml(line)}</li>" for line in lines) + "\n</ul>"
                for title, lines in self.parts("latex")
            )
        title = escape(f"{self.session.names[self.session.loss]} = {self.expression}")
        graph = "" if exercise else f"<figure>{self.svg()}</figure>"  # it would give the answers away
        return _PAGE.format(title=title, body=body, graph=graph)

    def check(self, answers: str) -> Checked:
        """What is right and wrong in answers to the worksheet, separated by commas."""
        parts = re.split(r",(?![^\[]*\])", answers)
        return Checked(self.sheet.check([part.strip() or None for part in parts]))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.7 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
ul {{ list-style: none; padding: 0; }} li {{ margin: .5rem 0; overflow-x: auto; }} math {{ font-size: 1.15em; math-style: normal; }}
figure {{ margin: 1rem 0; overflow-x: auto; background: #fff; }}
</style></head>
<body><main><h1>{title}</h1>
{graph}
{body}
</main></body></html>
"""


def _variables(values: list[str]) -> dict[str, Tensor]:
    """The variables of NAME=VALUE; each may be differentiated by."""
    variables: dict[str, Tensor] = {}
    for text in values:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not re.fullmatch(NUMBER, name) or keyword.iskeyword(name):
            raise ValueError(f"{text!r:.60} gives no variable a value; write name=number, such as w1=2 or x=[1,2,3]")
        if name in functions():
            raise ValueError(f"{name} is a function of the table; give the variable another name")
        if name in variables:
            raise ValueError(f"{name} is given twice")
        if len(value) > 10 * LENGTH:
            raise ValueError(f"the value of {name} is longer than {10 * LENGTH} characters")
        try:
            number = constant(value)
        except ValueError as error:
            raise ValueError(f"{name}={value:.40}: {error}") from None
        if not np.all(np.isfinite(number)):
            raise ValueError(f"{name}={value:.40} is not finite")
        variables[name] = Tensor(number, requires_grad=True, name=name)
    return variables


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
