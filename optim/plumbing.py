"""What the Trainer needs besides training: modes, dtypes and a bar."""

from __future__ import annotations

import time
from operator import length_hint
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


class Bar:
    """How far training is: epochs, batches where steps are made one by one, the time that is left, the losses."""

    def __init__(self, epochs: int, done: int, batches: Any):
        from tqdm.auto import tqdm  # 40 ms, so only when a bar is shown

        self.epochs, self.shown, self.losses = epochs, 0.0, ""
        self.batches = length_hint(batches)
        layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
        self.bar = tqdm(total=epochs, initial=done, leave=False, bar_format=layout, desc=f"epoch {done}/{epochs}")

    def step(self, place: Any) -> None:
        """A batch is trained; shown ten times a second at most."""
        if time.perf_counter() - self.shown >= 0.1:
            self.shown = time.perf_counter()
            self.bar.n = place.epoch + (min(place.batch / self.batches, 1) if self.batches else 0)
            of = f"/{self.batches}" if self.batches else ""
            self.bar.set_description_str(
                f"epoch {place.epoch + 1}/{self.epochs}, batch {place.batch}{of}", refresh=False
            )
            self.bar.set_postfix_str(f"loss={place.total / place.seen:.4g}{self.losses}")

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is over."""
        numbers = {k: v for k, v in row.items() if isinstance(v, float) and k not in ("lr", "seconds")}
        self.losses = "".join(f", {k}={v:.4g}" for k, v in numbers.items() if k != "loss")
        self.bar.n = row["epoch"]
        self.bar.set_description_str(f"epoch {row['epoch']}/{self.epochs}", refresh=False)
        self.bar.set_postfix_str(f"loss={row['loss']:.4g}{self.losses}", refresh=False)
        if time.perf_counter() - self.shown >= 0.1 or row["epoch"] == self.epochs:
            self.shown = time.perf_counter()
            self.bar.refresh()

    def close(self) -> None:
        """Wipe it away."""
        self.bar.close()
