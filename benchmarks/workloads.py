"""The six training jobs that every contender has to do.

They are plain numbers, so that the process which only directs the race stays as small as Python itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

# What a contender builds: train(epochs) runs that many and gives the mean training loss of the last one,
# or None if it computes no loss. A later call carries on where the earlier one stopped.
Train = Callable[[int], float | None]


@dataclass(frozen=True)
class Workload:
    """A network, its data and its optimizer; `epochs` is how many make up one timed round."""

    sizes: tuple[int, ...]
    activation: Literal["tanh", "relu"]
    loss: Literal["mse", "cross_entropy", "hinge"]
    batch: int
    batches: int
    epochs: int
    lr: float
    optimizer: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.0
    l2: float = 0.0  # weight of the sum of squared parameters in the loss

    def __str__(self) -> str:
        words = {"mse": "mean squared error", "cross_entropy": "cross-entropy", "hinge": "hinge + L2"}
        rule = f"SGD momentum {self.momentum}" if self.momentum else self.optimizer
        rule = {"sgd": "SGD", "adam": "Adam"}.get(rule, rule)
        network = "-".join(map(str, self.sizes))
        return f"{network} {self.activation}, batch {self.batch}, {words[self.loss]}, {rule}"


# Each round runs a fixed number of epochs, not a fixed time: all contenders are then timed at the same points
# of the same training, where equally many units are dead and equally many momenta have become subnormal.
_SMALL: dict[str, Any] = {"sizes": (64, 32, 10), "activation": "relu", "loss": "cross_entropy", "batch": 32}
WORKLOADS = {
    "W1": Workload((2, 16, 16, 1), "tanh", "mse", batch=32, batches=32, epochs=20, lr=0.05),
    "W2": Workload(**_SMALL, batches=32, epochs=20, lr=0.05, momentum=0.9),
    "W3": Workload(**_SMALL, batches=32, epochs=20, lr=1e-3, optimizer="adam"),
    "W4": Workload((784, 128, 10), "relu", "cross_entropy", batch=128, batches=16, epochs=5, lr=0.05, momentum=0.9),
    "W5": Workload(
        (784, 512, 512, 10),
        "relu",
        "cross_entropy",
        batch=256,
        batches=4,
        epochs=3,
        lr=1e-3,
        optimizer="adam",
    ),
    "W6": Workload((2, 16, 16, 1), "relu", "hinge", batch=100, batches=1, epochs=1, lr=0.1, l2=1e-4),
}
