"""`python -m benchmarks`: race the chosen workloads, print the ratios, keep them as JSON."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from benchmarks import cold, race, report
from benchmarks.contenders import CONTENDERS
from benchmarks.workloads import WORKLOADS

PEERS = sorted({c.needs for c in CONTENDERS.values()} - {"autograd_core", "numpy"})


def names(allowed: list[str]) -> Callable[[str], list[str]]:
    """An argparse type: names from `allowed`, separated by commas."""

    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in allowed]:
            raise argparse.ArgumentTypeError(f"unknown {', '.join(unknown)}; there are {', '.join(allowed)}")
        return chosen

    return parse


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    jobs = [*WORKLOADS, "cold"]
    parser.add_argument("--only", type=names(jobs), default=jobs, help=f"some of {','.join(jobs)}")
    parser.add_argument("--peers", type=names(PEERS), help=f"some of {','.join(PEERS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds per contender (default 5)")
    parser.add_argument("--json", type=Path, default=race.ROOT / "benchmarks" / "results.json", help="results file")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results file as Markdown")
    options = parser.parse_args()
    if options.table:
        print(report.markdown(json.loads(options.json.read_text())))
        return
    race.pin()
    results = {}
    for job in options.only:
        print(f"\n{job}  {WORKLOADS.get(job, 'from a fresh process to one epoch of digits')}", flush=True)
        if job == "cold":
            results[job] = cold.run(options.peers, options.rounds)
        else:
            results[job] = race.race(job, race.selected(options.peers), options.rounds)
        print(*report.lines(job, results[job]), sep="\n")
    report.save(options.json, results)


if __name__ == "__main__":
    main()
