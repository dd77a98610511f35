"""Training that is killed at random moments and resumed: `python -m benchmarks.kill_resume`.

Each of --runs trainings is a process of its own that writes checkpoints every few steps and at the ends of epochs. It is
killed (SIGKILL) after a random part of the time that an undisturbed one takes, started again, killed again --kills times,
and then left alone. What it leaves is hashed: parameters, averages, history without its seconds, reason of the end. Every
hash must be the one of the undisturbed run. Of each kill is told where it fell: a file that was half written stays behind.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

KINDS = [("auto", "arrays"), ("eager", "arrays"), ("auto", "loader"), ("eager", "loader"), ("epochs", "arrays")]
EPOCHS = 40


def train(folder: Path, mode: str, data: str) -> dict[str, Any]:
    """A run with everything that a checkpoint has to hold. mode "epochs": compiled epochs that are one call."""
    from autograd_core import datasets, nn, optim

    parts = datasets.standardize(*datasets.load_digits().split(0.7, 0.3, seed=0))[0]
    x, y = (np.asarray(a) for a in (parts[0].x, parts[0].y))
    model = nn.MLP([64, 48, 10], dropout=0.2, norm="batch", rng=0)
    opt = optim.Adam(model.parameters(), lr=3e-3)
    trainer = optim.Trainer(
        model, nn.CrossEntropyLoss(), opt, ["accuracy"] if mode != "epochs" else [], optim.CosineAnnealingLR(opt, EPOCHS),
        clip=5.0, compile=False if mode == "eager" else "auto",
    )  # fmt: skip
    steps = None if mode == "epochs" else 7
    averages = [optim.SWA(model, 5), *([optim.EMA(model, 0.99)] if steps else [])]
    callbacks = [
        optim.EarlyStopping(30),
        *averages,
        optim.Checkpoint(folder, every_steps=steps, best="val_loss", keep=2),
    ]
    batches = (x, y) if data == "arrays" else datasets.DataLoader((x.astype(np.float32), y), 32, shuffle=True, rng=1)
    print("training", flush=True)
    history = trainer.fit(batches, EPOCHS, 32, validation=parts[1], callbacks=callbacks, seed=2, resume=folder)
    digest = hashlib.sha256()
    for array in [*model.state_dict().values(), *(v for average in averages for v in average.values)]:
        digest.update(np.ascontiguousarray(array).tobytes())
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in history.rows]
    digest.update(json.dumps([rows, history.stopped, history.best_epoch]).encode())
    return {"hash": digest.hexdigest(), "epochs": len(history)}


def started(folder: Path, mode: str, data: str) -> subprocess.Popen[str]:
    """The process, once it begins to train."""
    command = [sys.executable, "-m", "benchmarks.kill_resume", "--child", str(folder), mode, data]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def finished(folder: Path, mode: str, data: str) -> dict[str, Any]:
    """What an undisturbed process, or one that goes on, leaves behind."""
    child = started(folder, mode, data)
    start = time.perf_counter()
    said, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"a run in {folder} failed")
    return json.loads(said.splitlines()[-1]) | {"seconds": time.perf_counter() - start}


def disturbed(
    folder: Path, mode: str, data: str, seconds: float, kills: int, chosen: random.Random
) -> tuple[Any, list[str]]:
    """The end of a run that was killed, and where the kills fell."""
    fell = []
    for _ in range(kills):
        child = started(folder, mode, data)
        before = {p.name for p in folder.glob(".*.tmp")}
        try:
            child.wait(chosen.uniform(0, seconds))
            fell.append("after the end")
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            half = {p.name for p in folder.glob(".*.tmp")} - before
            there = (folder / "last.npz").exists() or list(folder.glob("epoch-*.npz"))
            fell.append("while writing" if half else "while training" if there else "before the first checkpoint")
        assert child.stdout is not None
        child.stdout.close()
    return finished(folder, mode, data), fell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=1, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "MODE", "DATA"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(train(Path(args.child[0]), *args.child[1:])), flush=True)
        return
    chosen, equal, where = random.Random(args.seed), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        whole = {kind: finished(Path(folder, "-".join(kind)), *kind) for kind in KINDS}
        for kind, found in whole.items():
            print(
                f"{' '.join(kind):<14} undisturbed: {found['epochs']} epochs in {found['seconds']:.2f} s, {found['hash'][:16]}"
            )
        for i in range(args.runs):
            kind = KINDS[i % len(KINDS)]
            found, fell = disturbed(Path(folder, f"run-{i}"), *kind, whole[kind]["seconds"], args.kills, chosen)
            same = found["hash"] == whole[kind]["hash"]
            equal += same
            where.update(fell)
            print(
                f"{i + 1:>3} {' '.join(kind):<14} killed {', '.join(fell)}: {'equal' if same else 'DIFFERENT'}",
                flush=True,
            )
    print(f"{equal} of {args.runs} equal; {', '.join(f'{n} {what}' for what, n in where.most_common())}")
    sys.exit(equal != args.runs)


if __name__ == "__main__":
    main()
