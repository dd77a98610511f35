"""A Module is a function with state: parameters that training changes, and modules inside it.

What belongs to it is found by looking at its attributes: a Parameter is trained, any other Tensor is state that is
saved but not trained, a module (or a list of modules) is looked through in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from autograd_core import Tensor, no_grad
from autograd_core.modes import observer, observers

from .summary import table


class Parameter(Tensor):
    """A Tensor that a module trains: float32 by default, always an array, also when it is one number.

    >>> Parameter([1.0, 2.0], name="weight")
    Parameter([1., 2.], dtype=float32, requires_grad=True, name='weight')
    """

    __slots__ = ()
    is_parameter = True

    def __init__(self, data: Any, requires_grad: bool = True, name: str | None = None, dtype: Any = None):
        array = np.asarray(data.value if isinstance(data, Tensor) else data)
        super().__init__(array, name=name)
        # in its array's own memory order (Linear lays its weight out for the product x @ weight.T)
        self.value = np.array(array, dtype or (array.dtype if isinstance(data, np.ndarray) else np.float32), order="K")
        self.requires_grad_(requires_grad)


class Module:
    """Base of all layers and networks: define `forward`, put Parameters and modules into attributes.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Parameter([2.0])
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> model = Scale()
    >>> model(np.ones(1, np.float32)), dict(model.state_dict())
    (Tensor([2.], dtype=float32, op=multiply), {'factor': array([2.], dtype=float32)})
    """

    training: bool = True

    def forward(self, *inputs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not say what it computes: define forward(self, x)")

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        if observers:  # a debugger notes in which module a row is read
            with observer().inside(self):
                return self.forward(*inputs, **keywords)
        return self.forward(*inputs, **keywords)

    # --- what is inside ----------------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules in attributes, and in lists in attributes, by name."""
        for name, value in vars(self).items():
            for path, child in _flat(name, value):
                if not isinstance(child, Tensor) and hasattr(child, "named_parameters"):
                    yield path, child

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, by dotted path."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                for inner, tensor in _flat(name, value):
                    if isinstance(tensor, Tensor):
                        yield f"{path}.{inner}" if path else inner, tensor

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """The parameters by dotted path, each once, also where two modules share one."""
        seen: set[Tensor] = set()
        for name, tensor in self._named_tensors():
            if getattr(tensor, "is_parameter", False) and tensor not in seen:
                seen.add(tensor)
                yield name, tensor

    def parameters(self) -> Iterator[Tensor]:
        """The parameters, in the order of their paths."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """State that is saved and not trained, such as running means: Tensors that are no parameters, by dotted path."""
        return ((n, t) for n, t in self._named_tensors() if not getattr(t, "is_parameter", False))

    def buffers(self) -> Iterator[Tensor]:
        """The state that is saved and not trained, in the order of its paths."""
        return (buffer for _, buffer in self.named_buffers())

    # --- state -------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All tensors' values by dotted path, as arrays of their own."""
        return {name: np.array(tensor.value) for name, tensor in self._named_tensors()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Copy values in; ValueError, with nothing changed, where names (if strict) or shapes do not agree."""
        own = dict(self._named_tensors())
        missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
        if strict and (missing or unexpected):
            raise ValueError(
                f"this state does not fit {type(self).__name__}: missing {missing or 'nothing'}, unexpected "
                f"{unexpected or 'nothing'}. Build the model it was saved from, or pass strict=False to take what fits."
            )
        fitting = {name: np.asarray(getattr(state[name], "value", state[name])) for name in own if name in state}
        for name, value in fitting.items():
            if value.shape != own[name].shape:
                raise ValueError(
                    f"{name} has shape {own[name].shape} in this model and {value.shape} in the state: the layers differ"
                )
        for name, value in fitting.items():
            own[name].data = value

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training (dropout is active) or, with False, to evaluation."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters (False), or have them trained again."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def compile(self) -> Callable[..., Any]:
        """This module as a function that is recorded once for each shape of input, then replayed without a graph.

        For predictions, of the mode that the module is in: call eval() first. Its parameters are read anew at every call.
        As `predict = model.compile(); predict(x)` (torch.compile(model)); to train, the Trainer compiles by itself.
        """
        try:
            from autograd_core.compiler import compile
        except ImportError:
            raise ImportError("compile() needs autograd_core.compiler, which this installation does not have") from None
        compiled = compile(self)

        def predict(*inputs: Any, **keywords: Any) -> Any:
            with no_grad():
                return compiled(*inputs, **keywords)

        predict.programs = compiled.programs  # type: ignore[attr-defined]
        return predict

    # --- how it looks ------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What the repr says between the brackets; for subclasses to fill."""
        return ""

    def __repr__(self) -> str:
        children = [f"  ({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if not children:
            return f"{type(self).__name__}({self.extra_repr()})"
        return "\n".join([f"{type(self).__name__}(", *children, ")"])

    def summary(self, x: Any = None) -> str:
        """A table of the layers with the shape each gives and the number of its parameters.

        x: an input to try, one row is enough; without it one is made if the first layer with parameters states its
        `in_features`. Images must be given: model.summary(np.zeros((1, 3, 8, 8))).
        """
        return table(self, x)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """An attribute, or the items of a list or dict in one, by path."""
    if isinstance(value, (list, tuple, dict)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield f"{name}.{key}", item
    else:
        yield name, value
