"""Make the stored values that the tests compare with, by PyTorch: `python tests/reference/make_reference.py`.

Made with torch 2.13.0 in float64. Inputs are stored beside the results and are exact in float32, so that one
reference serves both precisions. The tests read the JSON files only and need no PyTorch.
"""

import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
rng = np.random.default_rng(20)

# rows of logits: opposite extremes, large, zero, large with small differences, very negative
EXTREME = [[1e4, -1e4, 0.0], [1e2, -1e2, 0.0], [0.0, 0.0, 0.0], [1e4, 9999.5, 9998.0], [-1e4, -9999.5, -1e2]]
POINTS = {"random": rng.normal(0, 2, (5, 3)).astype(np.float32).tolist(), "extreme": EXTREME}
SEED = rng.normal(0, 1, (5, 3)).astype(np.float32).tolist()  # the gradient that arrives where nothing is reduced

FUNCTIONS = {
    "relu": lambda x: torch.relu(x),
    "leaky_relu": lambda x, negative_slope: torch.nn.functional.leaky_relu(x, negative_slope),
    "sigmoid": lambda x, slope: torch.sigmoid(slope * x),
    "tanh": lambda x: torch.tanh(x),
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),  # torch's softplus is cut off at 20
    "softmax": lambda x, dim: torch.softmax(x, dim),
    "log_softmax": lambda x, dim: torch.log_softmax(x, dim),
}
FUNCTION_CASES = [
    ("relu", {}), ("leaky_relu", {"negative_slope": 0.01}), ("leaky_relu", {"negative_slope": 0.25}),
    ("sigmoid", {"slope": 1.0}), ("sigmoid", {"slope": 2.5}), ("tanh", {}), ("softplus", {}),
    ("softmax", {"dim": -1}), ("softmax", {"dim": 0}), ("log_softmax", {"dim": -1}), ("log_softmax", {"dim": 0}),
]  # fmt: skip

PROBABILITIES = [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.125, 0.75], [0.25, 0.25, 0.5], [0.0, 0.5, 0.5]]
TARGETS = {
    "numbers": rng.normal(0, 2, (5, 3)).astype(np.float32).tolist(),
    "itself": None,  # the output itself: the kink of L1
    "binary": [[1, 0, 1], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 0, 1]],
    "shares": PROBABILITIES,
    "indices": [1, 0, 2, 1, 2],
    "one_hot": np.eye(3)[[1, 0, 2, 1, 2]].tolist(),
    "probabilities": PROBABILITIES,
}
LOSSES = {
    "mse": (torch.nn.functional.mse_loss, ["numbers", "itself"]),
    "l1": (torch.nn.functional.l1_loss, ["numbers", "itself"]),
    "bce": (torch.nn.functional.binary_cross_entropy_with_logits, ["binary", "shares"]),
    "ce": (torch.nn.functional.cross_entropy, ["indices", "one_hot", "probabilities"]),
}


def value_and_gradient(f, x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = f(x)
    y.backward(torch.tensor(SEED, dtype=torch.float64).flatten()[: y.numel()].reshape(y.shape) if y.ndim else None)
    return {"value": y.tolist(), "grad": x.grad.tolist()}


def functions():
    activations = [
        {"function": name, "options": options, "points": points}
        | value_and_gradient(lambda z, name=name, options=options: FUNCTIONS[name](z, **options), x)
        for name, options in FUNCTION_CASES
        for points, x in POINTS.items()
    ]
    losses = []
    for name, (f, kinds) in LOSSES.items():
        for kind in kinds:
            for points, x in POINTS.items():
                t = x if kind == "itself" else TARGETS[kind]
                t = torch.tensor(t, dtype=torch.int64 if kind == "indices" else torch.float64)
                for reduction in ("mean", "sum", "none"):
                    found = value_and_gradient(lambda z, f=f, t=t, r=reduction: f(z, t, reduction=r), x)
                    losses.append({"loss": name, "target": kind, "points": points, "reduction": reduction} | found)
    return {"points": POINTS, "seed": SEED, "targets": TARGETS, "activations": activations, "losses": losses}


def twin():
    """A small network: its state, and what it gives and learns from one batch."""
    torch.manual_seed(3)
    rng = np.random.default_rng(4)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 5),
        torch.nn.Tanh(),
        torch.nn.Linear(5, 4, bias=False),
        torch.nn.LeakyReLU(0.1),
        torch.nn.Linear(4, 2),
    ).double()
    x = torch.tensor(rng.normal(0, 1, (6, 3)), requires_grad=True)
    target = [0, 1, 1, 0, 1, 0]
    y = model(x)
    torch.nn.functional.cross_entropy(y, torch.tensor(target)).backward()
    return {
        "state": {name: p.tolist() for name, p in model.state_dict().items()},
        "x": x.tolist(), "target": target, "output": y.tolist(), "x_grad": x.grad.tolist(),
        "grads": {name: p.grad.tolist() for name, p in model.named_parameters()},
    }  # fmt: skip


if __name__ == "__main__":
    for make in (functions, twin):
        text = json.dumps({"torch": torch.__version__.split("+")[0], **make()})
        # one case a line: a change shows as the case it is
        text = text.replace('}, {"', '},\n{"').replace('": [{"', '": [\n{"')
        (HERE / f"{make.__name__}.json").write_text(text + "\n", encoding="utf-8")
