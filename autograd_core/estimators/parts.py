"""doc"""
SOLVERS: dict[str, Any] = {
    "adam": optim.Adam, "sgd": optim.SGD, "lbfgs": optim.LBFGS, "adamw": optim.AdamW, "nadam": optim.NAdam,
    "radam": optim.RAdam, "adamax": optim.Adamax, "rmsprop": optim.RMSprop, "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta, "rprop": optim.Rprop,
}  # fmt: skip


class _Objective(nn.Module):
    """A loss; weighted: of targets whose last column is the weight. decay: half that much times the squares of `shrunk`."""

    decay = 0.0

    def __init__(self, loss: Any, weighted: bool, indices: bool):
        taken = inspect.signature(getattr(loss, "forward", loss)).parameters.values()
        if weighted and not any(p.name == "sample_weight" or p.kind == p.VAR_KEYWORD for p in taken):
            raise TypeError(
                f"there are weights, and {loss!r} takes none: define it with (output, target, sample_weight=None)"
            )
        self.loss, self.weighted, self.indices = loss, weighted, indices
        self.shrunk: list[Any] = []

    def forward(self, output: Any, target: Any) -> Any:
        if self.weighted:
            target, weights = target[:, :-1], target[:, -1]
            if self.indices:
                target = shapes.cast(target[:, 0], dtype=np.int64)
            loss = self.loss(output, target, sample_weight=weights)
        else:
            loss = self.loss(output, target)
        for matrix in self.shrunk:
            loss = loss + self.decay / 2 * np.square(matrix).sum()
        return loss


def _labels_loss(output: Any, target: Any, sample_weight: Any = None) -> Any:
    """Binary cross-entropy, summed over the labels of a sample as scikit-learn does."""
    losses = F.binary_cross_entropy_with_logits(output, target, "none")
    return reduced(np.sum(losses, axis=1), "mean", sample_weight)


def _poisson_loss(output: Any, target: Any, sample_weight: Any = None) -> Any:
    """exp(z) − t·z: half the Poisson deviance of rates exp(z), but for what does not depend on z."""
    return reduced(np.sum(np.exp(output) - target * output, axis=1), "mean", sample_weight)


class _SparseBatches:
    """Batches of a sparse matrix, each made dense when its turn comes."""

    def __init__(self, x: Any, t: Any, size: int | None, rng: Any, dtype: Any):
        self.x, self.dtype = x, dtype
        self.rows = optim.Minibatches(np.arange(len(t)), t, size, rng)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return ((_dense(self.x[rows]).astype(self.dtype), t) for rows, t in self.rows)


class _Score:
    """Scores the model on held out data after each epoch; a callback that goes before those that read it."""

    def __init__(self, mlp: Any, held_out: Any):
        self.mlp, self.held_out = mlp, held_out

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        x, y, _, w = self.held_out
        with evaluating(trainer.model):
            row["val_score"] = self.mlp._score(y, self.mlp._answers(self.mlp._forward(x)), w)


class _LowRate:
    """The end of learning_rate="adaptive"."""

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if trainer.optimizer.param_groups[0]["lr"] <= 1e-6:
            trainer.stop = "the learning rate has come down to 1e-6"


def _own(activation: Any) -> Any:
    """An activation that this model alone has: modules are copied, so that no estimator changes its parameters."""
    if isinstance(activation, functools.partial):
        return activation()
    return "sigmoid" if activation == "logistic" else copy.deepcopy(activation)


def _matrices(model: Any) -> list[Any]:
    return [p for p in model.parameters() if p.ndim > 1]


def _is_function(solver: Any) -> bool:
    return callable(solver) and not isinstance(solver, type)


def _dense(x: Any) -> Any:
    return x.toarray() if hasattr(x, "toarray") else x
