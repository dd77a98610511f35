"""Execute every notebook and compare its text outputs with the committed ones: `python notebooks/run.py [--write]`.

Pictures are not compared, since their bytes change with every version of the plotting library; that they are made is.
"""

from __future__ import annotations

import sys
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
            data = output.get("data", {})
            pictures = sorted(kind for kind in data if kind.startswith("image/"))
            found.append(
                (
                    number,
                    output.get("text", "") or ("" if pictures else data.get("text/plain", "")) or " ".join(pictures),
                )
            )
    return found


def main() -> int:
    failed = 0
    for path in sorted(HERE.glob("[0-9]*.ipynb")):
        committed = nbformat.read(path, as_version=4)
        fresh = nbformat.from_dict(committed)
        expected = outputs(committed)
        NotebookClient(
            fresh, timeout=120, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": str(HERE)}}
        ).execute()
        if "--write" in sys.argv:
            for cell in fresh.cells:
                cell.get("metadata", {}).pop("execution", None)  # times of day would change with every run
            fresh.metadata.pop("language_info", None)
            nbformat.write(fresh, path)
        elif outputs(fresh) != expected:
            failed += 1
            for old, new in zip(expected, outputs(fresh), strict=False):
                if old != new:
                    print(f"{path.name}, cell {new[0]}: the output differs\n--- committed\n{old[1]}\n--- now\n{new[1]}")
                    break
            else:
                print(f"{path.name}: {len(expected)} outputs are committed, {len(outputs(fresh))} came")
        print(f"{path.name}: executed, {len(outputs(fresh))} outputs")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
