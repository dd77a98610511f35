"""Modules that are known by their settings: what __init__ takes is kept under the same name, for repr and model files."""

from __future__ import annotations

from inspect import Parameter as Argument
from inspect import signature
from typing import Any

from autograd_core import Tensor

from .module import Module


class WithSettings(Module):
    """A module that keeps each argument of its __init__ in an attribute of the same name.

    The repr shows them, but for those that go by keyword only. One that is learned is told as it is now.

    >>> class Scaled(WithSettings):
    ...     def __init__(self, factor=2.0, *, dtype="float32"):
    ...         self.factor, self.dtype = factor, dtype
    >>> Scaled(), Scaled(3.0).config()
    (Scaled(factor=2.0), {'factor': 3.0, 'dtype': 'float32'})
    """

    def config(self) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in signature(type(self)).parameters}
        return {name: float(v.value) if isinstance(v, Tensor) else v for name, v in settings.items()}

    def extra_repr(self) -> str:
        arguments, config = signature(type(self)).parameters, self.config()
        return ", ".join(f"{n}={v!r}" for n, v in config.items() if arguments[n].kind != Argument.KEYWORD_ONLY)
