"""What both estimators have in common: settings, reading data, training, and what is known afterwards."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np

from autograd_core import nn, no_grad, optim

from ..lines import warn
from . import building
from .extra import ConvergenceWarning, base, model_selection, utils, validation
from .parts import Objective, Score, SparseBatches, dense, of_one_kind

CHUNK = 4096  # samples at a time where no gradients are needed
FLOATS = (np.float64, np.float32)
COUNT, NOT_NEGATIVE = optim.settings.COUNT, optim.settings.NOT_NEGATIVE
FLAG = (lambda v: isinstance(v, (bool, np.bool_)), "True or False")
RANGES: dict[str, Any] = {  # of settings that nobody else will check
    "batch_size": (lambda v: v == "auto" or COUNT[0](v), '"auto" or a whole number, at least 1'),
    "dtype": optim.settings.one_of("auto", "float32", "float64"),
    "alpha": NOT_NEGATIVE, "tol": NOT_NEGATIVE, "max_iter": COUNT,
    "n_iter_no_change": (lambda v: v == math.inf or COUNT[0](v), "a number of epochs, at least 1, or np.inf"),
    "validation_fraction": (lambda v: 0 < v < 1, "above 0 and below 1"),
    "shuffle": FLAG, "early_stopping": FLAG, "warm_start": FLAG,
    "callbacks": (lambda v: v is None or isinstance(v, (list, tuple)), "a list, or None"),
}  # fmt: skip
Data = tuple[Any, Any, Any, Any]  # samples, answers, answers as the loss takes them, weights or None


@dataclass(eq=False, repr=False)
class MLP(base.BaseEstimator):
    """Base of the estimators, which say what the settings mean; a setting is a field and nothing else."""

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
    weight_init: Any = "torch_uniform"
    callbacks: Any = None
    compile: Any = "fast"
    dtype: str = "auto"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, eval_set: Any = None) -> Self:
        """Train for up to max_iter epochs; from the start, or onwards if warm_start is set and there is a model.

        sample_weight: one number for each sample; 2 counts like having it twice. eval_set: a pair (X, y) that is measured
        after each epoch, and that early_stopping goes by, in place of a part of the training data.
        """
        optim.settings.check(vars(self), RANGES)
        fresh = not (self.warm_start and hasattr(self, "model_"))
        data = self._read(X, y, sample_weight, fresh)
        held_out = None
        if eval_set is not None:
            if not isinstance(eval_set, (tuple, list)) or len(eval_set) != 2:
                raise ValueError(f"eval_set is a pair (X, y); it is {eval_set!r:.80}")
            held_out = self._read(eval_set[0], eval_set[1], None, False)
        elif self.early_stopping:
            data, held_out = self._split(data)
        return self._train(data, held_out, fresh, int(self.max_iter))

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        optim.settings.check(vars(self), RANGES)
        if self.early_stopping:
            raise ValueError("partial_fit sees a part of the data, once: it does not support early_stopping=True")
        fresh = not hasattr(self, "model_")
        return self._train(self._read(X, y, sample_weight, fresh, classes), None, fresh, None)

    def predict(self, X: Any) -> Any:
        """The answers for samples X, in the form of the y that was learned."""
        return self._answers(self._outputs(X))

    @property
    def coefs_(self) -> list[Any]:
        """The weights of each linear layer, of shape (inputs, outputs)."""
        return [layer.weight.value.T for layer in self.model_.layers if isinstance(layer, nn.Linear)]

    @property
    def intercepts_(self) -> list[Any]:
        """The biases of each linear layer."""
        return [
            layer.bias.value for layer in self.model_.layers if isinstance(layer, nn.Linear) and layer.bias is not None
        ]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_trainer" in state:  # its programs and views of memory stay; what the optimizer has learned comes along
            state["_learned"] = state.pop("_trainer").optimizer.state_dict()
        return state

    # --- data ------------------------------------------------------------------------------------------------------

    def _read(self, X: Any, y: Any, w: Any, fresh: bool, classes: Any = None) -> Data:
        """Data as numbers; what does not fit is told of."""
        x, y = validation.validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, y_numeric=base.is_regressor(self), dtype=FLOATS, reset=fresh
        )  # fmt: skip
        y = of_one_kind(dense(y))
        if y.ndim == 2 and y.shape[1] == 1:
            y = utils.column_or_1d(y, warn=True)
        t = self._targets(y, fresh, classes)
        w = self._weights(y, w)
        if w is not None:
            w = validation._check_sample_weight(w, x, dtype=x.dtype, ensure_non_negative=True)
        return x, y, t, w

    def _split(self, data: Data) -> tuple[Any, Any]:
        """The data, and a part of it that is held out."""
        x, y, t, w = data
        try:
            parts = model_selection.train_test_split(
                x, y, t, *([] if w is None else [w]), test_size=self.validation_fraction, random_state=self.random_state,
                stratify=y if base.is_classifier(self) and y.ndim == 1 else None,
            )  # fmt: skip
            if len(parts[3]) < 2:
                raise ValueError("that is one sample, which gives no score")
        except ValueError as error:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {len(y)} samples cannot be held out: {error}. Increase it, "
                "or give fit an eval_set"
            ) from error
        train, held_out = ([*half, None][:4] for half in (parts[::2], parts[1::2]))
        return train, held_out

    def _batches(self, data: Data, weighted: bool, size: int) -> Any:
        """Samples and targets as the Trainer takes them, weights behind the targets; a sparse x batch by batch."""
        x, _, t, w = data
        if weighted:
            _check_size(w, self._dtype)
            t = np.column_stack([t, np.ones(len(t)) if w is None else w])
        t = t if t.dtype.kind == "i" else t.astype(self._dtype)
        if hasattr(x, "toarray"):
            return SparseBatches(x.astype(self._dtype), t, size, self._rng if self.shuffle else None)
        return x, t

    def _outputs(self, X: Any) -> Any:
        validation.check_is_fitted(self)
        return self._forward(validation.validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False))

    def _forward(self, x: Any) -> Any:
        parts = (dense(x[i : i + CHUNK]).astype(self._dtype) for i in range(0, x.shape[0], CHUNK))
        with no_grad():
            return np.concatenate([optim.plumbing.bare(self.model_(part)) for part in parts]).astype(x.dtype)

    # --- training --------------------------------------------------------------------------------------------------

    def _train(self, data: Data, held_out: Any, fresh: bool, epochs: int | None) -> Self:
        """Epochs of the Trainer; None: one, as partial_fit makes them, under the settings of those before."""
        x, _, _, w = data
        n, weighted = x.shape[0], w is not None
        size = n if self.solver == "lbfgs" else min(200 if self.batch_size == "auto" else int(self.batch_size), n)
        if fresh:
            self._begin(x, noisy=size < n)
        decay = self.alpha / size / (float(w.mean()) or 1.0 if weighted else 1.0)
        trainer = self._trained_by(n, weighted, decay, keep=epochs is None)
        callbacks = [] if held_out is None else [Score(self, held_out)]  # before those that read what it measures
        callbacks += [] if epochs is None else building.stopping(self)
        try:
            trainer.fit(
                self._batches(data, weighted, size),
                epochs=1 if epochs is None else epochs,
                batch_size=size,
                validation=None if held_out is None else self._batches(held_out, weighted, CHUNK),
                callbacks=[*callbacks, *(self.callbacks or ())],
                seed=self._rng,
                shuffle=self.shuffle,
                progress=bool(self.verbose),
            )
        finally:  # also when it was interrupted: what has been learned can be used
            self.model_.eval()
            self._note(trainer.history, n)
        if epochs is not None and not trainer.stop and self.n_iter_no_change < math.inf:
            warn(
                f"training ended after max_iter={self.max_iter} epochs, before {self.n_iter_no_change} in a row that gained "
                f"less than tol={self.tol}: increase max_iter, or set n_iter_no_change=np.inf if you want just so many",
                ConvergenceWarning,
            )
        return self

    def _begin(self, x: Any, noisy: bool) -> None:
        """A new network, and nothing known yet."""
        self._rng = np.random.default_rng(utils.check_random_state(self.random_state).randint(2**31 - 1))
        self._dtype = np.dtype(self.dtype if self.dtype != "auto" else np.float32 if noisy else x.dtype)
        self.model_ = building.network(self, x.shape[1], self.n_outputs_, self._rng, self._dtype)
        self.n_layers_ = len(self.coefs_) + 1
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None
        self.best_validation_score_: float | None = None
        self.t_ = 0
        self._trainer: Any = None
        self._learned: Any = None

    def _trained_by(self, n: int, weighted: bool, decay: float, keep: bool) -> Any:
        """The Trainer as it is, with its programs and its schedule, or a new one that goes on where the last was."""
        trainer = getattr(self, "_trainer", None)
        if not keep or trainer is None or not trainer.loss.serves(weighted, decay):
            optimizer = building.optimizer(self)
            for buffer in self.model_.buffers():  # the optimizer sees to the parameters
                if not buffer.value.flags.writeable:  # as joblib.load(path, mmap_mode="r") gives it
                    buffer.value = buffer.value.copy()
            learned = self._learned if trainer is None else trainer.optimizer.state_dict()
            if learned is not None and learned["type"] == type(optimizer).__name__:
                groups = [{**group, "settings": {}} for group in learned["groups"]]  # the settings are those of today
                optimizer.load_state_dict({**learned, "groups": groups})
            shrunk = [] if building.shrinks(self, optimizer) else building.matrices(self.model_)
            loss = Objective(self._loss(), weighted, self.out_activation_ == "softmax", decay, shrunk)
            schedule = building.schedule(self, optimizer, n)
            trainer = optim.Trainer(self.model_, loss, optimizer, schedule=schedule, compile=self.compile)
            self._trainer = trainer
        building.shrink(self, trainer.optimizer, decay)
        return trainer

    def _loss(self) -> Any:
        named = self._losses()
        if isinstance(self.loss, str) and self.loss not in named:
            raise ValueError(
                f"there is no loss {self.loss!r}; there are {', '.join(named)}, the losses of nn, and functions of "
                "(output, target, sample_weight=None)"
            )
        found = named[self.loss] if isinstance(self.loss, str) else self.loss
        return found() if isinstance(found, type) else found

    def _note(self, history: Any, n: int) -> None:
        """What scikit-learn's users look up."""
        self.history_, self.n_iter_ = history, len(history)
        if not len(history):
            return
        self.t_ += n * len(history)
        self.loss_curve_ += history["loss"]
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)
        if "val_score" in history.columns:
            self.validation_scores_ = [*(self.validation_scores_ or []), *history["val_score"]]
            self.best_validation_score_ = max(self.validation_scores_)

    # --- what the two say for themselves ---------------------------------------------------------------------------

    def _targets(self, y: Any, fresh: bool, classes: Any) -> Any:
        """The answers as the loss takes them; if fresh, what there is to learn is noted."""
        raise NotImplementedError

    def _weights(self, y: Any, w: Any) -> Any:
        return w

    def _losses(self) -> dict[str, Any]:
        raise NotImplementedError

    def _answers(self, outputs: Any) -> Any:
        raise NotImplementedError

    def _score(self, y: Any, answers: Any, w: Any) -> float:
        raise NotImplementedError


def _check_size(w: Any, dtype: Any) -> None:
    """ValueError for weights that are too small or too large to divide by, or to be summed."""
    if w is None:
        return
    least, total, known = float(w[w > 0].min(initial=math.inf)), float(w.sum(dtype=np.float64)), np.finfo(dtype)
    if least < float(known.tiny) or total > float(known.max):
        raise ValueError(
            f"the weights go from {least:.3g} to {w.max():.3g}, which {dtype} cannot sum and divide by: only their ratios "
            "count, so multiply all of them by one number, w / w.mean()"
        )
