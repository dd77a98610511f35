"""Times the contenders of one workload against each other, in turns on one core, after checking their losses.

Absolute times drift with the weather of the machine; contenders that take turns share the weather, so that
their ratios hold.
"""

import json
import math
import os
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
CHECKED_EPOCHS = 2
TOLERANCE = 1e-5  # of the mean loss of the second epoch, relative to the float64 reference

_ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}


def environment() -> dict[str, str]:
    """What every measured process gets; a script finds this project without installing it."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # installed peers have theirs
    return {**inherited, **_ONE_THREAD, "PYTHONPATH": path}


def pin() -> None:
    """Keep this process, and so all its children, on one core: JAX would not heed its own thread limit."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Worker:
    """The far end of `benchmarks.worker`."""

    def __init__(self, name: str, workload: str) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", name, workload]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment(), cwd=ROOT
        )

    def train(self, epochs: int) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):  # if it has died, its last words are still to be read
            print(json.dumps({"epochs": epochs}), file=self._process.stdin)
        return json.loads(self._process.stdout.readline() or '{"error": "the process died"}')

    def close(self) -> None:
        self._process.communicate()  # an end of input is how a worker learns that it is no longer needed


def race(workload: str, contenders: dict[str, Contender], rounds: int) -> dict[str, Any]:
    """The result of every contender that takes part in `workload`: its time, or why there is none."""
    oracle = Worker("oracle", workload)
    truth = oracle.train(CHECKED_EPOCHS)["loss"]
    oracle.close()
    results: dict[str, dict[str, Any]] = {}
    workers: dict[str, Worker] = {}
    try:
        for name, contender in contenders.items():
            if workload not in contender.workloads:
                continue
            if not contender.installed:
                results[name] = {"status": "not installed"}
                continue
            workers[name] = worker = Worker(name, workload)
            results[name] = _judge(worker.train(CHECKED_EPOCHS), truth)
        turns: dict[str, list[float]] = {n: [] for n in workers if results[n]["status"] in ("ok", "no loss")}
        for _ in range(rounds):
            for name, times in list(turns.items()):
                answer = workers[name].train(WORKLOADS[workload].epochs)
                if "error" in answer:
                    results[name] = _judge(answer, truth)
                    del turns[name]
                else:
                    times.append(answer["seconds"])
    finally:
        for worker in workers.values():
            worker.close()
    for name, times in turns.items():
        results[name] |= {"seconds": median(times), "rounds": times}
    return {
        "work": str(WORKLOADS[workload]),
        "date": date.today().isoformat(),
        "loss": truth,
        "contenders": results,
    }


def _judge(answer: dict[str, Any], truth: float) -> dict[str, Any]:
    if "error" in answer:
        return {"status": f"failed: {answer['error']}"}
    if answer["loss"] is None:
        return {"status": "no loss"}
    right = math.isclose(answer["loss"], truth, rel_tol=TOLERANCE)
    return {"status": "ok" if right else "WRONG", "loss": answer["loss"]}


def selected(peers: list[str] | None) -> dict[str, Contender]:
    """Our contenders, the NumPy bounds and the peers asked for (all, if none are named)."""
    always = ("autograd_core", "numpy")
    return {n: c for n, c in CONTENDERS.items() if peers is None or c.needs in (*always, *peers)}
