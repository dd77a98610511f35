"""Expressions typed by somebody: parsed with ast against a list of what is allowed, never evaluated by Python.

Allowed are numbers, lists of numbers, the variables given, + - * / ** @ % and comparisons, and the functions of the table.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from ...op import Op, Readable, rows

LENGTH = 500  # characters
SIZE = 200  # names, numbers and signs
DEPTH = 40
POWER = 100  # the largest number that may stand in an exponent
ELEMENTS = 10_000  # of an array
_SIGNS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
    ast.MatMult: operator.matmul, ast.Mod: operator.mod, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_MORE = (
    "sum", "mean", "prod", "var", "std", "norm", "max", "min", "logsumexp", "softmax", "log_softmax", "cumsum", "cumprod", "matmul",
    "dot", "outer", "trace", "det", "inv", "solve", "transpose",
)  # fmt: skip
_ALSO = {"abs": "absolute", "ln": "log", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
CONSTANTS = {"pi": math.pi, "e": math.e}


@cache
def functions() -> dict[str, Op]:
    """The functions that may be called, by name: those of single numbers, applied to each element, and a few of arrays."""
    table = {op.name: op for op in rows()}
    found = {op.name: op for op in rows() if op.elementwise and op.differentiable and not op.variadic}
    found |= {name: table[name] for name in _MORE}
    return found | {name: table[row] for name, row in _ALSO.items()}


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression; ValueError, in a sentence, for one that is not allowed.

    >>> evaluate("2*x + 1", {"x": 3.0}), evaluate("sum([1, 2, 3])", {}).item()
    (7.0, 6)
    >>> evaluate("__import__('os')", {})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: '__import__' is not allowed: ...
    """
    if len(text) > LENGTH:
        raise ValueError(f"the expression has {len(text)} characters; at most {LENGTH} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = getattr(error, "msg", None) or "it is nested too deeply"
        raise ValueError(f"{text!r:.60} is no expression: {said}; write one such as w1**3*w2 + sin(w1)") from None
    if (size := sum(1 for _ in ast.walk(tree))) > 3 * SIZE:
        raise ValueError(f"the expression has {size // 3} parts; at most {SIZE} are allowed")
    with np.errstate(all="ignore"):  # what is not finite is reported by name
        try:
            return _Evaluation(variables).value(tree.body, 0)
        except (OverflowError, ZeroDivisionError) as error:
            raise ValueError(f"{text!r:.60} cannot be computed: {error}") from None


def constant(text: str) -> Any:
    """A number, or an array of a list of numbers: what stands after the = of w1=2.

    >>> constant("1/4"), constant("[1, 2]")
    (0.25, array([1., 2.]))
    """
    value = evaluate(text, {})
    return np.asarray(value, float) if np.ndim(value) else float(value)


class _Evaluation:
    """Computes a syntax tree part by part; what it has no method for is refused."""

    def __init__(self, variables: Mapping[str, Any]):
        self.variables = variables

    def value(self, node: ast.AST, depth: int) -> Any:
        if depth > DEPTH:
            raise ValueError(
                f"the expression is nested deeper than {DEPTH} levels; give parts of it names of their own"
            )
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise _refusal(node)
        value = method(node, depth + 1)
        if np.size(getattr(value, "value", value)) > ELEMENTS:
            raise ValueError(f"{ast.unparse(node):.60} has more than {ELEMENTS} elements")
        return value

    def _constant(self, node: ast.Constant, depth: int) -> Any:
        if type(node.value) not in (int, float):
            raise _refusal(node)
        number: Any = node.value
        return number if abs(number) < 2**53 else float(number)

    def _list(self, node: ast.List, depth: int) -> Any:
        items = [self.value(item, depth) for item in node.elts]
        if any(isinstance(item, Readable) for item in items):
            return _computed(node, lambda: np.stack(items))
        try:
            array = np.array(items)
        except (ValueError, TypeError):
            array = np.array(None)
        if array.dtype.kind not in "if":
            raise ValueError(
                f"{ast.unparse(node):.60} is no array: a list holds numbers, or lists of numbers of one length"
            )
        return array

    def _name(self, node: ast.Name, depth: int) -> Any:
        if node.id in self.variables:
            return self.variables[node.id]
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in functions():
            raise ValueError(f"{node.id} is a function; write {node.id}(...)")
        if node.id.startswith("_"):
            raise _refusal(node)
        raise ValueError(f"{node.id} has no value; write {node.id}=2 after the expression")

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Any:
        return self._sign(node, node.op, node.operand, depth=depth)

    def _binop(self, node: ast.BinOp, depth: int) -> Any:
        if isinstance(node.op, ast.Pow):
            exponent = self.value(node.right, depth)
            plain = getattr(exponent, "value", exponent)
            if np.any(np.abs(plain) > POWER):
                raise ValueError(f"the exponent {ast.unparse(node.right):.40} is too large; at most {POWER} is allowed")
            base = self.value(node.left, depth)
            if all(isinstance(x, int) for x in (base, exponent)):
                base = float(base)  # of whole numbers Python would keep every digit
            return base**exponent
        return self._sign(node, node.op, node.left, node.right, depth=depth)

    def _compare(self, node: ast.Compare, depth: int) -> Any:
        if len(node.ops) != 1:
            raise _refusal(node)
        return self._sign(node, node.ops[0], node.left, node.comparators[0], depth=depth)

    def _sign(self, node: ast.AST, sign: Any, *operands: ast.AST, depth: int) -> Any:
        function = _SIGNS.get(type(sign))
        if function is None:
            raise _refusal(node)
        values = [self.value(operand, depth) for operand in operands]
        return _computed(node, lambda: function(*values))

    def _call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in functions():
            raise _refusal(node.func)
        op = functions()[node.func.id]
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise _refusal(node)
        inputs = [self.value(argument, depth) for argument in node.args]
        params = {str(k.arg): self._parameter(op, k) for k in node.keywords}
        arrays = [np.asarray(x) if isinstance(x, (int, float)) else x for x in inputs]
        if len(inputs) != len(op.inputs):
            raise ValueError(
                f"{node.func.id} takes {len(op.inputs)} inputs ({', '.join(op.inputs)}), {len(inputs)} were given"
            )
        return _computed(node, lambda: op(*(inputs if op.elementwise else arrays), **params))

    def _parameter(self, op: Op, keyword: ast.keyword) -> Any:
        if keyword.arg not in op.params:
            known = f"it takes {', '.join(op.params)}" if op.params else "it takes none"
            raise ValueError(f"{op.name} has no keyword {keyword.arg}=; {known}")
        try:
            value = ast.literal_eval(keyword.value)
        except ValueError:
            value = ...
        if not all(isinstance(v, (int, float)) or v is None for v in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"{keyword.arg}={ast.unparse(keyword.value):.40}: write a number, True, False or None")
        return value


def _computed(node: ast.AST, compute: Callable[[], Any]) -> Any:
    """A result; what NumPy says of shapes that do not fit names the part of the expression."""
    try:
        return compute()
    except TypeError:
        raise ValueError(f"{ast.unparse(node):.60} cannot be computed of values of these shapes") from None
    except (ValueError, IndexError, np.linalg.LinAlgError) as error:
        raise ValueError(f"{ast.unparse(node):.60} cannot be computed: {error}") from None


def _refusal(node: ast.AST) -> ValueError:
    """What is not allowed, and what is."""
    found = ast.unparse(node)
    near = difflib.get_close_matches(found, functions(), 1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return ValueError(
        f"{found!r:.60} is not allowed{meant}: an expression is made of numbers, variables, lists of numbers, + - * / ** @ %, "
        f"< >, and functions of the table such as sin, exp, log, tanh, relu, sigmoid, sum, mean, matmul"
    )
