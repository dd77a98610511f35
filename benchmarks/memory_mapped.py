"""Training on arrays larger than the memory a process may take: `python -m benchmarks.memory_mapped`.

Writes x.npy and y.npy into a temporary folder piece by piece, then trains in a process of its own that may allocate no
more than --limit MiB (Linux counts allocations against RLIMIT_DATA; a read-only map of a file is none). Loading the arrays
whole must fail under this limit, and is tried. What is shown is the peak of the resident memory, pages of the files
included, at several sizes of the data: it should not grow with them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

FEATURES = 256
MIB = 2**20
PIECE = 2**14


def write(folder: Path, mib: int) -> None:
    """Arrays of so many MiB: noise, and the class of its first eight columns' sum."""
    rows = mib * MIB // (FEATURES * 4)
    rng = np.random.default_rng(0)
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (rows, FEATURES))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int64, (rows,))
    for start in range(0, rows, PIECE):
        part = slice(start, min(start + PIECE, rows))
        x[part] = rng.standard_normal((part.stop - part.start, FEATURES), dtype=np.float32)
        y[part] = x[part, :8].sum(axis=1) > 0
    x.flush()
    y.flush()


def train(folder: Path, limit: int) -> dict[str, Any]:
    """One epoch under the limit; what came of it."""
    from autograd_core import datasets, nn, optim

    resource.setrlimit(resource.RLIMIT_DATA, (limit * MIB, limit * MIB))
    x, y = datasets.memory_map(folder / "x.npy", folder / "y.npy")
    try:
        np.load(folder / "x.npy")
        whole = "loaded"
    except MemoryError:
        whole = "MemoryError"
    model = nn.MLP([FEATURES, 32, 2], rng=0)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3))
    held_out = 4096
    batches = datasets.DataLoader((x[:-held_out], y[:-held_out]), 256, shuffle=True, rng=0, block=1024)
    start = time.perf_counter()
    trainer.fit(batches, epochs=1, progress=False)
    seconds = time.perf_counter() - start
    right = float((trainer.predict(x[-held_out:]).argmax(axis=1) == y[-held_out:]).mean())
    # Not getrusage: what that gives is inherited from the process that wrote the files.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    return {"data": (x.nbytes + y.nbytes) / MIB, "whole": whole, "peak": peak, "seconds": seconds, "accuracy": right}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory_mapped", description=__doc__)
    parser.add_argument("--sizes", default="512,1024,2048", help="of the data, in MiB (default: 512,1024,2048)")
    parser.add_argument("--limit", type=int, default=384, help="of what may be allocated, in MiB (default: 384)")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(train(options.train, options.limit)))
        return
    print(f"{'data':>10}{'may allocate':>14}{'loaded whole':>15}{'peak resident':>15}{'an epoch':>11}{'accuracy':>10}")
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), size)
            command = [
                sys.executable,
                "-m",
                "benchmarks.memory_mapped",
                "--train",
                folder,
                "--limit",
                str(options.limit),
            ]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(
            f"{found['data']:>6.0f} MiB{options.limit:>10} MiB{found['whole']:>15}{found['peak']:>11.0f} MiB"
            f"{found['seconds']:>9.1f} s{found['accuracy']:>10.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
