"""MLPs as scikit-learn's users know them: fit, predict, score, and every setting a keyword that a grid can search.

They add manners, not mathematics: a network and a loss of `nn`, an optimizer and the Trainer of `optim`. The extra is
`sklearn`; both classes are at hand as `autograd_core.MLPClassifier` and `autograd_core.MLPRegressor`.
"""

from .classifier import MLPClassifier
from .regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
