"""The estimators: scikit-learn's own checks, its MLPs as the oracle for what a step does, and what they have beyond these."""

import contextlib
import copy
import functools
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from autograd_core import nn, optim
from autograd_core.estimators import MLPClassifier, MLPRegressor
from autograd_core.estimators.building import SOLVERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, LABELS = make_classification(120, 6, n_informative=4, n_classes=3, random_state=0)
TWO = np.array(["no", "yes"])[(LABELS > 0).astype(int)]
MANY = make_multilabel_classification(120, 6, n_classes=4, random_state=0)[1]
NUMBERS = np.sin(X[:, 0]) + X[:, 1] ** 2
PAIRS = np.column_stack([NUMBERS, X[:, 2] - X[:, 3]])
COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, 0] / 3)).astype(float)
WEIGHTS = np.random.default_rng(1).uniform(0, 3, 120)
TASKS = {
    "classes": (MLPClassifier, LABELS), "two classes": (MLPClassifier, TWO), "labels": (MLPClassifier, MANY),
    "numbers": (MLPRegressor, NUMBERS), "pairs": (MLPRegressor, PAIRS),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])  # so scikit-learn checks its own
def test_scikit_learns_checks(estimator, check):
    check(estimator)


# --- a step is scikit-learn's ----------------------------------------------------------------------------------------

STEPS = {
    "classes": (MLPClassifier, LABELS, {}, None),
    "two classes": (MLPClassifier, TWO, {"activation": "logistic"}, None),
    "labels": (MLPClassifier, MANY, {"alpha": 0.5}, None),
    "numbers": (MLPRegressor, NUMBERS, {"nesterovs_momentum": False}, None),
    "pairs": (MLPRegressor, PAIRS, {"alpha": 0.5, "activation": "tanh"}, None),
    "counts": (MLPRegressor, COUNTS, {"loss": "poisson", "learning_rate_init": 0.01}, None),
    "weighted classes": (MLPClassifier, LABELS, {"alpha": 0.5}, WEIGHTS),
    "weighted two classes": (MLPClassifier, TWO, {}, WEIGHTS),
    "weighted labels": (MLPClassifier, MANY, {}, WEIGHTS),
    "weighted pairs": (MLPRegressor, PAIRS, {"alpha": 0.5}, WEIGHTS),
    "weighted counts": (MLPRegressor, COUNTS, {"loss": "poisson", "learning_rate_init": 0.01}, WEIGHTS),
    "minibatches": (MLPClassifier, LABELS, {"batch_size": 40, "alpha": 0.5}, None),
}


@pytest.mark.parametrize("case", STEPS)
def test_steps_are_those_of_scikit_learn(case):
    """From the same weights, six epochs of SGD end at the same weights: losses, weights and alpha mean the same."""
    kind, y, more, w = STEPS[case]
    common = {"hidden_layer_sizes": (7, 5), "solver": "sgd", "shuffle": False, "warm_start": True, "max_iter": 1}
    common |= {"momentum": 0.0, "random_state": 0, **more, "learning_rate_init": 1e-30}
    ours = kind(**common, dtype="float64").fit(X, y)
    other = getattr(theirs, kind.__name__)(**common).fit(X, y)
    other.coefs_, other.intercepts_ = [c.copy() for c in ours.coefs_], [b.copy() for b in ours.intercepts_]
    start = copy.deepcopy(ours.coefs_)
    for model in (ours, other):
        model.set_params(max_iter=6, momentum=0.9, **{"learning_rate_init": 0.1, **more}).fit(X, y, sample_weight=w)
    for mine, found in zip(ours.coefs_ + ours.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(mine, found, rtol=1e-6, atol=1e-9)
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(start, ours.coefs_, strict=True))
    mine, found = ours.predict(X), other.predict(X)
    assert mine.shape == found.shape
    assert (mine == found).all() if kind is MLPClassifier else np.allclose(mine, found, rtol=1e-5)
    assert (ours.out_activation_, ours.n_layers_) == (other.out_activation_, other.n_layers_)
    assert (ours.n_outputs_, ours.t_, ours.n_iter_) == (other.n_outputs_, other.t_, other.n_iter_)
    if kind is MLPClassifier:
        np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(ours.predict_log_proba(X), other.predict_log_proba(X), rtol=1e-5, atol=1e-9)


def test_settings_are_those_of_scikit_learn():
    for ours, other in [(MLPClassifier(), theirs.MLPClassifier()), (MLPRegressor(), theirs.MLPRegressor())]:
        known = other.get_params()
        assert known.pop("max_fun")
        assert known.items() <= ours.get_params().items() | {("loss", known.get("loss"))}


@pytest.mark.parametrize("task", TASKS)
def test_weighted_steps_are_compiled_and_the_same(task):
    kind, y = TASKS[task]
    found = {}
    for compile in ("auto", False):
        model = kind((8,), batch_size=32, max_iter=3, random_state=0, dropout=0.2, compile=compile)
        found[compile] = model.fit(X, y, sample_weight=WEIGHTS)
    for a, b in zip(found["auto"].coefs_, found[False].coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    compiled = found["auto"]._trainer._compiled
    assert compiled.reason is None
    assert compiled.steps


def test_class_weights_are_sample_weights():
    few = np.r_[np.flatnonzero(LABELS)[:30], np.flatnonzero(LABELS == 0)]
    x, y = X[few], LABELS[few]
    named = MLPClassifier((8,), class_weight="balanced", max_iter=5, random_state=0).fit(x, y, np.full(len(y), 2.0))
    told = MLPClassifier((8,), max_iter=5, random_state=0).fit(x, y, 2 * compute_sample_weight("balanced", y))
    np.testing.assert_array_equal(named.coefs_[0], told.coefs_[0])
    plain = MLPClassifier((8,), max_iter=5, random_state=0).fit(x, y)
    assert np.abs(named.coefs_[0] - plain.coefs_[0]).max() > 1e-4


@pytest.mark.parametrize("compile", ["auto", False])
def test_alpha_is_that_of_each_batch_of_partial_fit(compile):
    """alpha is shared by the samples of a batch, so that it shrinks more in a small one; a compiled step knows it, too."""
    model = MLPRegressor(
        (), solver="sgd", alpha=5.0, learning_rate_init=0.1, momentum=0, random_state=0, compile=compile
    )
    model.partial_fit(X[:60] * 0, NUMBERS[:60])
    for size in (60, 60, 20, 60):
        before = model.coefs_[0].copy()
        model.partial_fit(X[:size] * 0, NUMBERS[:size])
        np.testing.assert_allclose(model.coefs_[0], before * (1 - 0.1 * 5 / size), rtol=1e-6)


# --- going on --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "rprop"])
def test_a_warm_start_goes_on_where_it_was(solver):
    """Three epochs and two are five: weights, the optimizer's memory, the order of samples, dropout."""
    settings = {"solver": solver, "batch_size": 32, "random_state": 0, "dropout": 0.0 if solver == "lbfgs" else 0.2}
    whole = MLPClassifier((8,), max_iter=5, **settings).fit(X, LABELS)
    parts = MLPClassifier((8,), max_iter=3, warm_start=True, **settings).fit(X, LABELS)
    parts.set_params(max_iter=2).fit(X, LABELS)
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.n_iter_, len(parts.history_), parts.t_) == (2, 2, 600)
    again = parts.set_params(warm_start=False).fit(X, LABELS)
    assert again.loss_curve_ == whole.loss_curve_[:2]


@pytest.mark.parametrize("copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_a_copy_predicts_and_trains_like_the_original(copied):
    model = MLPClassifier((8,), batch_size=32, max_iter=3, dropout=0.2, random_state=0, warm_start=True).fit(X, LABELS)
    other = copied(model)
    np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
    other = copied(other)  # before it has trained
    for m in (model, other):
        m.partial_fit(X, LABELS).fit(X, LABELS)
    np.testing.assert_array_equal(other.coefs_[0], model.coefs_[0])


def test_partial_fit_learns_a_class_it_has_been_told_of():
    model = MLPClassifier((32,), learning_rate_init=0.03, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, TWO)
    model.partial_fit(X[TWO == "no"], TWO[TWO == "no"], classes=["yes", "no"])
    assert model.classes_.tolist() == ["no", "yes"]
    for _ in range(60):
        model.partial_fit(X, TWO)
    assert min(model.score(X[kind == TWO], TWO[kind == TWO]) for kind in ("no", "yes")) > 0.6
    assert (model.n_iter_, len(model.loss_curve_)) == (1, 61)
    with pytest.raises(ValueError, match=r"y holds \['maybe'\], none of the classes"):
        model.partial_fit(X, np.where(TWO == "no", "maybe", TWO))


def test_seeds():
    a, b, c = (MLPRegressor(max_iter=2, random_state=s).fit(X, NUMBERS).coefs_[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.01
    state = np.random.RandomState(3)
    a, b = (MLPRegressor(max_iter=2, random_state=state).fit(X, NUMBERS).coefs_[0] for _ in range(2))
    assert np.abs(a - b).max() > 0.01


# --- data that is held out -------------------------------------------------------------------------------------------


def test_an_eval_set_is_watched_and_ends_training():
    """The best weights come back; without early_stopping it is only looked at."""
    noise = np.random.default_rng(0).permutation(LABELS[80:])
    settings = {"learning_rate_init": 0.02, "max_iter": 60, "random_state": 0, "n_iter_no_change": 5}
    model = MLPClassifier((32,), early_stopping=True, **settings).fit(X[:80], LABELS[:80], eval_set=(X[80:], noise))
    assert model.n_iter_ < 60
    assert model.history_.stopped == "val_score has not improved for 5 epochs"
    assert model.history_["val_score"] == model.validation_scores_
    assert len(model.history_["val_loss"]) == model.n_iter_
    assert model.score(X[80:], noise) == model.best_validation_score_ == max(model.validation_scores_)
    watched = MLPClassifier((32,), **settings).fit(X[:80], LABELS[:80], eval_set=(X[80:], noise))
    alone = MLPClassifier((32,), **settings).fit(X[:80], LABELS[:80])
    assert watched.loss_curve_ == alone.loss_curve_
    assert (len(watched.validation_scores_), alone.validation_scores_) == (watched.n_iter_, None)


@pytest.mark.parametrize("task", TASKS)
def test_early_stopping_holds_out_a_part(task):
    kind, y = TASKS[task]
    model = kind((8,), early_stopping=True, validation_fraction=0.25, max_iter=4, random_state=0, batch_size=90)
    model.fit(X, y, sample_weight=WEIGHTS)
    assert model.t_ == 90 * model.n_iter_
    assert len(model.validation_scores_) == model.n_iter_
    with pytest.raises(ValueError, match="does not support early_stopping"):
        model.partial_fit(X, y)


def test_held_out_scores_are_weighted():
    held = [X[80:], LABELS[80:]]
    model = MLPClassifier((8,), early_stopping=True, max_iter=3, random_state=0, n_iter_no_change=3)
    w = np.where(LABELS == 0, 0.0, 1.0)
    seen = []
    model.set_params(callbacks=[_Note(seen, "val_score")]).fit(X, LABELS, w)
    assert len(seen) == 3
    assert set(seen) <= set(model.validation_scores_)
    assert model.score(*held) <= 1


class _Note:
    def __init__(self, seen, column):
        self.seen, self.column = seen, column

    def on_epoch_end(self, trainer, row):
        self.seen.append(row[self.column])


# --- what a network is made of ---------------------------------------------------------------------------------------


def test_an_activation_for_each_layer():
    slope = nn.PReLU(init=0.3)
    kinds = ["logistic", nn.Mish, functools.partial(nn.LeakyReLU, 0.2), np.tanh, slope]
    model = MLPRegressor((5, 4, 3, 4, 5), kinds, norm="layer", dropout=0.1, max_iter=3, random_state=0).fit(X, NUMBERS)
    names = [type(layer).__name__ for layer in model.model_.layers]
    assert names[:4] == ["Linear", "LayerNorm", "Sigmoid", "Dropout"]
    assert [names[i] for i in (6, 10, 18)] == ["Mish", "LeakyReLU", "PReLU"]
    assert model.model_[14] is np.tanh
    assert model.model_[10].config() == nn.LeakyReLU(0.2).config()
    assert model.model_[18] is not slope
    assert float(np.ravel(next(slope.parameters()).value)[0]) == pytest.approx(0.3)  # what was passed is not trained
    assert [c.shape for c in model.coefs_] == [(6, 5), (5, 4), (4, 3), (3, 4), (4, 5), (5, 1)]
    assert MLPRegressor((), max_iter=1).fit(X, NUMBERS).coefs_[0].shape == (6, 1)


@pytest.mark.parametrize(
    ("settings", "y"),
    [
        ({"loss": "focal"}, LABELS), ({"loss": "focal"}, TWO), ({"loss": "focal"}, MANY), ({"loss": nn.HingeLoss}, LABELS),
        ({"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}, LABELS), ({"loss": "huber"}, PAIRS),
        ({"loss": "absolute_error"}, NUMBERS), ({"loss": lambda o, t, sample_weight=None: ((o - t) ** 4).mean()}, NUMBERS),
    ],
)  # fmt: skip
def test_losses_by_name_and_of_ones_own(settings, y):
    kind = MLPRegressor if y.dtype.kind == "f" else MLPClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a function of one's own need not be compiled
        model = kind((16,), learning_rate_init=0.01, max_iter=40, random_state=0, **settings).fit(X, y)
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
    assert y is MANY or model.score(X, y) > 0.3


@pytest.mark.parametrize(
    "solver", [*SOLVERS, optim.AdamW, lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9)]
)
def test_every_solver_trains(solver):
    model = MLPClassifier((8,), solver=solver, learning_rate_init=0.05, batch_size=30, max_iter=10, random_state=0)
    assert model.fit(X, LABELS).loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize("solver", ["sgd", "lbfgs", "rprop", optim.Adam])
def test_alpha_shrinks_with_every_solver(solver):
    settings = {"solver": solver, "learning_rate_init": 0.02, "max_iter": 30, "random_state": 0}
    sizes = [np.abs(MLPRegressor((8,), alpha=a, **settings).fit(X, NUMBERS).coefs_[0]).sum() for a in (0.0, 100.0)]
    assert sizes[1] < 0.8 * sizes[0]


def test_learning_rates_over_epochs():
    fitted = {
        rate: MLPRegressor(
            (4,),
            solver="sgd",
            learning_rate=rate,
            learning_rate_init=0.01,
            tol=10.0,
            n_iter_no_change=2,
            random_state=0,
        ).fit(X, NUMBERS)
        for rate in ("constant", "adaptive", "invscaling", lambda optimizer: optim.ExponentialLR(optimizer, 0.5))
    }
    constant, adaptive, falling, halved = fitted.values()
    assert set(constant.history_["lr"]) == {0.01}
    assert adaptive.history_["lr"][:8] == pytest.approx([0.01] * 4 + [0.002] * 3 + [0.0004])
    assert adaptive.history_.stopped == "the learning rate has come down to 1e-6"
    assert falling.history_["lr"][:3] == pytest.approx([0.01, 0.01 / 121**0.5, 0.01 / 241**0.5])
    assert halved.history_["lr"][:3] == [0.01, 0.005, 0.0025]


def test_sparse_data_is_as_good_as_dense():
    x = np.where(X > 0.5, X, 0)
    settings = {"batch_size": 32, "max_iter": 4, "random_state": 0, "early_stopping": True}
    dense, sparse = (MLPClassifier((8,), **settings).fit(data, LABELS, WEIGHTS) for data in (x, csr_matrix(x)))
    np.testing.assert_array_equal(dense.coefs_[0], sparse.coefs_[0])
    np.testing.assert_array_equal(dense.predict(x), sparse.predict(csr_matrix(x)))
    assert dense.validation_scores_ == sparse.validation_scores_


def test_dtypes():
    """Minibatches are trained in float32; what comes out has the dtype of what went in."""
    for settings, expected in [
        ({}, "float64"), ({"batch_size": 32}, "float32"), ({"batch_size": 32, "dtype": "float64"}, "float64"),
        ({"batch_size": 32, "solver": "lbfgs"}, "float64"), ({"dtype": "float32"}, "float32"),
    ]:  # fmt: skip
        model = MLPRegressor((4,), max_iter=1, **settings).fit(X, NUMBERS)
        assert model.coefs_[0].dtype == expected, settings
        assert model.predict(X).dtype == np.float64
        assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert MLPRegressor((4,), max_iter=1).fit(X.astype(np.float32), NUMBERS).coefs_[0].dtype == np.float32


def test_log_probabilities_are_finite():
    model = MLPClassifier((), max_iter=5, random_state=0).fit(X, LABELS)
    two = MLPClassifier((), max_iter=5, random_state=0).fit(X, TWO)
    for m in (model, two):
        far = m.predict_log_proba(1e5 * X)
        assert np.isfinite(far).all()
        assert far.min() < -1e4


# --- in scikit-learn's company ---------------------------------------------------------------------------------------


def test_a_grid_of_24_settings_on_two_processes():
    iris, kinds = load_iris(return_X_y=True)
    grid = {
        "mlpclassifier__hidden_layer_sizes": [(8,), (8, 8)],
        "mlpclassifier__activation": ["relu", ["tanh"] * 2, nn.SiLU],
        "mlpclassifier__alpha": [0, 0.01],
        "mlpclassifier__solver": ["adam", optim.SGD],
    }
    model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=15, learning_rate_init=0.03, random_state=0))
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score=-1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of the two tanhs meet one layer
        search.fit(iris, kinds)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 24
    assert (scores == -1).sum() == 4  # two activations for one layer
    assert search.best_score_ > 0.9
    assert search.predict(iris[:1]) == [0]


def test_cross_validation_and_standardised_targets():
    x, y = make_regression(80, 5, random_state=0)
    network = MLPRegressor((16,), solver="lbfgs", max_iter=100, random_state=0)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())
    assert cross_val_score(model, x, y, cv=3).mean() > 0.9


def test_a_clone_is_untrained_and_has_the_settings():
    model = MLPClassifier((4,), nn.PReLU(), loss=nn.FocalLoss(), callbacks=[_Note([], "loss")], max_iter=1).fit(
        X, LABELS
    )
    other = clone(model)
    assert not hasattr(other, "model_")
    assert other.get_params().keys() == model.get_params().keys()
    assert other.loss.config() == model.loss.config()


def test_training_that_ends_too_early_is_told_of():
    with pytest.warns(ConvergenceWarning, match="ended after max_iter=2 epochs.*increase max_iter"):
        MLPRegressor(max_iter=2).fit(X, NUMBERS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPRegressor(max_iter=2, n_iter_no_change=np.inf).fit(X, NUMBERS)


def test_an_interrupted_training_can_be_used():
    class Interrupt:
        def on_epoch_end(self, trainer, row):
            if row["epoch"] == 2:
                raise KeyboardInterrupt

    model = MLPClassifier((8,), dropout=0.5, callbacks=[Interrupt()])
    with contextlib.suppress(KeyboardInterrupt):
        model.fit(X, LABELS)
    assert len(model.loss_curve_) == 2
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))


WRONG = [
    ({"solver": "newton"}, "there is no solver 'newton'; there are adam, sgd, lbfgs"),
    ({"loss": "log"}, "there is no loss 'log'; there are log_loss, focal, the losses of nn"),
    ({"activation": "rellu"}, "there is no activation 'rellu'"),
    ({"activation": ["relu", "tanh"]}, "there are 2 activations for 1 hidden layers"),
    ({"hidden_layer_sizes": (8, 0)}, "hidden_layer_sizes must be > 0"),
    ({"hidden_layer_sizes": (8.5,)}, "hidden_layer_sizes must be > 0, whole"),
    ({"solver": None}, "there is no solver None"),
    (
        {"solver": optim.SGD([nn.Linear(1, 1).weight], lr=0.1)},
        "there is no solver SGD.*, the optimizers of optim as classes",
    ),
    ({"batch_size": 0}, 'batch_size must be "auto" or a whole number, at least 1, it is 0'),
    ({"batch_size": 1.5}, 'batch_size must be "auto" or a whole number'),
    ({"max_iter": 0}, "max_iter must be a whole number, at least 1, it is 0"),
    ({"max_iter": 2.5}, "max_iter must be a whole number"),
    ({"max_iter": "5"}, "max_iter must be a whole number, at least 1, it is '5'"),
    ({"dtype": "float16"}, "dtype must be 'auto' or 'float32' or 'float64'"),
    ({"alpha": -1}, "alpha must be at least 0 and finite, it is -1"),
    ({"alpha": None}, "alpha must be at least 0 and finite, it is None"),
    ({"tol": -1}, "tol must be at least 0"),
    ({"n_iter_no_change": 0}, "n_iter_no_change must be a number of epochs, at least 1, or np.inf"),
    ({"early_stopping": "no"}, "early_stopping must be True or False, it is 'no'"),
    ({"shuffle": None}, "shuffle must be True or False"),
    ({"warm_start": "never"}, "warm_start must be True or False"),
    ({"callbacks": optim.TimeLimit(1)}, "callbacks must be a list, or None"),
    ({"validation_fraction": 1}, "validation_fraction must be above 0 and below 1, it is 1"),
    ({"learning_rate": "cosine"}, 'learning_rate is "constant", "invscaling", "adaptive" or a function'),
    ({"learning_rate_init": 0.0}, "the learning rate must be above 0"),
    (
        {"early_stopping": True, "validation_fraction": 0.001},
        "validation_fraction=0.001 of 120 samples cannot be held out: .* Increase it, or give fit an eval_set",
    ),
    ({"norm": "group"}, "norm"),
    ({"compile": "always"}, "compile is"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_settings_are_told_of(settings, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier((8,)).set_params(**settings).fit(X, LABELS)


def test_wrong_data_is_told_of():
    model = MLPClassifier((8,), max_iter=1)
    with pytest.raises(ValueError, match=r"two classes to tell apart, or more; y holds one class: \[1\]"):
        model.fit(X, LABELS * 0 + 1)
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(X, LABELS, -WEIGHTS)
    with pytest.raises(ValueError, match="eval_set is a pair"):
        model.fit(X, LABELS, eval_set=X)
    with pytest.raises(
        ValueError, match=r"0\.005 of 120 samples cannot be held out: that is one sample, which gives no score"
    ):
        MLPRegressor(early_stopping=True, validation_fraction=0.005).fit(csr_matrix(X), NUMBERS)
    with pytest.raises(
        ValueError, match="y mixes numbers and texts: make all of them texts, or leave out what is missing"
    ):
        model.fit(X, np.where(LABELS > 0, "yes", LABELS.astype(object)))
    with pytest.raises(ValueError, match="y mixes NoneType and texts"):
        model.fit(X, np.where(LABELS > 0, "yes", None))
    with pytest.raises(
        ValueError, match=r"classes are \[0, 1, 2, 3\], and those of the first call to partial_fit were \[0, 1, 2\]"
    ):
        clone(model).partial_fit(X, LABELS, classes=[2, 1, 0]).partial_fit(X, LABELS, classes=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="several columns"):
        model.fit(X, np.column_stack([LABELS, LABELS]))
    with pytest.raises(ValueError, match="does not see all of the data"):
        clone(model).set_params(class_weight="balanced").partial_fit(X, LABELS, classes=[0, 1, 2])
    with pytest.raises(TypeError, match=r"takes none: define it with \(output, target, sample_weight=None\)"):
        clone(model).set_params(loss=lambda o, t: (o - t).sum()).fit(X, LABELS, WEIGHTS)
    for weights in (np.where(LABELS, WEIGHTS, 1e-42), np.full(len(X), 1e37)):
        with pytest.raises(
            ValueError, match=r"the weights go from .* which float32 cannot sum and divide by: only their ratios"
        ):
            clone(model).set_params(batch_size=30).fit(X, LABELS, weights)
    with pytest.raises(ValueError, match="other labels than those learned"):
        model.fit(X, MANY).partial_fit(X, MANY[:, :3])
    with pytest.raises(ValueError, match="y has 1 columns, and those learned before 2"):
        MLPRegressor(max_iter=1).fit(X, PAIRS).partial_fit(X, NUMBERS)
    with pytest.raises(ValueError, match="counts, from 0; y goes down to -"):
        MLPRegressor(loss="poisson").fit(X, X[:, 0])


@pytest.mark.parametrize("mode", ["r", "c"])
def test_a_model_in_mapped_memory_learns_on(mode, tmp_path):
    model = MLPClassifier((64,), norm="batch", max_iter=2, random_state=0).fit(X, LABELS)
    joblib.dump(model, tmp_path / "model.joblib")
    mapped, plain = (joblib.load(tmp_path / "model.joblib", mmap_mode=how) for how in (mode, None))
    np.testing.assert_array_equal(mapped.predict_proba(X), plain.predict_proba(X))
    for one in (mapped, plain):
        one.partial_fit(X, LABELS)
    np.testing.assert_array_equal(mapped.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("kind", [int, float, bool, str])
def test_labels_that_stand_in_an_array_of_objects(kind):
    y = (LABELS > 0).astype(kind)
    plain, objects = (
        MLPClassifier((8,), max_iter=2, random_state=0).fit(X, labels) for labels in (y, y.astype(object))
    )
    assert objects.classes_.tolist() == plain.classes_.tolist()
    np.testing.assert_array_equal(objects.predict(X), plain.predict(X))


def test_without_scikit_learn_the_extra_is_named():
    code = "import sys; sys.modules['sklearn'] = None\nfrom autograd_core import {}"
    for name in ("estimators", "MLPClassifier"):
        done = subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=False)
        assert 'pip install "autograd-core[sklearn]"' in done.stderr
