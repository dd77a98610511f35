"""What an optimizer's rule sees in place of numbers and arrays: names, whose operators write down what is done with them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np


class CannotWrite(Exception):
    """The rule does what lines over whole arrays cannot say; it is then called as it is."""


class Number:
    """A number of this step, with the formula that gives it."""

    def __init__(self, rule: Any, value: Any, text: str):
        self.rule, self.value, self.text = rule, value, text

    def __float__(self) -> float:
        raise CannotWrite(f"float({self.text})")

    __index__ = __int__ = __float__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def _ask(self, answer: bool, text: str) -> bool:
        self.rule.questions[text] = bool(answer)
        return bool(answer)

    def __bool__(self) -> bool:
        return self._ask(bool(self.value), f"bool({self.text})")

    def __pow__(self, other: Any) -> Any:
        return self._with(operator.pow, "**", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._with(operator.pow, "**", other, self)

    def __neg__(self) -> Any:
        return Number(self.rule, -self.value, f"(-{self.text})")

    def _with(self, function: Callable[..., Any], sign: str, a: Any, b: Any) -> Any:
        if isinstance(a, Array) or isinstance(b, Array):
            return NotImplemented
        value, text = function(plain(a), plain(b)), f"({text_of(a)} {sign} {text_of(b)})"
        return Number(self.rule, value, text)


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    _f = getattr(operator, _name)
    setattr(Number, f"__{_name}__", lambda a, b, f=_f, s=_sign: a._with(f, s, a, b))
    setattr(Number, f"__r{_name}__", lambda a, b, f=_f, s=_sign: a._with(f, s, b, a))
for _name, _sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    _f = getattr(operator, _name)
    setattr(
        Number, f"__{_name}__", lambda a, b, f=_f, s=_sign: a._ask(f(a.value, plain(b)), f"({a.text} {s} {text_of(b)})")
    )


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """A flat array of parameters, gradients or state, by name; each ufunc on it is a line."""

    def __init__(self, rule: Any, name: str, dtype: Any):
        self.rule, self.name, self.dtype = rule, name, dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **keywords: Any) -> Array:
        if method != "__call__" or keywords:
            raise CannotWrite(f"np.{ufunc.__name__} {method} {keywords}")
        if out is None:
            masks = ufunc in (np.less, np.greater, np.less_equal, np.greater_equal, np.equal, np.not_equal)
            target = self.rule.scratch(np.dtype(bool) if masks else self.dtype)
        else:
            (target,) = out
        given = ", ".join(self.rule.said(x, self.dtype) for x in inputs)
        last = f"out={target.name}" if ufunc in (np.maximum, np.minimum) else target.name
        self.rule.functions.add(ufunc.__name__)
        self.rule.lines.append(f"{ufunc.__name__}({given}, {last})")
        return target

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise CannotWrite(f"np.{function.__name__}")

    def __bool__(self) -> bool:
        raise CannotWrite("a question about an array")


def followed(x: Any) -> bool:
    """Whether another number is no reason for another program."""
    return isinstance(x, Number) or (type(x) in (tuple, list) and bool(x) and all(map(followed, x)))


def plain(x: Any) -> Any:
    return x.value if isinstance(x, Number) else x


def text_of(x: Any) -> str:
    return x.text if isinstance(x, Number) else repr(x)
