"""doc"""
@dataclass(eq=False, repr=False)
class _MLP(base.BaseEstimator):
    """What both have in common. The arguments are those of the public classes, which say what they mean."""

    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
    _: KW_ONLY
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
        """Train for up to max_iter epochs; from the start, or onwards if warm_start is set and there is a model.

        sample_weight: one number for each sample; 2 counts like having it twice. eval_set: a pair (X, y) that is measured
        after each epoch, and that early_stopping goes by, in place of a part of the training data.
        """
        fresh = not (self.warm_start and hasattr(self, "model_"))
        data = self._read(X, y, sample_weight, fresh)
        if fresh:
            self._rng = np.random.default_rng(utils.check_random_state(self.random_state).randint(2**31 - 1))
        held_out = None
        if eval_set is not None:
            if not isinstance(eval_set, (tuple, list)) or len(eval_set) != 2:
                raise ValueError(f"eval_set is a pair (X, y); it is {eval_set!r:.80}")
            held_out = self._read(*eval_set, None, False)
        elif self.early_stopping:
            data, held_out = self._split(data)
        return self._train(data, held_out, fresh, self.max_iter)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        if self.early_stopping:
            raise ValueError("partial_fit sees a part of the data, once: it does not support early_stopping=True")
        fresh = not hasattr(self, "model_")
        data = self._read(X, y, sample_weight, fresh, classes)
        if fresh:
            self._rng = np.random.default_rng(utils.check_random_state(self.random_state).randint(2**31 - 1))
        return self._train(data, None, fresh, None)

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
        return [layer.bias.value for layer in self.model_.layers if isinstance(layer, nn.Linear)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_trainer" in state:  # its programs and its views of memory stay; what the optimizer knows comes along
            state["_learned"] = state.pop("_trainer").optimizer.state_dict()
        return state

    # --- data ------------------------------------------------------------------------------------------------------

    def _read(self, X: Any, y: Any, w: Any, fresh: bool, classes: Any = None) -> tuple[Any, Any, Any, Any]:
        """Samples, answers, answers as the loss takes them, and weights or None."""
        numeric = base.is_regressor(self)
        x, y = validation.validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, y_numeric=numeric, dtype=FLOATS, reset=fresh
        )
        y = y.toarray() if hasattr(y, "toarray") else y
        if y.ndim == 2 and y.shape[1] == 1:
            y = utils.column_or_1d(y, warn=True)
        t = self._targets(y, fresh, classes)
        w = self._weights(y, w)
        if w is not None:
            w = validation._check_sample_weight(w, x, dtype=x.dtype, ensure_non_negative=True)
        return x, y, t, w

    def _split(self, data: Any) -> tuple[Any, Any]:
        """The data, and a part of it that is held out."""
        x, y, t, w = data
        weights = [] if w is None else [w]
        parts = model_selection.train_test_split(
            x, y, t, *weights, test_size=self.validation_fraction, random_state=int(self._rng.integers(2**31)),
            stratify=y if base.is_classifier(self) and y.ndim == 1 else None,
        )  # fmt: skip
        train, held_out = [*parts[::2], None][:4], [*parts[1::2], None][:4]
        if len(held_out[1]) < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} holds out {len(held_out[1])} of {len(y)} samples: "
                "increase it, or give fit an eval_set"
            )
        return train, held_out

    def _weights(self, y: Any, w: Any) -> Any:
        return w

    def _outputs(self, X: Any) -> Any:
        validation.check_is_fitted(self)
        x = validation.validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        return self._forward(x)

    def _forward(self, x: Any) -> Any:
        parts = (_dense(x[i : i + CHUNK]) for i in range(0, x.shape[0], CHUNK))
        with no_grad():
            return np.concatenate([bare(self.model_(part.astype(self._dtype))) for part in parts]).astype(x.dtype)

    # --- training --------------------------------------------------------------------------------------------------

    def _train(self, data: Any, held_out: Any, fresh: bool, epochs: int | None) -> Self:
        """Epochs of the Trainer; None: one more, as partial_fit makes them, under the settings of those before."""
        x, _, t, w = data
        n, size = x.shape[0], self._size(x.shape[0])
        if fresh:
            self._begin(x, t, size)
        decay = self.alpha / size / (1 if w is None else float(w.mean()) or 1)
        trainer = self._trained_by(n, w is not None, decay, keep=epochs is None)
        callbacks: list[Any] = [] if held_out is None else [_Score(self, held_out)]
        callbacks += [] if epochs is None else self._stopping()
        size_of_all = None if self.solver == "lbfgs" else size
        order = self._rng if self.shuffle else None
        try:
            trainer.fit(
                self._batches(data, w is not None, size_of_all, order),
                epochs=epochs or 1,
                batch_size=size_of_all,
                validation=None if held_out is None else self._batches(held_out, w is not None, CHUNK, None),
                callbacks=[*callbacks, *(self.callbacks or ())],
                seed=self._rng,
                shuffle=self.shuffle,
                progress=bool(self.verbose),
            )
        finally:  # also when it is interrupted: what has been learned can be used
            self.model_.eval()
            self._note(trainer.history, n)
        if epochs is not None and not trainer.stop and self.n_iter_no_change < math.inf:
            warnings.warn(
                f"training ended after max_iter={self.max_iter} epochs, and was still getting better by more than "
                f"tol={self.tol}: increase max_iter, or set n_iter_no_change=np.inf if this is what you want",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _size(self, n: int) -> int:
        if self.batch_size == "auto":
            return min(200, n)
        if not isinstance(self.batch_size, (int, np.integer)) or self.batch_size < 1:
            raise ValueError(f'batch_size is "auto" or a number of samples, at least 1; it is {self.batch_size!r}')
        return min(int(self.batch_size), n)

    def _begin(self, x: Any, t: Any, size: int) -> None:
        """A new network."""
        if self.dtype not in ("auto", "float32", "float64"):
            raise ValueError(f'dtype is "auto", "float32" or "float64"; it is {self.dtype!r}')
        noisy = size < x.shape[0] and self.solver != "lbfgs"
        self._dtype = np.dtype(self.dtype if self.dtype != "auto" else np.float32 if noisy else x.dtype)
        hidden = np.atleast_1d(self.hidden_layer_sizes).tolist()
        if not all(isinstance(units, int) and units > 0 for units in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, whole numbers of units; got {hidden}")
        each = self.activation if isinstance(self.activation, (list, tuple)) else [self.activation] * len(hidden)
        if len(each) != len(hidden):
            raise ValueError(f"there are {len(each)} activations for {len(hidden)} hidden layers")
        more = {"weight_init": self.weight_init, "rng": self._rng, "dtype": self._dtype}
        sizes = [x.shape[1], *hidden]
        layers = [  # of each MLP of one hidden layer all but its output
            layer
            for units, activation in zip(pairwise(sizes), each, strict=True)
            for layer in nn.MLP([*units, 1], _own(activation), self.dropout, self.norm, **more).layers[:-1]
        ]
        self.model_ = nn.Sequential(*layers, nn.Linear(sizes[-1], self.n_outputs_, **more))
        self.n_layers_ = len(sizes) + 1
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None
        self.best_validation_score_: float | None = None
        self.t_ = 0
        for name in {"_trainer", "_learned"} & vars(self).keys():
            delattr(self, name)

    def _trained_by(self, n: int, weighted: bool, decay: float, keep: bool) -> Any:
        """The Trainer as it is, with its programs and its schedule, or a new one that goes on where the last was."""
        trainer = getattr(self, "_trainer", None)
        if not keep or trainer is None or trainer.loss.weighted != weighted:
            learned = trainer.optimizer.state_dict() if trainer is not None else getattr(self, "_learned", None)
            optimizer = self._optimizer()
            if learned is not None and learned["type"] == type(optimizer).__name__:
                groups = [{**group, "settings": {}} for group in learned["groups"]]  # the settings are those of today
                optimizer.load_state_dict({**learned, "groups": groups})
            loss = _Objective(self._loss(), weighted, indices=self.out_activation_ == "softmax")
            if not _is_function(self.solver) and "weight_decay" not in optimizer.param_groups[0]:  # as L-BFGS
                loss.shrunk = _matrices(self.model_)
            schedule = self._schedule(optimizer, n)
            self._trainer = trainer = optim.Trainer(
                self.model_, loss, optimizer, schedule=schedule, compile=self.compile
            )
        group = trainer.optimizer.param_groups[0]
        if "weight_decay" in group and not _is_function(self.solver):
            group["weight_decay"] = decay
        trainer.loss.decay = decay
        return trainer

    def _optimizer(self) -> Any:
        """The solver, with groups of its own for the matrices, which alpha shrinks, and for the rest."""
        kind, parameters = self.solver, list(self.model_.parameters())
        if _is_function(kind):
            return kind(parameters)
        if isinstance(kind, str):
            if kind not in SOLVERS:
                raise ValueError(
                    f"there is no solver {kind!r}; there are {', '.join(SOLVERS)}, the optimizers of optim as classes, "
                    "and functions of the parameters that give an optimizer"
                )
            kind = SOLVERS[kind]
        settings: dict[str, Any] = {"lr": self.learning_rate_init}
        if self.solver == "adam":
            settings |= {"betas": (self.beta_1, self.beta_2), "eps": self.epsilon}
        if self.solver == "sgd":
            settings |= {"momentum": self.momentum, "nesterov": self.nesterovs_momentum and self.momentum > 0}
        if self.solver == "lbfgs":  # an epoch is one of its steps
            settings = {"max_iter": 1, "max_eval": 25, "tolerance_grad": self.tol, "line_search_fn": "strong_wolfe"}
        if "weight_decay" not in inspect.signature(kind).parameters:
            return kind(parameters, **settings)
        matrices = _matrices(self.model_)
        rest = [p for p in parameters if p.ndim < 2]
        return kind([{"params": matrices}, {"params": rest, "weight_decay": 0.0}], **settings)

    def _schedule(self, optimizer: Any, n: int) -> Any:
        if callable(self.learning_rate):
            return self.learning_rate(optimizer)
        if self.learning_rate not in ("constant", "invscaling", "adaptive"):
            raise ValueError(
                'learning_rate is "constant", "invscaling", "adaptive" or a function of the optimizer that gives a schedule; '
                f"it is {self.learning_rate!r}"
            )
        if self.solver != "sgd" or self.learning_rate == "constant":
            return None
        if self.learning_rate == "invscaling":
            seen, power = self.t_, self.power_t
            return optim.LambdaLR(optimizer, lambda epoch: (seen + epoch * n + 1) ** -power)
        patience = int(min(self.n_iter_no_change, self.max_iter))
        return optim.ReduceLROnPlateau(optimizer, "min", 0.2, patience, self.tol, "abs", monitor="loss")

    def _stopping(self) -> list[Any]:
        """What ends training early."""
        if self.learning_rate == "adaptive" and self.solver == "sgd" and not self.early_stopping:
            return [_LowRate()]
        if self.n_iter_no_change == math.inf and not self.early_stopping:
            return []
        watched, mode = ("val_score", "max") if self.early_stopping else ("loss", "min")
        patience = int(min(self.n_iter_no_change, self.max_iter))
        return [optim.EarlyStopping(patience, watched, self.tol, restore_best=self.early_stopping, mode=mode)]

    def _loss(self) -> Any:
        found = self._losses().get(self.loss, self.loss) if isinstance(self.loss, str) else self.loss
        if isinstance(found, str):
            raise ValueError(
                f"there is no loss {found!r}; there are {', '.join(self._losses())}, the losses of nn, and functions of "
                "(output, target, sample_weight=None)"
            )
        return found() if isinstance(found, type) else found

    def _batches(self, data: Any, weighted: bool, size: int | None, rng: Any) -> Any:
        """Samples and targets as the Trainer takes them, weights behind the targets; a sparse x a batch at a time."""
        x, _, t, w = data
        if weighted:
            w = np.ones(len(t)) if w is None else w
            t = np.column_stack([t, w])
        t = t if t.dtype.kind == "i" else t.astype(self._dtype)
        return _SparseBatches(x, t, size, rng, self._dtype) if hasattr(x, "toarray") else (x.astype(self._dtype), t)

    def _note(self, history: Any, n: int) -> None:
        self.history_, self.n_iter_ = history, len(history)
        if not len(history):
            return
        self.t_ += n * len(history)
        self.loss_curve_ += history["loss"]
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)
        if "val_score" in history.columns:
            self.validation_scores_ = [*(self.validation_scores_ or []), *history["val_score"]]
            self.best_validation_score_ = max(self.validation_scores_)


