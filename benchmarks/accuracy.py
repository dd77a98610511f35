"""Does speed cost accuracy? Mean test scores over five stratified splits, beside scikit-learn's: `python -m benchmarks.accuracy`.

The same layers (64-32 for real data), Adam, batch size, epochs and standardised inputs for both; 70/30, seeds 0 to 4.
The generated sets have no peer beside them: they are easy, and a trainer that misses them has a fault.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd_core import datasets, nn, optim

EPOCHS, BATCH, SEEDS = 50, 32, range(5)
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


def sklearns(train: Any, test: Any, hidden: tuple[int, ...], seed: int) -> float:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPRegressor if train.task == "regression" else MLPClassifier
    model = kind(
        hidden_layer_sizes=hidden, batch_size=BATCH, max_iter=EPOCHS, random_state=seed, n_iter_no_change=EPOCHS
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged after so few epochs, by its own standard
        model.fit(train.x, train.y.ravel())
    return float(model.score(test.x, test.y.ravel()))


def main() -> None:
    print(f"{'real data':<16}{'ours':>8}{'sklearn':>9}{'difference':>12}")
    for name in REAL:
        scores = []
        for seed in SEEDS:
            train, test = datasets.load(name).split(0.7, 0.3, seed=seed)
            (train, test), *_ = (
                datasets.standardize(train, test, target=True)
                if not train.classes
                else datasets.standardize(train, test)
            )
            scores.append((ours(train, test, (64, 32), seed), sklearns(train, test, (64, 32), seed)))
        a, b = np.mean(scores, axis=0)
        print(f"{name:<16}{a:>8.4f}{b:>9.4f}{a - b:>+12.4f}", flush=True)
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
