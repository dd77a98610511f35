"""How long MLPClassifier().fit takes beside scikit-learn's, on the digits, for the same epochs: `python -m benchmarks.estimators`.

In turns, on one core with one thread and in its seconds, so that other processes count less; defaults on both sides but
for the end: both make all of their epochs.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from statistics import median
from typing import Any

from benchmarks.race import environment, pin

EPOCHS, ROUNDS = 100, 7


def seconds(model: Any, x: Any, y: Any) -> float:
    start = time.process_time()
    model.fit(x, y)
    return time.process_time() - start


def main() -> None:
    import numpy as np
    import sklearn.neural_network as theirs
    from sklearn.datasets import load_digits

    from autograd_core import estimators as ours

    x, y = load_digits(return_X_y=True)
    warnings.simplefilter("ignore")  # nobody has converged, by the standard of scikit-learn
    pin()
    print(f"{'digits, ' + str(EPOCHS) + ' epochs':<28}{'ours':>8}{'sklearn':>9}{'ratio':>8}")
    for dtype in (np.float64, np.float32):
        for name, more in {"MLPClassifier()": {}, "batch_size=32": {"batch_size": 32}}.items():
            settings: Any = {"max_iter": EPOCHS, "n_iter_no_change": EPOCHS, "random_state": 0, **more}
            rounds = [
                [seconds(room.MLPClassifier(**settings), x.astype(dtype) / 16, y) for room in (ours, theirs)]
                for _ in range(ROUNDS)
            ]
            a, b, ratio = (
                median(r[0] for r in rounds),
                median(r[1] for r in rounds),
                median(r[0] / r[1] for r in rounds),
            )
            print(f"{name + ', ' + np.dtype(dtype).name:<28}{a:>7.2f}s{b:>8.2f}s{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # it is read when NumPy is imported, so from the start
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.estimators"], environment())
    main()
