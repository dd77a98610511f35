"""This project as a user writes it: a model, a loss, an optimizer and the usual five lines of training."""

from typing import Any

import numpy as np

import autograd_core.compiler  # noqa: F401
from autograd_core import Tensor, nn, optim
from benchmarks.data import batches, by_steps, initial_values
from benchmarks.workloads import Train, Workload


def _parts(work: Workload) -> tuple[Any, Any, Any]:
    model = nn.MLP(list(work.sizes), activation=work.activation, rng=0)
    model.load_state_dict(initial_values(work))
    loss_fn = nn.MSELoss() if work.loss == "mse" else nn.CrossEntropyLoss()
    if work.optimizer == "adam":
        return model, loss_fn, optim.Adam(model.parameters(), lr=work.lr)
    return model, loss_fn, optim.SGD(model.parameters(), lr=work.lr, momentum=work.momentum)


def eager(work: Workload) -> Train:
    model, loss_fn, optimizer = _parts(work)

    def step(x: Tensor, t: Tensor) -> float:
        optimizer.zero_grad()
        loss = loss_fn(model(x), t)
        loss.backward()
        optimizer.step()
        return loss.item()

    return by_steps(step, ((Tensor(x), Tensor(t)) for x, t in batches(work)))


def compiled(work: Workload, compile: str = "auto") -> Train:
    """The Trainer, which compiles by itself: from the first step on, since the compiler is loaded."""
    x, t = (np.concatenate(column) for column in zip(*batches(work), strict=True))
    trainer = optim.Trainer(*_parts(work), compile=compile)

    def train(epochs: int) -> float:
        return trainer.fit((x, t), epochs=epochs, batch_size=work.batch, shuffle=False, progress=False)["loss"][-1]

    return train


def fast(work: Workload) -> Train:
    """The same with sums in another order."""
    return compiled(work, "fast")
