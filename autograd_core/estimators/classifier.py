"""MLPClassifier: classes, two or more, or several labels for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from autograd_core import nn
from autograd_core.nn import functional as F

from .extra import base, class_weights, metrics, multiclass
from .mlp import MLP
from .parts import labels_loss


@dataclass(eq=False, repr=False, kw_only=True)
class MLPClassifier(base.ClassifierMixin, MLP):
    """A multilayer perceptron that tells classes apart, or gives each sample several labels (y of 0 and 1, a column each).

    All of scikit-learn's parameters are here, under its names and with its defaults, max_fun excepted. New, or wider:

    activation: any name, class or function that nn.MLP knows (and "logistic"), a functools.partial of a class, a module,
    or a list with one for each hidden layer. loss: "log_loss", "focal", or a loss of nn or a function of (output,
    target, sample_weight=None). Outputs are logits, one for each of three classes and more, whose targets are indices,
    else a column for each label, whose targets are 0 or 1. solver: more names (SOLVERS), a class of optim, or a function
    of the parameters that gives an optimizer. learning_rate: also a function of the optimizer that gives a schedule.
    class_weight: weights by class, or "balanced". dropout, norm, weight_init: as nn.MLP. callbacks: as Trainer.fit; a row
    has val_loss and val_score where there is something to validate. compile: as Trainer, but "fast" by itself. dtype:
    "float32", "float64", or "auto": float32 with minibatches, whose order is noise far above rounding, else that of X.

    alpha shrinks the matrices as in scikit-learn, but in the optimizer's step, so that it is not part of loss_.
    Training ends when tol was not gained in n_iter_no_change epochs (np.inf: never).

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((16,), ["tanh"], batch_size=50, learning_rate_init=0.05, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.95
    True
    """

    loss: Any = "log_loss"
    class_weight: Any = None

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """One epoch over these samples. classes: all that there will be, to be told at the first call."""
        if self.class_weight == "balanced":
            raise ValueError(
                'partial_fit does not see all of the data, as class_weight="balanced" needs: write the weights, {class: weight}'
            )
        if (
            classes is None
            and not hasattr(self, "model_")
            and not multiclass.type_of_target(y).startswith("multilabel")
        ):
            raise ValueError("classes must be passed on the first call to partial_fit: all that there will ever be")
        return self._partial_fit(X, y, sample_weight, classes)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of classes_; of each label, for several."""
        z = self._outputs(X)
        if self.out_activation_ == "softmax":
            return F.softmax(z)
        p = F.sigmoid(z)
        return p if self._multilabel else np.column_stack([1 - p, p])

    def predict_log_proba(self, X: Any) -> Any:
        """ln predict_proba(X), finite also where a probability is rounded to 0."""
        z = self._outputs(X)
        if self.out_activation_ == "softmax":
            return F.log_softmax(z)
        return -F.softplus(-z) if self._multilabel else np.column_stack([-F.softplus(z), -F.softplus(-z)])

    def _targets(self, y: Any, fresh: bool, classes: Any) -> Any:
        multiclass.check_classification_targets(y)
        multilabel = multiclass.type_of_target(y).startswith("multilabel")
        if y.ndim > 1 and not multilabel:
            raise ValueError(
                "y has several columns that are not 0 and 1: fit one classifier for each, MultiOutputClassifier"
            )
        if fresh:
            self._multilabel = multilabel
            self.classes_ = np.arange(y.shape[1]) if multilabel else np.unique(y if classes is None else classes)
            self.n_outputs_ = 1 if len(self.classes_) == 2 and not multilabel else len(self.classes_)
            self.out_activation_ = "logistic" if multilabel or self.n_outputs_ == 1 else "softmax"
        if multilabel != self._multilabel or (multilabel and y.shape[1] != self.n_outputs_):
            raise ValueError(f"y has other labels than those learned before, of which there are {self.n_outputs_}")
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes are {np.unique(classes).tolist()}, and those of the first call to partial_fit were {self.classes_.tolist()}: "
                "tell them once, all that there will ever be"
            )
        if multilabel:
            return y.astype(float)
        if len(self.classes_) < 2:
            raise ValueError(
                f"there must be two classes to tell apart, or more; y holds one class: {self.classes_.tolist()}"
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y holds {unknown.tolist()}, none of the classes learned before: {self.classes_.tolist()}"
            )
        indices = np.searchsorted(self.classes_, y)
        return indices if self.out_activation_ == "softmax" else indices.reshape(-1, 1).astype(float)

    def _weights(self, y: Any, w: Any) -> Any:
        if self.class_weight is None:
            return w
        of_class = class_weights.compute_sample_weight(self.class_weight, y)
        return of_class if w is None else of_class * np.asarray(w)

    def _losses(self) -> dict[str, Any]:
        if self.out_activation_ == "softmax":
            return {"log_loss": nn.CrossEntropyLoss, "focal": nn.FocalLoss}
        if self._multilabel:
            return {"log_loss": labels_loss, "focal": nn.SigmoidFocalLoss}
        return {"log_loss": nn.BCEWithLogitsLoss, "focal": nn.SigmoidFocalLoss}

    def _answers(self, outputs: Any) -> Any:
        if self._multilabel:
            return (outputs > 0).astype(int)
        return self.classes_[outputs.argmax(axis=1) if self.n_outputs_ > 1 else (outputs[:, 0] > 0).astype(int)]

    def _score(self, y: Any, answers: Any, w: Any) -> float:
        return float(metrics.accuracy_score(y, answers, sample_weight=w))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
