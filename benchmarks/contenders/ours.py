"""This project as a user writes it: a model, a loss, an optimizer and the usual five lines of training."""

from autograd_core import Tensor, nn, optim
from benchmarks.data import batches, by_steps, initial_values
from benchmarks.workloads import Train, Workload


def eager(work: Workload) -> Train:
    model = nn.MLP(list(work.sizes), activation=work.activation, rng=0)
    model.load_state_dict(initial_values(work))
    loss_fn = nn.MSELoss() if work.loss == "mse" else nn.CrossEntropyLoss()
    if work.optimizer == "adam":
        optimizer = optim.Adam(model.parameters(), lr=work.lr)
    else:
        optimizer = optim.SGD(model.parameters(), lr=work.lr, momentum=work.momentum)

    def step(x: Tensor, t: Tensor) -> float:
        optimizer.zero_grad()
        loss = loss_fn(model(x), t)
        loss.backward()
        optimizer.step()
        return loss.item()

    return by_steps(step, ((Tensor(x), Tensor(t)) for x, t in batches(work)))
