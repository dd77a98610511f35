"""The wheel holds every module and data file of the tree: a package that is not listed is left out silently."""

import subprocess
import sys
import zipfile

RENAMED = {"nn/": "autograd_core/nn/", "optim/": "autograd_core/optim/", "datasets/": "autograd_core/datasets/"}
LEFT_OUT = ("datasets/data/make_data.py",)


def main(wheel: str) -> int:
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listed = subprocess.run(
        ["find", "autograd_core", "nn", "optim", "datasets", "-type", "f"], capture_output=True, text=True
    )
    expected = set()
    for path in listed.stdout.split():
        if "__pycache__" in path or path in LEFT_OUT:
            continue
        for old, new in RENAMED.items():
            if path.startswith(old):
                path = new + path.removeprefix(old)
        expected.add(path)
    for path in sorted(expected ^ found):
        print(f"{path}: {'missing from the wheel' if path in expected else 'in the wheel, not in the tree'}")
    return int(expected != found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
