"""Results as a file, as lines on the terminal and as Markdown tables for the README.

All three show the same figures: seconds are medians, ratios are ours ÷ theirs of the same run.
"""

import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS

DISTRIBUTIONS = ("autograd-core", "numpy", "torch", "jax", "scikit-learn", "autograd", "micrograd")


def machine() -> dict[str, Any]:
    """What the figures depend on, and nothing that would name the machine."""
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "cpu": _cpu(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions,
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def save(path: Path, results: dict[str, Any]) -> None:
    """Replace the workloads that were run; what another machine or other versions measured is dropped."""
    record: dict[str, Any] = {"machine": machine(), "results": {}}
    if path.exists():
        earlier = json.loads(path.read_text())
        if earlier["machine"] == record["machine"]:
            record = earlier
    record["results"] = dict(sorted((record["results"] | results).items()))
    path.write_text(json.dumps(record, indent=1) + "\n")


def duration(seconds: float) -> str:
    """Three digits in the unit that suits: 34.1 µs, 8.77 ms, 1.10 s."""
    scale, unit = next((s, u) for s, u in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (0, "")) if seconds >= s)
    value = seconds / scale
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f} {unit}"


def lines(name: str, result: dict[str, Any]) -> Iterator[str]:
    """One workload for the terminal: a line per contender, with the ratio of each of ours to it."""
    contenders = result["contenders"]
    ours = _ours(name, contenders)
    for key, one in contenders.items():
        if "seconds" not in one:
            yield f"  {_label(key, one):30} {one['status']}"
            continue
        rivals = [mine for mine in ours if mine != key and not key.startswith("import")]
        ratios = [f"{mine} ÷ it = {contenders[mine]['seconds'] / one['seconds']:.3f}" for mine in rivals]
        memory = f"{one['MiB']:5.0f} MiB" if "MiB" in one else ""
        yield f"  {_label(key, one):30} {duration(one['seconds']):>8} {memory}  {', '.join(ratios)}".rstrip()


def _label(key: str, one: dict[str, Any]) -> str:
    return one.get("label") or CONTENDERS[key].label


def _ours(name: str, contenders: dict[str, Any]) -> list[str]:
    own = [key for key in contenders if (key == "ours" if name == "cold" else CONTENDERS[key].ours)]
    return [key for key in own if "seconds" in contenders[key]]


def markdown(record: dict[str, Any]) -> str:
    """Times of all contenders, our ratios to them, the cold start, and the machine in one sentence."""
    results = dict(record["results"])
    cold = results.pop("cold", None)
    parts = []
    if results:
        parts += [_times(results), _ratios(results), _notes(results)]
    if cold:
        parts.append(_cold(cold))
    facts = record["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    dates = sorted({result["date"] for result in record["results"].values()})
    parts.append(
        f"{facts['cpu']}, {facts['system']}, one core, one thread; Python {facts['python']}, {versions}; "
        f"measured {' and '.join(dates)}."
    )
    return "\n\n".join(filter(None, parts))


def _table(head: list[str], rows: list[list[str]]) -> str:
    body = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in body)


def _times(results: dict[str, Any]) -> str:
    rows = []
    for key, contender in CONTENDERS.items():
        cells = [_time(result["contenders"].get(key, {})) for result in results.values()]
        if any(cells):
            rows.append([contender.label, *cells])
    return _table(["time per training step", *results], rows)


def _time(one: dict[str, Any]) -> str:
    if "seconds" in one:
        return duration(one["seconds"])
    return one.get("status", "").partition(":")[0]


def _ratios(results: dict[str, Any]) -> str:
    rows = []
    for mine in (key for key, contender in CONTENDERS.items() if contender.ours):
        for theirs in (key for key, contender in CONTENDERS.items() if not contender.ours):
            cells = [_ratio(result["contenders"], mine, theirs) for result in results.values()]
            if any(cells):
                rows.append([f"{CONTENDERS[mine].label} ÷ {CONTENDERS[theirs].label}", *cells])
    return _table(["ratio, below 1 we are faster", *results], rows) if rows else ""


def _ratio(contenders: dict[str, Any], mine: str, theirs: str) -> str:
    times = [contenders.get(key, {}).get("seconds") for key in (mine, theirs)]
    return f"{times[0] / times[1]:.3g}" if all(times) else ""


def _notes(results: dict[str, Any]) -> str:
    described = [f"{name}: {result['work']}" for name, result in results.items()]
    raced = {key for result in results.values() for key, one in result["contenders"].items() if "seconds" in one}
    noted = [f"{c.label}: {c.note}" for key, c in CONTENDERS.items() if c.note and key in raced]
    return "\n".join(f"- {text}." for text in described + noted)


def _cold(result: dict[str, Any]) -> str:
    contenders = result["contenders"]
    rows = []
    for key, one in contenders.items():
        cells = ["", "", ""]
        if "seconds" in one:
            cells = [duration(one["seconds"]), f"{one['MiB']:.0f} MiB", ""]
            if not key.startswith("import") and key != "ours":
                cells[2] = _ratio({"ours": contenders["ours"], "it": one}, "ours", "it")
        rows.append([one["label"], *(cells if cells[0] else [_time(one), "", ""])])
    return _table(["cold start to one epoch", "time", "peak memory", "ours ÷ it"], rows)
