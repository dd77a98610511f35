"""What a function returns: a nest of Tensors and plain values, which a program returns in its turn.

Of anything else, an object or a generator, the program could only return the one that was made while it was recorded. Results
that require grad go on requiring it, but their graph is gone: who asks for a gradient through them is told so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, filled, new
from .lowering import private
from .recording import Record


def there_before(x: Tensor, found: Record) -> bool:
    """Whether a result is none of the function's own, as a parameter, and is returned itself."""
    return x.born < found.begun


def _no_graph(i: int, g: Any) -> Any:
    raise RuntimeError(
        "backward() through the result of a compiled function, which keeps no graph: take the gradients inside of it, as in "
        "compile(grad(f)) or a whole step with loss.backward(), or call the function as it is, without compile"
    )


COMPILED = private("compiled", lambda *inputs: inputs[0], "results", _no_graph, variadic=True)


def result(value: Any, trained: tuple[Any, ...]) -> Tensor:
    """A result in memory of its own. trained: what it would lead to in a graph, if it had one."""
    value = np.array(value)
    out = filled(new(Tensor), value if value.ndim else value[()])
    if trained:
        out.tracked, out.op, out.inputs = True, COMPILED, trained
    return out
