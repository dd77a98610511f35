"""What a function is called with: arrays, the inputs of its program, and all else, which belongs to the program.

Nests of lists, tuples and dicts are taken apart. Plain values count by what they are; functions, modules and objects by
which they are, and what they hold is watched. What else can change in itself, a set for one, is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import is_, is_not
from types import BuiltinFunctionType, EllipsisType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any

import numpy as np

from ..operators import Operators
from ..tensor import Tensor, filled, new
from .calls import tensors
from .recording import CannotRecord

PLAIN = {int, float, complex, bool, str, bytes, NoneType, EllipsisType, slice, range}
FIXED = (type, np.dtype, np.ufunc, np.random.Generator, ModuleType)  # what has nothing inside that could change unseen
CHANGING = (np.ndarray, list, tuple, dict, set, frozenset)


class Same:
    """Equal to itself alone: it stands for a thing in the key of a program."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any):
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.thing is self.thing


class Arguments:
    """A call's arguments, taken apart. shapes and rest: by which programs are told apart; things: what has to be watched."""

    __slots__ = ("arrays", "given", "refused", "rest", "shapes", "things", "traced", "tracked", "wrap")

    def __init__(self, args: tuple[Any, ...], keywords: dict[str, Any]):
        self.given = args, keywords
        self.arrays: list[Any] = []
        self.shapes: list[Any] = []
        self.rest: list[Any] = []
        self.things: list[Any] = []
        self.tracked = self.wrap = False
        self.traced = False  # whether rows are read in another way, as vmap does
        self.refused: Any = None
        for x in args:
            self._take(x)
        if keywords:
            self._take(keywords)

    def _take(self, x: Any) -> None:
        if isinstance(x, Tensor):
            if x.tracked:
                self.tracked = True
            self._array(x.value)
        elif is_array(x):
            self.wrap = True
            self._array(np.asarray(x))
        elif type(x) in PLAIN:
            self.rest.append((type(x), repr(x)))
        elif is_nest(x):
            self.rest.append((type(x), tuple(x) if isinstance(x, dict) else len(x)))
            for part in x.values() if isinstance(x, dict) else x:
                self._take(part)
        else:
            of = x.__self__ if isinstance(x, (BuiltinFunctionType, MethodType)) else x
            if not isinstance(of, FIXED) and (isinstance(of, CHANGING) or not hasattr(of, "__dict__")):
                self._refuse(x)
            else:
                self.things.append(x)
                self.rest.append(_identity(x))

    def _array(self, a: Any) -> None:
        if not isinstance(a, (np.ndarray, np.generic)):  # of another library
            return self._refuse(a)
        self.arrays.append(a)
        self.rest.append(None)  # where it stands
        self.shapes.append((a.shape, a.dtype, None if not a.ndim or a.flags.c_contiguous else a.strides))

    def _refuse(self, x: Any) -> None:
        self.refused = x
        self.traced = self.traced or isinstance(x, Operators)
        self.rest.append(type(x))

    def call(self, f: Callable[..., Any]) -> Any:
        """f as it is, of the caller's own Tensors; what is an array becomes one."""
        args, keywords = self.given
        if self.wrap:
            args, keywords = _mapped(_as_tensor, self.given, copy=False)
        return f(*args, **keywords)

    def put_into(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """f of Tensors alone, the rest in its place; CannotRecord where it does something to what it is given."""

        def g(*stand_ins: Any) -> Any:
            if self.refused is not None:
                raise CannotRecord(f"changes inside of {_a(self.refused)}, an argument, could not be noticed")
            each = iter(stand_ins)
            args, keywords = _mapped(lambda x: next(each) if isinstance(x, Tensor) or is_array(x) else x, self.given)
            result = f(*args, **keywords)
            _refuse_others(result)
            after = Arguments(args, keywords)
            if after.rest != self.rest or any(map(is_not, tensors((args, keywords)), stand_ins)):
                raise CannotRecord("it changes a list or dict that it is given")
            if after.tracked:
                raise CannotRecord("it asks for the gradient of an argument, which would be left in that Tensor")
            return result

        return g

    def names(self, parameters: Iterable[str]) -> Iterator[str]:
        """What a program calls the arrays: by the parameters of the function, and by place or key inside of nests."""
        args, keywords = self.given
        names = [*parameters]
        names = names[: len(args)] if len(names) >= len(args) else [f"x{i}" for i in range(len(args))]
        for name, x in (*zip(names, args, strict=True), *keywords.items()):
            yield from _names(name, x)


def _names(name: str, x: Any) -> Iterator[str]:
    if isinstance(x, Tensor) or is_array(x):
        yield name
    elif is_nest(x):
        for k, part in x.items() if isinstance(x, dict) else enumerate(x):
            yield from _names(f"{name}_{k}", part)


def is_array(x: Any) -> bool:
    """Whether it is an array, or a number, of NumPy's that can be a Tensor."""
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fiub"


def is_nest(x: Any) -> bool:
    """Whether it is a list, a tuple (a named one too) or a dict, and nothing more special."""
    return type(x) in (list, tuple, dict) or (isinstance(x, tuple) and hasattr(x, "_fields"))


def _as_tensor(x: Any) -> Any:
    return filled(new(Tensor), np.asarray(x)) if is_array(x) else x


def _mapped(f: Callable[[Any], Any], x: Any, copy: bool = True) -> Any:
    """The same nest with f of every leaf; what is more special is a leaf. Without copy, what does not change is itself."""
    if not is_nest(x):
        return f(x)
    old = x.values() if isinstance(x, dict) else x
    parts = [_mapped(f, part, copy) for part in old]
    if not copy and all(map(is_, parts, old)):
        return x
    if isinstance(x, dict):
        return dict(zip(x, parts, strict=True))
    return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)


def _refuse_others(result: Any) -> None:
    """CannotRecord where something is returned that would stay the one that was made while the function was recorded."""
    if is_nest(result):
        for x in result.values() if isinstance(result, dict) else result:
            _refuse_others(x)
    elif not isinstance(result, (Tensor, type, np.dtype)) and type(result) not in PLAIN:
        raise CannotRecord(f"it returns {_a(result)}, and not Tensors or a nest of them")


def _a(x: Any) -> str:
    name = type(x).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _identity(x: Any) -> Any:
    """The same function made twice, as a lambda in a loop, is one, and so is a method; else a thing is itself alone."""
    if isinstance(x, (MethodType, BuiltinFunctionType)):
        return Same(x.__self__), x.__name__
    if type(x) is not FunctionType:
        return Same(x)
    try:
        held = [cell.cell_contents for cell in x.__closure__ or ()]
    except ValueError:  # not bound yet
        return Same(x)
    defaults = (*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values())
    return (x.__code__, *map(Same, (x.__globals__, *held, *defaults)))
