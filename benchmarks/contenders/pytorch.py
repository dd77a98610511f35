"""PyTorch without compilation, with its default optimizer loop and with the fused one."""

from itertools import pairwise

import torch

from benchmarks.data import batches, by_steps, initial_values
from benchmarks.workloads import Train, Workload


def _training(work: Workload, fused: bool) -> Train:
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(work.sizes):
        layers += [
            torch.nn.Linear(n_in, n_out),
            torch.nn.Tanh() if work.activation == "tanh" else torch.nn.ReLU(),
        ]
    model = torch.nn.Sequential(*layers[:-1])
    model.load_state_dict({key: torch.from_numpy(value) for key, value in initial_values(work).items()})
    loss_fn = torch.nn.MSELoss() if work.loss == "mse" else torch.nn.CrossEntropyLoss()
    optimizer: torch.optim.Optimizer
    if work.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=work.lr, fused=fused)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=work.lr, momentum=work.momentum, fused=fused)

    def step(x: torch.Tensor, t: torch.Tensor) -> float:
        optimizer.zero_grad()
        loss = loss_fn(model(x), t)
        loss.backward()
        optimizer.step()
        return loss.item()

    return by_steps(step, ((torch.from_numpy(x), torch.from_numpy(t)) for x, t in batches(work)))


def eager(work: Workload) -> Train:
    return _training(work, fused=False)


def fused(work: Workload) -> Train:
    return _training(work, fused=True)
