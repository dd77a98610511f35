"""MLPs as scikit-learn's users know them: fit, predict, score, and every parameter a keyword that grids can search.

They add nothing to training but its manners: a network of nn, a loss of nn, an optimizer of optim, trained by its Trainer.
Sample weights travel with the targets as their last column, so that a weighted step is a step like any other.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
import warnings
from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Self

import numpy as np

from autograd_core import nn, no_grad, optim
from autograd_core.ops import shapes


def _needed(name: str) -> Any:
    try:
        return import_module(f"sklearn.{name}")
    except ImportError as error:
        raise ImportError('MLPClassifier and MLPRegressor need scikit-learn: pip install "autograd-core[sklearn]"') from error


base, metrics, selection, utils = map(_needed, ["base", "metrics", "model_selection", "utils"])
class_weights, multiclass, validation = map(_needed, ["utils.class_weight", "utils.multiclass", "utils.validation"])
ConvergenceWarning = _needed("exceptions").ConvergenceWarning

CHUNK = 4096  # samples at a time where no gradients are needed


@dataclass(eq=False, repr=False)
class _MLP(base.BaseEstimator):
    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    loss: Any = None
    solver: Any = "adam"
    alpha: float = 0.0001
    batch_size: Any = "auto"
    learning_rate: Any = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: Any = None
    tol: float = 1e-4
    verbose: Any = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: float = 10
    dropout: float = 0.0
    norm: str | None = None
    weight_init: Any = "glorot_uniform"
    callbacks: Any = None
    compile: Any = "auto"
    dtype: str = "auto"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, eval_set: Any = None) -> Self:
        """Train for up to max_iter epochs; from the start, unless warm_start is set and there is a model already.

        sample_weight: one number for each sample. eval_set: a pair (X, y) to measure after each epoch, and to stop early by
        if early_stopping is set, in place of a part of the training data.
        """
        fresh = not (self.warm_start and hasattr(self, "model_"))
        x, y, t, w = self._read(X, y, sample_weight, fresh)
        held_out = None
        if eval_set is not None:
            held_out = self._read(*eval_set, None, False)
        elif self.early_stopping:
            x, y, t, w, held_out = self._split(x, y, t, w)
        return self._train(x, t, w, held_out, fresh, self.max_iter)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        if self.early_stopping:
            raise ValueError("partial_fit sees a part of the data, once: it does not support early_stopping=True")
        fresh = not hasattr(self, "model_")
        x, _, t, w = self._read(X, y, sample_weight, fresh)
        return self._train(x, t, w, None, fresh, None)

    def predict(self, X: Any) -> Any:
        """The answers for samples X, in the form of the y that was learned."""
        return self._answers(self._outputs(X))

    # --- data ------------------------------------------------------------------------------------------------------

    def _read(self, X: Any, y: Any, sample_weight: Any, fresh: bool) -> tuple[Any, Any, Any, Any]:
        """Samples, answers, targets of the loss, and weights or None; what does not fit is told of."""
        X, y = validation.validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, dtype=(np.float64, np.float32), reset=fresh,
            y_numeric=base.is_regressor(self),
        )  # fmt: skip
        y = y.toarray() if hasattr(y, "toarray") else y
        if y.ndim == 2 and y.shape[1] == 1:
            y = utils.column_or_1d(y, warn=True)
        if fresh:
            for name in [name for name in vars(self) if name.endswith("_") or name in ("_trainer", "_optimizer_state")]:
                if name not in ("n_features_in_", "feature_names_in_") and not name.startswith("__"):
                    delattr(self, name)
        t = self._targets(y, fresh)
        w = self._weights(y, sample_weight)
        if w is not None:
            w = validation._check_sample_weight(w, X, dtype=np.float64, ensure_non_negative=True)
        return X, y, t, w

    def _weights(self, y: Any, sample_weight: Any) -> Any:
        return sample_weight

    def _split(self, x: Any, y: Any, t: Any, w: Any) -> tuple[Any, ...]:
        """Data to train on and, last, data that is held out."""
