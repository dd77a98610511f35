"""scikit-learn's multilayer perceptrons, given our initial values and told not to shuffle or to regularise.

A warm start keeps the parameters but begins a new optimizer with every `fit`, so its timed rounds start from
zero momentum; the work per step is the same.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.data import batches, initial_values
from benchmarks.workloads import Train, Workload


def fit(work: Workload) -> Train:
    x, t = (np.concatenate(column) for column in zip(*batches(work), strict=True))
    # Its squared error is half of ours, and so are its gradients.
    scale = 2 if work.loss == "mse" else 1
    model = (MLPRegressor if work.loss == "mse" else MLPClassifier)(
        hidden_layer_sizes=work.sizes[1:-1],
        activation=work.activation,
        solver=work.optimizer,
        alpha=0.0,
        batch_size=work.batch,
        learning_rate_init=scale * work.lr,
        momentum=work.momentum,
        nesterovs_momentum=False,
        shuffle=False,
        warm_start=True,
        tol=0.0,
        n_iter_no_change=np.inf,
        max_iter=1,
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    target = t.ravel()
    model.fit(x, target)  # only to have it allocate the arrays that are filled now
    values = list(initial_values(work).values())
    for own, ours in zip(model.coefs_, values[::2], strict=True):
        own[...] = ours.T
    for own, ours in zip(model.intercepts_, values[1::2], strict=True):
        own[...] = ours

    def train(epochs: int) -> float:
        model.set_params(max_iter=epochs).fit(x, target)
        return scale * model.loss_

    return train
