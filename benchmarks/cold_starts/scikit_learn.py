"""One epoch of digits with scikit-learn."""

import warnings

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")  # one epoch does not converge, and says so
x, t = load_digits(return_X_y=True)
MLPClassifier((32,), solver="adam", batch_size=32, max_iter=1, random_state=0).fit(x / 16, t)
