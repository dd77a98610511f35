"""MLPRegressor: a number for each sample, or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from autograd_core import nn

from .extra import base, metrics
from .mlp import MLP
from .parts import poisson_loss


@dataclass(eq=False, repr=False, kw_only=True)
class MLPRegressor(base.RegressorMixin, MLP):
    """A multilayer perceptron that gives a number, or, for a y of several columns, several.

    Parameters as MLPClassifier's, but for class_weight. loss: "squared_error" (half of it, as in scikit-learn),
    "absolute_error", "huber", "poisson" (for counts: outputs are logarithms), or a loss of nn or a function of (output,
    target, sample_weight=None). Targets are taken as they are, as scikit-learn's are: where they are far from the size of
    1, train on standard scores, TransformedTargetRegressor(MLPRegressor(), transformer=StandardScaler()).

    >>> X = np.linspace(-1, 1, 100).reshape(-1, 1)
    >>> model = MLPRegressor((20,), "tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    loss: Any = "squared_error"

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch over these samples."""
        return self._partial_fit(X, y, sample_weight)

    def _targets(self, y: Any, fresh: bool, classes: Any) -> Any:
        t = y.reshape(len(y), -1)
        if fresh:
            self.n_outputs_ = t.shape[1]
            self.out_activation_ = "exp" if self.loss == "poisson" else "identity"
        if t.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {t.shape[1]} columns, and those learned before {self.n_outputs_}")
        if self.loss == "poisson" and t.min() < 0:
            raise ValueError(f'loss="poisson" counts, from 0; y goes down to {t.min()}')
        return t.astype(float)

    def _losses(self) -> dict[str, Any]:
        return {
            "squared_error": nn.SSELoss("mean"), "absolute_error": nn.L1Loss, "huber": nn.HuberLoss, "poisson": poisson_loss,
        }  # fmt: skip

    def _answers(self, outputs: Any) -> Any:
        outputs = np.exp(outputs) if self.out_activation_ == "exp" else outputs
        return outputs.ravel() if self.n_outputs_ == 1 else outputs

    def _score(self, y: Any, answers: Any, w: Any) -> float:
        return float(metrics.r2_score(y, answers, sample_weight=w))
