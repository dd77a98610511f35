"""Execute every notebook and compare its text outputs with the committed ones: `python notebooks/run.py [--write] [01 20 …]`.

Pictures are not compared, since their bytes change with every version of the plotting library; that they are made is.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def outputs(notebook: Any) -> list[tuple[int, str]]:
    """What each cell printed or gave as text, and which kinds of pictures it showed."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":  # such as what a system's fonts are warned of
                continue
            data = output.get("data", {})
            pictures = sorted(kind for kind in data if kind.startswith("image/"))
            found.append(
                (
                    number,
                    output.get("text", "") or ("" if pictures else data.get("text/plain", "")) or " ".join(pictures),
                )
            )
    return found


def executed(path: Path) -> tuple[Any, Any]:
    """A notebook as it is committed, and as it comes out now."""
    committed = nbformat.read(path, as_version=4)
    fresh = nbformat.from_dict(committed)
    where = {"metadata": {"path": str(HERE)}}
    NotebookClient(fresh, timeout=240, kernel_name="python3", coalesce_streams=True, resources=where).execute()
    return committed, fresh


def main() -> int:
    failed = 0
    # one thread each, so that sums are taken in the same order everywhere, and two notebooks at a time
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    names = [name for name in sys.argv[1:] if not name.startswith("-")]  # such as 01 20, or none for all
    paths = [p for p in sorted(HERE.glob("[0-9]*.ipynb")) if not names or p.name.startswith(tuple(names))]
    with ThreadPoolExecutor(2) as pool:
        for path, (committed, fresh) in zip(paths, pool.map(executed, paths), strict=True):
            expected, found = outputs(committed), outputs(fresh)
            print(f"{path.name}: executed, {len(found)} outputs", flush=True)
            if "--write" in sys.argv:
                for cell in fresh.cells:
                    cell.get("metadata", {}).pop("execution", None)  # times of day would change with every run
                    if "outputs" in cell:
                        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
                fresh.metadata.pop("language_info", None)
                nbformat.write(fresh, path)
            elif found != expected:
                failed += 1
                for old, new in zip(expected, found, strict=False):
                    if old != new:
                        print(f"  cell {new[0]}: the output differs\n--- committed\n{old[1]}\n--- now\n{new[1]}")
                        break
                else:
                    print(f"  {len(expected)} outputs are committed, {len(found)} came")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
