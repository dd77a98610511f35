"""Whose memory is it, and when was it written to: how a backward pass knows that its numbers are still the same.

One clock counts the births of nodes and the writes to tensors. What was computed at tick 7 from memory that was written
to at tick 9 is out of date; views and detached tensors show the memory of another one, and a write to it is one to them.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .modes import observer, observers
from .op import Readable

tick = itertools.count(1).__next__


class clock:
    """When memory was last written to, elements last assigned to, and gradients last asked for: most passes look no further."""

    last_write = 0
    last_rebound = 0
    last_asked = 0
    setting = threading.Lock()  # of two threads' times, the later one stays


def owner(value: Any) -> Any:
    """The array that owns the memory in which a value lies."""
    array = value.value if isinstance(value, Readable) else value
    return array if array.base is None or not isinstance(array.base, np.ndarray) else array.base


def same_memory(x: Any) -> Iterator[Any]:
    """x, and the tensors whose memory it shows, as w.T shows that of w."""
    memory = owner(x.value)
    while True:
        yield x
        source = next((s for s in map(_alive, (*x.inputs, *x.saved)) if isinstance(s, Readable)), None)
        if source is None or owner(source.value) is not memory:
            return
        x = source


def origin(value: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A weak reference to the tensor whose memory a result shows that has no graph to say so; nothing if there is none."""
    memory = owner(value)
    for x in inputs:
        if isinstance(x, Readable) and owner(x) is memory:
            *_, source = same_memory(x)
            return (weakref.ref(source),)
    return ()


def _alive(x: Any) -> Any:
    return x() if isinstance(x, weakref.ref) else x


def wrote(tensors: Iterable[Any]) -> None:
    """Note that these tensors' memory was written to now: what was computed from them before is out of date."""
    now = tick()
    with clock.setting:
        clock.last_write = max(clock.last_write, now)
    for tensor in tensors:
        tensor.written = now
        if observers:
            observer().wrote(tensor)


def write(tensor: Any, numbers: Any, index: Any = ...) -> None:
    """Copy numbers into a tensor's memory, all of it or what an index names; ValueError for another shape, TypeError
    where digits would be lost."""
    if observers and observer().assigned(tensor, numbers, index):
        return  # a program is being recorded, which will do it
    if isinstance(numbers, Readable):
        numbers = numbers.value
    numbers = np.asarray(numbers)
    if index is ... and numbers.shape != tensor.shape:
        raise ValueError(f"{describe(tensor)} cannot take values of shape {numbers.shape}; make a new Tensor instead")
    if numbers.dtype.kind == "f" and tensor.dtype.kind != "f":
        raise TypeError(
            f"{describe(tensor)} holds {tensor.dtype} and cannot take {numbers.dtype} without losing digits"
        )
    value = tensor.value
    if isinstance(value, np.ndarray):
        value[index] = numbers
    else:  # a NumPy scalar cannot be written to
        value = np.array(value)
        value[index] = numbers
        tensor.value = value[()]
    wrote(same_memory(tensor))


def describe(tensor: Any) -> str:
    """A tensor as errors speak of it: its name or the row that made it, its shape and dtype."""
    kind = f"the result of {tensor.op.name}" if tensor.op is not None else "tensor"
    name = f" {tensor.name!r}" if tensor.name else ""
    made = f" (made at {tensor.site.made})" if tensor.site is not None and tensor.site.made else ""
    return f"{kind}{name} of shape {tensor.shape}{made}"
