"""Does speed cost accuracy? Mean test scores over five stratified splits, beside those of scikit-learn and PyTorch, where it
is installed: `python -m benchmarks.accuracy`.

The same layers (64-32 for real data), Adam, batch size, epochs and standardised inputs for all; 70/30, seeds 0 to 4, and
several starts for each split, since what one start gains over another is more than what the contenders differ by.
The generated sets have no peer beside them: they are easy, and a trainer that misses them has a fault.
"""

from __future__ import annotations

import importlib.util
import warnings
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_core import datasets, nn, optim

EPOCHS, BATCH, SEEDS = 50, 32, range(5)
STARTS = {"digits": 4, "breast_cancer": 4}  # of each split; elsewhere 16, since small test parts scatter more
REAL = ["digits", "iris", "wine", "breast_cancer", "diabetes"]
GENERATED: dict[str, tuple[tuple[int, ...], float]] = {
    "xor": ((32, 32), 0.1),
    "moons": ((32, 32), 0.1),
    "circles": ((32, 32), 0.1),
    "spirals": ((64, 64), 0.05),
}


def ours(train: Any, test: Any, hidden: tuple[int, ...], seed: int, epochs: int = EPOCHS) -> float:
    regression = train.task == "regression"
    model = nn.MLP([train.n_features, *hidden, train.n_outputs], rng=seed)
    loss = nn.MSELoss() if regression else nn.CrossEntropyLoss()
    metric = "r2" if regression else "accuracy"
    trainer = optim.Trainer(model, loss, optim.Adam(model.parameters()), metrics=[metric])
    trainer.fit(train, epochs=epochs, batch_size=BATCH, seed=seed, progress=False)
    return float(trainer.evaluate(test)[metric])


def estimators(kinds: Any, train: Any, test: Any, hidden: tuple[int, ...], seed: int) -> float:
    """The score of the MLPClassifier or MLPRegressor of a module: ours and scikit-learn's take the same settings."""
    kind = kinds.MLPRegressor if train.task == "regression" else kinds.MLPClassifier
    model = kind(
        hidden_layer_sizes=hidden, batch_size=BATCH, max_iter=EPOCHS, random_state=seed, n_iter_no_change=EPOCHS
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they have not converged after so few epochs, by their own standard
        model.fit(train.x, train.y.ravel())
    return float(model.score(test.x, test.y.ravel()))


def torchs(train: Any, test: Any, hidden: tuple[int, ...], seed: int) -> float:
    import torch

    torch.manual_seed(seed)
    sizes = [train.n_features, *hidden, train.n_outputs]
    layers: list[Any] = [torch.nn.Linear(sizes[0], sizes[1])]
    for a, b in pairwise(sizes[1:]):
        layers += [torch.nn.ReLU(), torch.nn.Linear(a, b)]
    model = torch.nn.Sequential(*layers)
    loss = torch.nn.MSELoss() if train.task == "regression" else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        output = model(torch.from_numpy(test.x)).numpy()
    return (optim.metrics.r2 if train.task == "regression" else optim.metrics.accuracy)(output, test.y)


def main() -> None:
    import sklearn.neural_network

    from autograd_core import estimators as kinds

    contenders: dict[str, Any] = {
        "Trainer": ours,
        "estimator": partial(estimators, kinds),
        "sklearn": partial(estimators, sklearn.neural_network),
    }
    if importlib.util.find_spec("torch"):
        contenders["PyTorch"] = torchs
    print(f"{'real data':<16}", *(f"{name:>10}" for name in contenders), f"{'worse by':>10}", sep="")
    for name in REAL:
        scores = []
        for seed in SEEDS:
            train, test = datasets.load(name).split(0.7, 0.3, seed=seed)
            (train, test), *_ = (
                datasets.standardize(train, test, target=True)
                if not train.classes
                else datasets.standardize(train, test)
            )
            starts = STARTS.get(name, 16)
            for start in range(starts * seed, starts * (seed + 1)):
                scores += [[score(train, test, (64, 32), start) for score in contenders.values()]]
        means = np.mean(scores, axis=0)
        best, worst = 2 + np.argmax(means[2:]), np.argmin(means[:2])
        behind = np.array(scores)[:, best] - np.array(scores)[:, worst]
        print(
            f"{name:<16}",
            *(f"{m:>10.4f}" for m in means),
            f"{behind.mean():>10.4f} ± {behind.std() / len(behind) ** 0.5:.4f}",
            sep="",
            flush=True,
        )
    print(f"\n{'generated':<16}{'ours':>8}{'worst':>9}")
    for name, (hidden, noise) in GENERATED.items():
        found = []
        for seed in SEEDS:
            data = getattr(datasets, f"make_{name}")(n=1000, noise=noise, rng=seed)
            (train, test), _ = datasets.standardize(*data.split(0.7, 0.3, seed=seed))
            found.append(ours(train, test, hidden, seed, epochs=200))
        print(f"{name:<16}{np.mean(found):>8.4f}{min(found):>9.4f}", flush=True)


if __name__ == "__main__":
    main()
