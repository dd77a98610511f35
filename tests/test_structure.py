"""The house's two sentences, held by the syntax trees: import only from a lower floor; nn, optim and datasets never
import one another. And nothing evaluates or unpickles."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("autograd_core", "nn", "optim", "datasets")
FLOORS = {
    "op": 0, "modes": 0, "lines": 0, "trees": 0, "arrayfiles": 0, "ops": 1, "memory": 1, "derived": 1.5, "operators": 2, "values": 2.5, "tensor": 3, "hooks": 3.4, "assignment": 3.5, "symbol": 3, "backward": 4, "transforms": 5, "batched": 5, "curvature": 6, "check": 5, "landscape": 5.5, "oracles": 5, "peers": 5.5, "agreement": 5.5, "crosschecks": 6, "custom": 5, "interop": 5,
    "compiler": 6, "debug": 6, "estimators": 7, "plots": 7, "cli": 7.5, "__init__": 8, "__main__": 8,
}  # fmt: skip
SIDES = {"nn", "optim", "datasets"}
KNOW_THE_SIDES = {"estimators", "cli", "__init__", "__main__"}
UPWARD = {
    ("tensor", "backward"),
    ("tensor", "hooks"),
    ("values", "assignment"),
    ("values", "interop"),
}  # a method that is a face of a higher floor's function
UNSAFE = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
LIBRARIES = {"autograd_core": {"numpy"}, "nn": {"numpy"}, "optim": {"numpy"}, "datasets": {"numpy"}}


def files(room):
    return sorted(p for p in (ROOT / room).rglob("*.py"))


def imports(tree):
    """(module, level, name, at module level) for every import, those of a TYPE_CHECKING block left out."""

    def walk(node, top):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, None, top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or "", node.level, alias.name, top
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, top and not inside)

    yield from walk(tree, True)


def resolved(path, module, level, name):
    """The parts of an imported module's full name: ("autograd_core", "ops", "shapes", …) as seen from the file `path`."""
    if level == 0:
        return [p for p in [*module.split("."), name] if p]
    package = list(path.parent.parts[: len(path.parent.parts) - (level - 1)])
    return [*package, *(p for p in [*module.split("."), name] if p)]


def home(target):
    """Where an import leads: autograd_core.nn and nn are one room."""
    if target[:1] == ["autograd_core"] and len(target) > 1 and target[1] in SIDES:
        return target[1:]
    return target


def violations(path, source):
    """What is wrong with the imports of a file; `path` is relative to the root."""
    room = path.parts[0]
    for module, level, name, top in imports(ast.parse(source)):
        target = home(resolved(path, module, level, name))
        what = f"{path}: imports {'.'.join(target)}"
        where = target[0] if target else ""
        if where in UNSAFE:
            yield f"{what}: nothing is ever unpickled"
        elif where in ROOMS or (level and not target):
            yield from (
                _inside_the_core(path, target, top, what)
                if room == "autograd_core"
                else _beside_the_core(room, target, top, what)
            )
        elif level:
            yield f"{what}: reaches outside its room"
        elif top and where not in LIBRARIES[room] and where not in sys.stdlib_module_names:
            yield f"{what}: an extra is imported where it is used"
        elif room == "datasets" and where not in LIBRARIES[room] and where not in sys.stdlib_module_names:
            yield f"{what}: datasets stands on NumPy alone"


def _beside_the_core(room, target, top, what):
    if target[0] == room:
        return
    if target[0] != "autograd_core" or room == "datasets":
        yield f"{what}: {room} must not know {target[0]}"
    elif top and len(target) > 1 and FLOORS.get(target[1], 0) >= 6:
        yield f"{what}: the core trains without {target[1]}"


def _inside_the_core(path, target, top, what):
    here = Path(path.parts[1]).stem
    if here not in FLOORS:
        yield f"{path}: on which floor is {here}? write it into FLOORS"
        return
    if target[0] in SIDES:
        if here not in KNOW_THE_SIDES:
            yield f"{what}: the core does not know {target[0]}"
        return
    there = target[1] if len(target) > 1 and target[1] in FLOORS else None
    if there is None or here in ("__init__", "__main__"):
        if there is None and here not in KNOW_THE_SIDES and len(target) > 1 and target[1] != "__version__":
            yield f"{what}: the public face is for users; import from the file itself"
        return
    if here == there and len(path.parts) > 2:
        return  # inside one package
    if FLOORS[there] < FLOORS[here] or (not top and (here, there) in UPWARD):
        return
    yield f"{what}: from floor {FLOORS[here]} to floor {FLOORS[there]}"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room):
    assert files(room), f"no files in {room}"
    found = [v for p in files(room) for v in violations(p.relative_to(ROOT), p.read_text(encoding="utf-8"))]
    assert found == []


def dangers(path, source):
    """Calls that would run text as code, or read a file that may."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name in ("eval", "exec") and path.parts[:2] != ("autograd_core", "compiler"):
            yield f"{path}:{node.lineno}: {name}("
        if any(
            k.arg == "allow_pickle" and not (isinstance(k.value, ast.Constant) and k.value.value is False)
            for k in node.keywords
        ):
            yield f"{path}:{node.lineno}: allow_pickle"


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_evaluates_or_unpickles(room):
    assert [d for p in files(room) for d in dangers(p.relative_to(ROOT), p.read_text(encoding="utf-8"))] == []


WRONG = [
    ("autograd_core/tensor.py", "from .backward import backward", "floor 3 to floor 4"),
    ("autograd_core/tensor.py", "from .symbol import Symbol", "floor 3 to floor 3"),
    ("autograd_core/tensor.py", "if True:\n    from . import transforms", "floor 3 to floor 5"),
    ("autograd_core/tensor.py", "class A:\n    from .backward import backward", "floor 3 to floor 4"),
    ("autograd_core/symbol.py", "def f():\n    from .backward import backward", "floor 3 to floor 4"),
    ("autograd_core/op.py", "import autograd_core.tensor", "floor 0 to floor 3"),
    ("autograd_core/ops/shapes.py", "from ..tensor import Tensor", "floor 1 to floor 3"),
    ("autograd_core/debug/session.py", "from ..compiler import trace", "floor 6 to floor 6"),
    ("autograd_core/debug/session.py", "def f():\n    from .. import nn", "does not know nn"),
    ("autograd_core/check.py", "from . import Tensor", "public face"),
    ("autograd_core/check.py", "import nn", "does not know nn"),
    ("autograd_core/check.py", "import torch", "where it is used"),
    ("autograd_core/novel.py", "from .op import row", "which floor is novel"),
    ("nn/mlp.py", "from autograd_core.optim import SGD", "nn must not know optim"),
    ("nn/mlp.py", "def f():\n    import optim", "nn must not know optim"),
    ("nn/mlp.py", "from .. import datasets", "nn must not know datasets"),
    ("nn/mlp.py", "from .. import benchmarks", "reaches outside"),
    ("nn/mlp.py", "from autograd_core import debug", "without debug"),
    ("optim/trainer.py", "from autograd_core import nn", "optim must not know nn"),
    ("optim/trainer.py", "import tqdm", "where it is used"),
    ("datasets/loader.py", "from autograd_core import Tensor", "datasets must not know autograd_core"),
    ("datasets/loader.py", "def f():\n    import sklearn", "NumPy alone"),
    ("nn/serialize.py", "def f():\n    import pickle", "unpickled"),
]
RIGHT = [
    ("autograd_core/tensor.py", "def f():\n    from .backward import backward"),
    ("autograd_core/ops/neural.py", "from .shapes import cast\nfrom ..op import row"),
    ("autograd_core/backward.py", "from .ops.shapes import cast\nimport numpy.linalg, os.path"),
    ("autograd_core/estimators.py", "from autograd_core import nn, optim"),
    ("autograd_core/__main__.py", "def f():\n    from . import datasets, nn\nfrom . import __version__"),
    ("autograd_core/check.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .debug import Session"),
    ("nn/mlp.py", "from .layers import Linear\nfrom autograd_core.ops import relu\nfrom autograd_core import Tensor"),
    ("optim/trainer.py", "def f():\n    import tqdm"),
]


@pytest.mark.parametrize(
    ("path", "source", "message"), WRONG, ids=[f"{p}-{s.splitlines()[-1].strip()}" for p, s, _ in WRONG]
)
def test_the_walker_finds(path, source, message):
    found = list(violations(Path(path), source))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(("path", "source"), RIGHT, ids=[p for p, _ in RIGHT])
def test_the_walker_allows(path, source):
    assert list(violations(Path(path), source)) == []


@pytest.mark.parametrize(
    ("path", "source", "count"),
    [
        ("nn/a.py", "eval('1')", 1),
        ("autograd_core/debug/a.py", "exec('1')", 1),
        ("autograd_core/compiler/a.py", "exec('1')", 0),
        ("datasets/a.py", "np.load(p, allow_pickle=True)", 1),
        ("datasets/a.py", "np.load(p, allow_pickle=False)\nmodel.eval()", 0),
    ],
)
def test_the_walker_finds_dangers(path, source, count):
    assert len(list(dangers(Path(path), source))) == count
