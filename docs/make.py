"""The pages that are made from the table: docs/rows.md, docs/numpy.md and the pictures of functions and slopes; and the
gallery of activations, losses and optimizers, by docs/gallery.py.

`python docs/make.py` writes them; `python docs/make.py --check` says which are no longer what would be written.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import gallery
import numpy as np
from curves import domain, draw_picture
from letters import letter, rule_in_letters
from markup import code_of, math_of, plain

from autograd_core import Tensor, ops
from autograd_core.derived import DERIVED, NEAREST, PASSED, REDUCED, has_row, spelled
from autograd_core.op import BY_NUMPY, Op
from autograd_core.operators import _FACTS

HERE = Path(__file__).parent
VERSION = ".".join(np.__version__.split(".")[:2])
MADE = f"<!-- made by python docs/make.py with NumPy {VERSION}; do not edit -->"


# --- the table -------------------------------------------------------------------------------------------------------


def families() -> dict[ModuleType, list[Op]]:
    """The rows by the file in which each is written, in the table's order."""
    order = {id(op): place for place, op in enumerate(ops.rows())}
    found = {}
    for module in vars(ops).values():
        if isinstance(module, ModuleType) and module.__name__.startswith(ops.__name__):
            written = re.findall(r"^(\w+)(?:: \w+)? = ", inspect.getsource(module), re.MULTILINE)
            here = {id(v): v for name in written if id(v := getattr(module, name)) in order}
            found[module] = sorted(here.values(), key=lambda op: order[id(op)])
    filled = {module: rows for module, rows in found.items() if rows}
    return dict(sorted(filled.items(), key=lambda item: order[id(item[1][0])]))


@cache
def functions() -> dict[Any, list[str]]:
    """Every function of NumPy that asks its arguments before it computes, with its names, the first its own."""
    found: dict[Any, list[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some names are kept by NumPy with a word of warning
        for prefix, module in {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}.items():
            for name in sorted(n for n in dir(module) if not n.startswith("_")):
                f = getattr(module, name)
                if isinstance(f, (np.ufunc, type(np.sum))):
                    found.setdefault(f, []).append(f"{prefix}.{name}")
    found[np.lib.stride_tricks.sliding_window_view] = ["np.lib.stride_tricks.sliding_window_view"]
    return {f: sorted(names, key=lambda name: name != spelled(f)) for f, names in found.items()}


# --- docs/rows.md ----------------------------------------------------------------------------------------------------


def source(rule: Callable[..., Any]) -> str:
    """A rule as it is written in the table: the lambda's formula, or the name of the function and what it says."""
    code = rule.__code__
    names, places = code.co_varnames[: code.co_argcount], {(line, column) for line, _, column, _ in code.co_positions()}
    text = inspect.getsource(inspect.getmodule(rule))  # type: ignore[arg-type]
    lambdas = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda))
    for node in lambdas if rule.__name__ == "<lambda>" else ():
        if (node.body.lineno, node.body.col_offset) in places and [a.arg for a in node.args.args] == [*names]:
            return code_of(" ".join((ast.get_source_segment(text, node.body) or "").split()))
    said = " ".join((rule.__doc__ or "").split("\n\n")[0].split())
    return code_of(f"{rule.__name__}({', '.join(names)})") + (f": {plain(said)}" if said else "")


def formula(op: Op) -> str:
    """What a row computes. A row that only moves numbers about is written as its input; here its name says more."""
    latex = op.latex
    if latex in op.inputs and op.name != "positive":
        latex = rf"\operatorname{{{op.name}}}({latex})"
    if op.variadic:
        latex = latex.replace("inputs", r"x_1, x_2, \dots")
    for name in (n for n in (*op.inputs, *op.params) if len(n) > 1):
        latex = re.sub(rf"(?<![\\A-Za-z]){name}(?![A-Za-z}}])", letter(name).replace("\\", r"\\"), latex)
    return math_of(latex)


def entry(op: Op) -> list[str]:
    """A row as a line of the page: its name and parameters, its formulas and words, its picture."""
    names = [f"`{name}`" for f, names in functions().items() if BY_NUMPY.get(f) is op for name in names]
    head = [f'<a name="row-{op.name}"></a>**{plain(op.name)}**', *(f"`{n}={v!r}`" for n, v in op.params.items())]
    if names:
        head.append(", ".join(names))
    body = [formula(op)]
    for i, (name, rule) in enumerate(op.rules.items()):
        towards = "to " + math_of("x_1" if op.variadic else letter(name))
        if rule is None:
            said = "no derivative"
        else:
            spelling = rule_in_letters(op, i)
            said = math_of(spelling) if spelling else source(rule)
        body.append(f"{towards}: {said}")
    if not op.differentiable:
        body[1:] = [] if "no derivative" in op.words else ["no derivative"]
    picture = ""
    if has_picture(op):
        shown = ", ".join(f"`{n}={v!r}`" for n, v in domain(op)[2].items() if v != op.params[n])
        picture = f"![{op.name} and its slope](pictures/{op.name}.png)" + (f" <br> with {shown}" if shown else "")
    return [" <br> ".join(head), " <br> ".join([*body, plain(op.words)]), picture]


def has_picture(op: Op) -> bool:
    return op.elementwise and op.differentiable and op.arity == 1


def rows_page() -> str:
    found = families()
    every = [op for rows in found.values() for op in rows]
    titles = {module: module.__name__.rpartition(".")[2].replace("_", " ").capitalize() for module in found}
    lines = [
        MADE, "", "# The table", "",
        f"{len(every)} rows, {sum(op.differentiable for op in every)} of them with a derivative. Each says what it computes and, for a gradient "
        "$g$ that arrives at the output $y$, what it hands on to each input. The formulas are the rules of the code, read with letters; "
        "broadcasting is undone by the backward loop. Here $n_a$ is the number of elements of $a$, "
        r"$\operatorname{where}(c, u, v)$ is $u$ where $c$ holds and $v$ elsewhere, products of elements have a dot and products of "
        "matrices have none. A row that takes any number of inputs calls them $x_1, x_2, …$. Slopes at kinks [are listed](kinks.md). "
        "What becomes of each function of NumPy [is listed](numpy.md) too.",
        "",
        *(f"- [{titles[m]}](#{titles[m].lower().replace(' ', '-')}): {len(rows)} rows" for m, rows in found.items()),
    ]  # fmt: skip
    for module, rows in found.items():
        lead = " ".join((module.__doc__ or "").split("\n\n")[0].split())
        lead = re.sub(r"\\\((.*?)\\\)", lambda m: math_of(m[1]), lead)
        file = f"{module.__name__.replace('.', '/')}.py"
        lines += ["", f"## {titles[module]}", "", f"{lead} ([{file}](../{file}))", ""]
        columns = 3 if any(map(has_picture, rows)) else 2
        cells = [["row", "formula, and what reaches each input", ""], ["---"] * 3, *map(entry, rows)]
        lines += [f"| {' | '.join(line[:columns])} |" for line in cells]
    return "\n".join(lines) + "\n"


# --- docs/numpy.md ---------------------------------------------------------------------------------------------------

SIGNS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "divmod": "divmod", "**": "pow", "@": "matmul",
    "-t": "neg", "+t": "pos", "abs": "abs", "~": "invert", "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne", "t[i]": "getitem", "len": "len",
    "round": "round", "float": "float", "int": "int", "complex": "complex",
}  # fmt: skip
DIFFERENT = {  # what means something else than ndarray's
    "astype": "takes the dtype alone",
    "data": "the bare array; assigning to it copies into the tensor's memory, unseen by the graph",
    "item": "takes no index; write `t[i].item()`",
}
NOTHING_NEAR = "write it with functions that have a gradient, or add a row"


def answered() -> dict[str, dict[Any, str]]:
    """NumPy's functions by what becomes of them, each with who answers or what to write instead."""
    found: dict[str, dict[Any, str]] = {"row": {}, "derived": {}, "passed": {}, "refused": {}}
    for f in functions():
        if has_row(f):
            found["row"][f] = BY_NUMPY[f].name
        elif f in BY_NUMPY or f in PASSED or f in _FACTS:
            found["passed"][f] = ""
        elif f in DERIVED:
            found["derived"][f] = DERIVED[f].__module__
        else:
            found["refused"][f] = NEAREST.get(f, NOTHING_NEAR)
    return found


def named(f: Any, link: str = "") -> str:
    """A function's names, the others in brackets."""
    name, *others = (f"`{name}`" for name in functions()[f])
    return (f"[{name}]({link})" if link else name) + (f" ({', '.join(others)})" if others else "")


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: ", ".join(values) for key, values in groups.items()}


def numpy_page() -> str:
    found = answered()
    home = {
        op.name: module.__name__.rpartition(".")[2].replace("_", " ")
        for module, rows in families().items()
        for op in rows
    }
    by_row = grouped((home[name], named(f, f"rows.md#row-{name}")) for f, name in found["row"].items())
    by_rows = grouped((module.rpartition(".")[2].replace("_", " "), named(f)) for f, module in found["derived"].items())
    refused = grouped((nearest, named(f)) for f, nearest in found["refused"].items())
    methods = grouped(
        (f"`{method}`", f"`{f.__name__}`") for f, method in sorted(REDUCED, key=lambda pair: pair[0].__name__)
    )
    own = [n for n in dir(np.ndarray) if not n.startswith("_")]
    has = [n for n in own if hasattr(Tensor, n)]
    signs = {sign: hasattr(Tensor, f"__{n}__") and getattr(Tensor, f"__{n}__") is not None for sign, n in SIGNS.items()}

    def table(head: str, cells: dict[str, str]) -> list[str]:
        return [head, "|---|---|", *(f"| {plain(k)} | {v} |" for k, v in cells.items())]

    lines = [
        MADE, "", "# NumPy on Tensors", "",
        f"Of NumPy {VERSION}'s {len(functions())} functions that can be told what to do with a Tensor (its ufuncs, and what is dispatched in `np`, "
        f"`np.linalg` and `np.fft`): **{len(found['row']) + len(found['derived'])} supported, {len(found['passed'])} passed through, "
        f"{len(found['refused'])} refused.** A function is counted once, its other names stand in brackets.",
        "", f"## Supported by a row: {len(found['row'])}", "",
        "One row of [the table](rows.md) computes it and has its derivative.",
        "", *table("| family | functions |", by_row),
        "", f"## Supported as derived: {len(found['derived'])}", "",
        "Said by functions that have a row, and so have its gradients.",
        "", *table("| family | functions |", by_rows),
        "", "Of the ufuncs' methods: " + "; ".join(f"{method} of {names}" for method, names in sorted(methods.items())) + ".",
        "", f"## Passed through without a gradient: {len(found['passed'])}", "",
        "Truth values, places, counts and facts: computed of the numbers; no gradient passes.",
        "", ", ".join(map(named, found["passed"])) + ".",
        "", f"## Refused: {len(found['refused'])}", "",
        "These raise a TypeError that says the same. Whoever needs the numbers alone writes `np.f(t.detach().numpy())`.",
        "", *table("| what to do | functions |", refused),
        "", "## Methods and attributes of an ndarray", "",
        f"A Tensor has {len(has)} of {len(own)}: {', '.join(f'`{n}`' for n in has if n not in DIFFERENT)}; and in its own way:",
        "", *table("| name | on a Tensor |", {f"{n}": DIFFERENT[n] for n in has if n in DIFFERENT}),
        "", f"It has not: {', '.join(f'`{n}`' for n in own if n not in has)}.",
        "", "None of them takes `out` or `dtype`. `t[i] = v` makes a new version of a tensor that has a gradient: what was computed before, "
        "views too, keeps the old one. `t += v` makes a new tensor; on a leaf that requires grad `+=`, `-=`, `*=` and `/=` write to its "
        "memory, which is allowed under `no_grad()` only.",
        "", f"Signs: {', '.join(f'`{sign}`' for sign, there in signs.items() if there)}."
        + (f" Not: {', '.join(f'`{sign}`' for sign, there in signs.items() if not there)}." if not all(signs.values()) else ""),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


# --- the command -----------------------------------------------------------------------------------------------------

PAGES = {"rows.md": rows_page, "numpy.md": numpy_page, **gallery.PAGES}


def outdated() -> list[str]:
    """What is not as it would be written: pages by their text, pictures by their being there."""
    there = {n: (HERE / n).read_text(encoding="utf-8") for n in PAGES if (HERE / n).exists()}
    wrong = [n for n, page in PAGES.items() if there.get(n) != page()]
    drawn = {path.stem for path in (HERE / "pictures").glob("*.png")}
    wanted = {op.name for op in ops.rows() if has_picture(op)}
    return wrong + [f"pictures/{name}.png" for name in sorted(drawn ^ wanted)] + gallery.missing(HERE)


def main() -> int:
    if "--check" in sys.argv:
        wrong = outdated()
        for name in wrong:
            print(f"docs/{name} is out of date; run python docs/make.py")
        return 1 if wrong else 0
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
    (HERE / "pictures").mkdir(exist_ok=True)
    for path in (HERE / "pictures").glob("*.png"):
        path.unlink()
    for op in filter(has_picture, ops.rows()):
        draw_picture(op, HERE / "pictures" / f"{op.name}.png")
    gallery.draw(HERE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
