r"""Formulas for browsers: the LaTeX that the table and its Symbols are written in, as MathML.

Only the LaTeX of the table is known, and a command that is not is an error: a new row then says so in its tests. No
library and no fonts are needed, so a page works without a network, and a screen reader can read what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\+=|\\.|\d+(?:\.\d+)?|[^\W\d_]+|\s+|.", re.DOTALL)
_FUNCTIONS = {
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "csc", "det", "exp", "ln", "log", "max", "min", "sec", "sin", "sinh",
    "tan", "tanh",
}  # fmt: skip
_LETTERS = {
    "alpha": "α", "beta": "β", "delta": "δ", "Delta": "Δ", "gamma": "γ", "epsilon": "ε", "eta": "η", "lambda": "λ", "mu": "μ",
    "phi": "φ", "Phi": "Φ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "theta": "θ", "infty": "∞", "partial": "∂", "top": "⊤",
}  # fmt: skip
_SIGNS = {
    "cdot": "·", "times": "×", "dots": "…", "ge": "≥", "le": "≤", "ne": "≠", "neg": "¬", "wedge": "∧", "vee": "∨", "oplus": "⊕",
    "ll": "≪", "gg": "≫", "sum": "∑", "prod": "∏", "bmod": "mod", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
    "|": "‖", "{": "{", "}": "}", "leftarrow": "←", "sqcup": "⊔",
}  # fmt: skip
_SPACES = {" ", ",", ";", "quad", "qquad"}
_OF = "<mo>\u2061</mo>"  # read aloud as "of": the function is applied to what follows
_MINUS = "<mo>−</mo>"
_BEFORE_A_TERM = tuple(f"<mo>{sign}</mo>" for sign in ("=", "+=", "(", "[", ",", "·", "<", "&gt;"))


def mathml(latex: str, block: bool = False) -> str:
    r"""A formula as a <math> element; ValueError for LaTeX that the table does not use.

    >>> print(mathml(r"\frac{a}{b_{1}}"))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>a</mi><msub><mi>b</mi><mn>1</mn></msub></mfrac></math>
    """
    display = ' display="block"' if block else ""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML"{display}>{_Reader(latex).all()}</math>'


class _Reader:
    """Goes through the tokens once; every method gives the MathML of what it has read."""

    def __init__(self, latex: str):
        self.latex = latex
        self.tokens = _TOKEN.findall(latex)
        self.place = 0

    def all(self) -> str:
        parts = self.row(lambda token: token is None)
        return "".join(parts)

    def peek(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self) -> str:
        token = self.peek()
        if token is None:
            raise ValueError(f"{self.latex!r} ends in the middle of a formula")
        self.place += 1
        return token

    def skip(self) -> None:
        while (token := self.peek()) is not None and token.isspace():
            self.place += 1

    def row(self, ends: Callable[[str | None], bool]) -> list[str]:
        """Atoms with what stands above and below them, up to a token that ends the row (left where it is)."""
        parts: list[str] = []
        self.skip()
        while not ends(self.peek()):
            if self.peek() in ("}", r"\right", None):
                raise ValueError(f"{self.latex!r} closes what it has not opened, or opens what it does not close")
            part = self.scripts(self.atom())
            if part == _MINUS and (not parts or parts[-1].endswith(_BEFORE_A_TERM)):
                part = part.replace("<mo>", '<mo form="prefix">')  # a sign, which stands close to what it turns
            parts.append(part)
            self.skip()
        return parts

    def scripts(self, base: str) -> str:
        """An atom with its index and its exponent."""
        found: dict[str, str] = {}
        self.skip()
        while (token := self.peek()) in ("^", "_"):
            self.take()
            assert token is not None
            found[token] = self.argument()
            self.skip()
        applied = base.endswith(_OF)
        base = base.removesuffix(_OF)
        if len(found) == 2:
            base = f"<msubsup>{base}{found['_']}{found['^']}</msubsup>"
        elif found:
            ((sign, script),) = found.items()
            tag = "msup" if sign == "^" else "msub"
            base = f"<{tag}>{base}{script}</{tag}>"
        return base + _OF * applied

    def argument(self) -> str:
        """One element: a group in braces, or a single atom."""
        self.skip()
        if self.peek() != "{":
            return self.atom().removesuffix(_OF)
        self.take()
        parts = self.row(lambda token: token == "}")
        self.take()
        return parts[0] if len(parts) == 1 and not parts[0].endswith(_OF) else f"<mrow>{''.join(parts)}</mrow>"

    def verbatim(self) -> str:
        r"""What stands in braces, as it is: the text of \mathrm and \operatorname."""
        if self.take() != "{":
            raise ValueError(f"{self.latex!r}: a name needs its braces")
        text = ""
        while (token := self.take()) != "}":
            text += token[1:] if token.startswith("\\") else token
        return text

    def atom(self) -> str:
        self.skip()
        if self.peek() == "{":
            return self.argument()
        token = self.take()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token[0].isalpha():
            return f"<mi>{token}</mi>"
        return f"<mo>{escape({'-': '−', '*': '∗'}.get(token, token))}</mo>"

    def command(self, name: str) -> str:
        if name == "frac":
            return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
        if name == "sqrt":
            return self.root()
        if name == "overline":
            return f'<mover accent="true">{self.argument()}<mo>¯</mo></mover>'
        if name in ("operatorname", "mathrm", "text"):
            normal = ' mathvariant="normal"'
            text = self.verbatim()
            return f"<mi{normal * (len(text) == 1)}>{escape(text)}</mi>" + _OF * (name == "operatorname")
        if name == "left":
            return self.fence()
        if name in _FUNCTIONS:
            return f"<mi>{name}</mi>{_OF}"
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _SIGNS:
            return f"<mo>{_SIGNS[name]}</mo>"
        if name in _SPACES:
            return '<mspace width="0.3em"/>'
        if not name.isalpha():
            return f"<mi>{escape(name)}</mi>"
        raise ValueError(
            rf"MathML of \{name} is not known (in {self.latex!r}); add it to the lists in debug/explanations/mathml.py"
        )

    def root(self) -> str:
        self.skip()
        if self.peek() != "[":
            return f"<msqrt>{self.argument()}</msqrt>"
        self.take()
        degree = "".join(self.row(lambda token: token == "]"))
        self.take()
        return f"<mroot>{self.argument()}{degree}</mroot>"

    def fence(self) -> str:
        """Brackets that grow with what they hold."""
        opening = self.sign()
        inside = self.row(lambda token: token == r"\right")
        self.take()
        return f"<mrow>{opening}{''.join(inside)}{self.sign()}</mrow>"

    def sign(self) -> str:
        self.skip()
        token = self.take()
        sign = _SIGNS.get(token.lstrip("\\"), token) if token.startswith("\\") else token
        return f'<mo stretchy="true">{escape(sign)}</mo>' if sign != "." else ""
