"""One contender in a process of its own: told to train some epochs, it answers with seconds per step.

`python -m benchmarks.worker torch W2` reads lines such as {"epochs": 20} and answers each with a line
such as {"seconds": 0.00024, "loss": 1.7216}, the loss being the mean over the last epoch.
"""

import json
import os
import sys
import time

from benchmarks.contenders import CONTENDERS, ORACLE
from benchmarks.workloads import WORKLOADS


def main(name: str, workload: str) -> None:
    # Libraries may print; what they say goes to stderr, so that stdout carries answers only.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    work = WORKLOADS[workload]
    try:
        train = (ORACLE if name == "oracle" else CONTENDERS[name]).prepare(work)
        for line in sys.stdin:
            epochs = json.loads(line)["epochs"]
            start = time.perf_counter()
            loss = train(epochs)
            seconds = time.perf_counter() - start
            print(json.dumps({"seconds": seconds / (epochs * work.batches), "loss": loss}), file=answers)
    except Exception as error:  # whatever a library raises belongs into the report, not into a traceback
        print(json.dumps({"error": f"{type(error).__name__}: {error}".splitlines()[0]}), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
