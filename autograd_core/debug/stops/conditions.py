"""Conditions of breakpoints and expressions to print: `norm(grad) > 1e3`, parsed against a white list, never evaluated.

The text becomes a syntax tree, and a small walker knows what each allowed kind of node means. What it does not know is
refused when the expression is typed, not when it is met ten thousand steps later.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...op import Readable

NAMES = (
    "value", "grad", "upstream", "contribution", "op", "name", "shape", "position", "kind", "module",
)  # fmt: skip

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "norm": lambda x: np.linalg.norm(np.ravel(x)),
    "abs": np.abs, "all": np.all, "any": np.any, "max": np.max, "min": np.min, "mean": np.mean, "std": np.std,
    "sum": np.sum, "size": np.size, "argmax": np.argmax, "argmin": np.argmin,
}  # fmt: skip
ATTRIBUTES: dict[str, Callable[..., Any]] = {"shape": np.shape, "ndim": np.ndim, "size": np.size, "T": np.transpose}
_BINARY: dict[Any, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.true_divide, ast.MatMult: operator.matmul,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.remainder, ast.Pow: lambda a, b: _power(a, b),
}  # fmt: skip
_UNARY: dict[Any, Callable[..., Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: np.logical_not}
_COMPARE: dict[Any, Callable[..., Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b, ast.Is: lambda a, b: a is b, ast.IsNot: lambda a, b: a is not b,
}  # fmt: skip
_FAILURES = (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError, MemoryError)
_DOTTED = re.compile(r"\w+(?:\.\w+)+")  # layers.0.weight: a name in a model, but no Python
_ALLOWED = (
    f"allowed are the functions {', '.join(FUNCTIONS)} (also as methods), .shape .ndim .T, and or not, comparisons, "
    "+ - * / // % ** @, numbers, and subscripts"
)


class Absent(LookupError):
    """Something that there is not at this step: no gradient has arrived, nothing was contributed."""


class Expression:
    """An expression of the white list; `value(look_up)` asks `look_up` for each name that it needs.

    text: as typed. names: what it may name (or a function that says whether it may). ValueError says what is allowed.
    functions: more functions by name, which are fed with names as text: `grad(w1)` is `grad("w1")`. unknown: what to say of a
    name that is not known.

    >>> Expression("0 < x < 3 and not isnan(x)").value({"x": 2.0}.__getitem__)
    True
    >>> Expression("__import__('os')")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: '__import__' is no function here: allowed are the functions isnan, isinf, isfinite, norm, abs, all, ...
    """

    def __init__(
        self,
        text: str,
        names: Iterable[str] | Callable[[str], bool] = lambda name: True,
        functions: dict[str, Callable[[str], Any]] | None = None,
        unknown: Callable[[str], str] | None = None,
    ):
        self.text = text.strip()
        self.functions = functions or {}
        self.known = names if callable(names) else frozenset(names).__contains__
        self.nearest = "" if callable(names) else f" and the names {', '.join(names)}"
        self.unknown = unknown
        self.names: set[str] = set()
        self._dotted: dict[str, str] = {}
        try:
            self._tree = ast.parse(_DOTTED.sub(self._stand_in, self._quoted()), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            for name in _DOTTED.findall(self.text):
                if not self.known(name) and not name.replace(".", "").isdigit():
                    self._check_name(name)
            raise ValueError(f"{text!r} is no expression: {getattr(error, 'msg', error)}") from None
        self._check(self._tree, 0)

    def _quoted(self) -> str:
        """The text with quotes around a name that is fed to one of the functions and is no Python: grad(x y)."""

        def quote(match: re.Match[str]) -> str:
            name = match[2].strip()
            return f"{match[1]}({name!r})" if not name.isidentifier() and self.known(name) else match[0]

        functions = "|".join(map(re.escape, self.functions))
        return re.sub(rf"\b({functions})\(([^()\"']+)\)", quote, self.text) if functions else self.text

    def _stand_in(self, match: re.Match[str]) -> str:
        parts = match[0].split(".")
        for i in range(len(parts), 1, -1):  # the longest that is a name: layers.0.weight of layers.0.weight.max
            if self.known(name := ".".join(parts[:i])):
                self._dotted[stand_in := f"_dotted{len(self._dotted)}_"] = name
                return ".".join([stand_in, *parts[i:]])
        return match[0]

    def _refuse(self, what: str) -> ValueError:
        return ValueError(f"{what}: {_ALLOWED}{self.nearest}")

    def _check(self, node: ast.AST, depth: int) -> None:
        """ValueError for whatever the walker does not know."""
        if depth > 50:
            raise ValueError(f"{self.text[:40]!r}... is nested more than 50 deep; break it into smaller conditions")
        if isinstance(node, ast.Name):
            name = self._dotted.get(node.id, node.id)
            self._check_name(name)
            self.names.add(name)
            return
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call):
            children = self._check_call(node)
        elif isinstance(node, ast.Attribute):
            if node.attr not in ATTRIBUTES:
                raise self._refuse(f"'.{node.attr}' is not allowed")
            children = [node.value]
        elif isinstance(node, ast.Constant):
            if not isinstance(node.value, (int, float, str, type(None), type(Ellipsis))):
                raise self._refuse(f"{node.value!r} is not allowed")
        elif isinstance(node, ast.BinOp):
            self._check_sign(node.op, _BINARY)
            children = [node.left, node.right]
        elif isinstance(node, ast.Compare):
            for sign in node.ops:
                self._check_sign(sign, _COMPARE)
            children = [node.left, *node.comparators]
        elif isinstance(node, ast.UnaryOp):
            children = [node.operand]
        elif isinstance(node, ast.BoolOp):
            children = [*node.values]
        elif isinstance(node, ast.Subscript):
            children = [node.value, node.slice]
        elif isinstance(node, (ast.Tuple, ast.List)):
            children = [*node.elts]
        elif not isinstance(node, ast.Slice):
            raise self._refuse(f"{ast.unparse(node)!r} is not allowed")
        for child in children:
            self._check(child, depth + 1)

    def _check_name(self, name: str) -> None:
        if not self.known(name):
            raise ValueError(self.unknown(name)) if self.unknown else self._refuse(f"{name!r} is not known here")

    def _check_sign(self, sign: ast.AST, allowed: dict[Any, Any]) -> None:
        if type(sign) not in allowed:
            raise self._refuse(f"the operator {type(sign).__name__} is not allowed")

    def _check_call(self, node: ast.Call) -> list[Any]:
        function, asked = node.func, [*node.args, *(k.value for k in node.keywords)]
        if isinstance(function, ast.Name) and function.id in self.functions:
            if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], (ast.Name, ast.Constant)):
                raise ValueError(f"{function.id}(...) takes the name of one tensor: {function.id}(w1)")
            self._check_name(self._name(node.args[0]))
            return []
        if isinstance(function, ast.Attribute):
            asked.append(function.value)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ast.unparse(function))
        if name not in FUNCTIONS:
            raise self._refuse(f"{name!r} is no function here")
        if any(k.arg != "axis" for k in node.keywords):
            raise self._refuse(f"{name} takes no keyword but axis here")
        return asked

    def _name(self, node: Any) -> str:
        name = str(node.value) if isinstance(node, ast.Constant) else node.id
        return self._dotted.get(name, name)

    def value(self, look_up: Callable[[str], Any]) -> Any:
        """The expression's value; `look_up` may raise Absent, which goes through. ValueError: it cannot be computed."""
        try:
            with np.errstate(all="ignore"):  # a condition that looks for inf must not stumble over it
                return self._walk(self._tree, look_up)
        except _FAILURES as error:
            raise ValueError(f"{self.text!r} cannot be computed here: {error}") from None

    def holds(self, look_up: Callable[[str], Any]) -> bool:
        """Whether it is true; False if what it asks for is absent."""
        try:
            with np.errstate(all="ignore"):
                return self._truth(self._tree, look_up)
        except Absent:
            return False
        except _FAILURES as error:
            raise ValueError(f"{self.text!r} cannot be tested here: {error}") from None

    def _truth(self, node: ast.AST, look_up: Callable[[str], Any]) -> bool:
        found = self._walk(node, look_up)
        if np.size(found) == 1 or not isinstance(found, np.ndarray):
            return bool(found)
        asked = node.func if isinstance(node, ast.Call) else None
        which = getattr(asked, "attr", getattr(asked, "id", None))
        if which in ("isnan", "isinf"):  # of an array: whether any is; of isfinite, whether all are
            return bool(found.any())
        if which == "isfinite":
            return bool(found.all())
        part = ast.unparse(node)
        raise ValueError(f"{part} has {found.size} truth values; write any({part}) or all({part})")

    def _walk(self, node: Any, look_up: Callable[[str], Any]) -> Any:
        def walk(child: Any) -> Any:
            return self._walk(child, look_up)

        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                found = look_up(self._dotted.get(node.id, node.id))
                return found.value if isinstance(found, Readable) else found
            case ast.BoolOp():
                return self._and_or(isinstance(node.op, ast.And), node.values, look_up)
            case ast.UnaryOp(op=ast.Not()):
                return not self._truth(node.operand, look_up)
            case ast.UnaryOp():
                return _UNARY[type(node.op)](_number(walk(node.operand)))
            case ast.BinOp():
                return _BINARY[type(node.op)](_number(walk(node.left)), _number(walk(node.right)))
            case ast.Compare():
                values = [walk(node.left), *map(walk, node.comparators)]
                pairs = [_COMPARE[type(s)](a, b) for s, a, b in zip(node.ops, values, values[1:], strict=False)]
                return pairs[0] if len(pairs) == 1 else np.logical_and.reduce(np.broadcast_arrays(*pairs))
            case ast.Subscript():
                return walk(node.value)[walk(node.slice)]
            case ast.Slice():
                return slice(*(end and walk(end) for end in (node.lower, node.upper, node.step)))
            case ast.Tuple() | ast.List():
                return tuple(map(walk, node.elts))
            case ast.Attribute():
                return ATTRIBUTES[node.attr](walk(node.value))
        return self._call(node, look_up)

    def _call(self, node: Any, look_up: Callable[[str], Any]) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id in self.functions:
            return self.functions[node.func.id](self._name(node.args[0]))
        method = isinstance(node.func, ast.Attribute)
        asked = [node.func.value, *node.args] if method else node.args
        arguments = [self._walk(x, look_up) for x in asked]
        axes = {k.arg: self._walk(k.value, look_up) for k in node.keywords}
        return FUNCTIONS[node.func.attr if method else node.func.id](*arguments, **axes)

    def _and_or(self, both: bool, operands: list[ast.expr], look_up: Callable[[str], Any]) -> bool:
        """Left to right, no further than needed; what is absent is not true."""
        for operand in operands:
            try:
                true = self._truth(operand, look_up)
            except Absent:
                true = False
            if true is not both:
                return true
        return both

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def condition(text: str) -> Expression:
    """A breakpoint's condition, over the names that a step has.

    value, grad: of the step's tensor, the gradient so far. upstream, contribution: of an edge. op, kind, module, name,
    shape, position: of the step. An array needs any() or all(), but isnan(grad) and isinf(grad) ask for any by
    themselves, isfinite(grad) for all.

    >>> condition("norm(grad) > 1e3").holds({"grad": np.array([3e3, 0.0])}.__getitem__)
    True
    """
    return Expression(text, NAMES)


def _power(a: Any, b: Any) -> Any:
    """As Python has it, but 9**9**9 ends at once, as infinity."""
    return np.float_power(a, b) if isinstance(a, int) and isinstance(b, int) and abs(b) > 64 else a**b


def _number(x: Any) -> Any:
    """An operand of arithmetic: a number or an array, never text, which multiplied fills the memory."""
    if isinstance(x, (str, tuple)) or x is None:
        raise TypeError(f"{x!r} is no number")
    return float(x) if isinstance(x, int) and abs(x) > 2**53 else x
