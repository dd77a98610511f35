"""Cold start: a fresh process from nothing to one trained epoch of digits, in wall time and peak memory.

What is timed are the few lines of each script in cold_starts/, run as a user would run them, in turns.
"""

import importlib.util
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.race import environment

SCRIPTS = Path(__file__).resolve().parent / "cold_starts"
IMPORTS_PER_ROUND = 4  # an import is short, so it is repeated

# What is started: its label, what it needs, and the arguments of Python.
STARTS = {
    "ours": ("autograd-core", "autograd_core", [str(SCRIPTS / "ours.py")]),
    "sklearn": ("scikit-learn", "sklearn", [str(SCRIPTS / "scikit_learn.py")]),
    "jax": ("JAX", "jax", [str(SCRIPTS / "jax_numpy.py")]),
    "torch": ("PyTorch", "torch", [str(SCRIPTS / "pytorch.py")]),
    "import numpy": ("import numpy", "numpy", ["-c", "import numpy"]),
    "import ours": ("import autograd_core", "autograd_core", ["-c", "import autograd_core"]),
}


def run(peers: list[str] | None, rounds: int) -> dict[str, Any]:
    """The result of every start: seconds and MiB, or why there are none."""
    results: dict[str, dict[str, Any]] = {}
    turns: dict[str, list[tuple[float, float]]] = {}
    for name, (label, needs, arguments) in STARTS.items():
        if peers is not None and needs not in ("autograd_core", "numpy", *peers):
            continue
        results[name] = {"label": label, "status": "ok"}
        if importlib.util.find_spec(needs) is None:
            results[name]["status"] = "not installed"
            continue
        try:
            _start(arguments)  # not counted: it fills the disk cache and writes the byte code
        except RuntimeError as error:
            results[name]["status"] = f"failed: {error}"
        else:
            turns[name] = []
    for _ in range(rounds):
        for name, starts in turns.items():
            for _ in range(IMPORTS_PER_ROUND if name.startswith("import") else 1):
                starts.append(_start(STARTS[name][2]))
    for name, starts in turns.items():
        seconds, mebibytes = zip(*starts, strict=True)
        results[name] |= {"seconds": median(seconds), "MiB": median(mebibytes), "rounds": list(seconds)}
    return {"date": date.today().isoformat(), "contenders": results}


def _start(arguments: list[str]) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MiB of one child of ours.

    A child's peak counts from the fork, when it still is a copy of this process: that is why nothing here
    imports NumPy or anything else of size.
    """
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], env=environment())
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)  # or Popen would wait for it once more
    if child.returncode:
        raise RuntimeError(f"exit code {child.returncode}")
    return seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
