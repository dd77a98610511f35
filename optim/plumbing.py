"""What the Trainer needs besides training: modes, dtypes and a bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core import Tensor


class evaluating:
    """The model in evaluation mode, and each of its modules in its own mode afterwards."""

    def __init__(self, model: Any):
        self.modules = list(model.modules()) if hasattr(model, "modules") else []

    def __enter__(self) -> None:
        self.modes = [module.training for module in self.modules]
        for module in self.modules:
            module.training = False

    def __exit__(self, *exc: object) -> None:
        for module, mode in zip(self.modules, self.modes, strict=True):
            module.training = mode


def inputs(x: Any, dtype: Any) -> Any:
    """Inputs in the dtype of the parameters, so that float64 data does not make a float32 model slow."""
    x = np.asarray(x.value if isinstance(x, Tensor) else x)
    return x.astype(dtype, copy=False) if x.dtype.kind == "f" or (dtype is not None and x.dtype.kind in "iub") else x


def bare(x: Any) -> Any:
    """The array of a Tensor, or what is one already."""
    return x.value if isinstance(x, Tensor) else np.asarray(x)


def progress_bar(epochs: int, shown: bool) -> Any:
    """A bar of epochs, or None."""
    if not shown:
        return None
    from tqdm.auto import tqdm  # 40 ms, so only when a bar is shown

    return tqdm(total=epochs, unit="epoch", leave=False)
