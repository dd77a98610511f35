"""The pages of docs/ that are written by hand: their programs run, print what they promise, and their links lead somewhere.

A page is one program: its blocks run in their order, in a folder of their own. What is printed is compared where the page
shows it: after `>>>`, after a `$ autograd-core` line, behind `print(...)  # `; "..." stands for anything.
"""

import ast
import contextlib
import doctest
import importlib.util
import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from autograd_core.__main__ import main
from autograd_core.op import BY_NUMPY, TABLE

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "<!-- made by" not in p.read_text(encoding="utf-8")[:200])
SOURCES = [p for p in [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")] if "notebooks" not in p.parts]
SIGNS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
LEFT_OUT = [
    room
    for room in ("debug", "compiler", "estimators", "nn.onnx")
    if not importlib.util.find_spec(f"autograd_core.{room}")
]
NEEDS = {"estimators": "sklearn", "onnx": "onnx", "safetensors": "safetensors", "pandas": "pandas"}
NAME = {
    "nn.onnx": "onnx",
    "compiler": r"\bcompile\b|autograd-core compile",
    "debug": r"\bdebug\.|import.*\bdebug\b|autograd-core (debug|explain|replay)",
}


def name_of(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


def blocks(page):
    """The fenced blocks of a page: their language, their text and the line at which they begin."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\S*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2], text[: match.start()].count("\n") + 1


@pytest.fixture(autouse=True)
def the_table_as_it_was():
    """Rows that a page writes are gone after it."""
    kept = [(table, dict(table)) for table in (TABLE, BY_NUMPY)]
    yield
    for table, before in kept:
        table.clear()
        table.update(before)


def agree(shown, printed, where):
    assert doctest.OutputChecker().check_output(shown, printed, SIGNS), (
        f"{where}: the page shows\n{shown}\nbut it prints\n{printed}"
    )


def run_python(source, namespace, where):
    """A program; each `print(...)  # promise` at its end of line prints the promise."""
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = ast.Module([statement], type_ignores=[])
            exec(compile(code, where, "exec"), namespace)
        promise = re.match(r"print\(.*\)  # (.*)$", lines[statement.lineno - 1])
        if promise:
            agree(promise[1] + "\n", printed.getvalue(), where)


def run_command(text, where):
    for command, shown in re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", text, re.MULTILINE):
        program, *words = shlex.split(command)
        printed = io.StringIO()
        if program == "autograd-core":
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                assert main(words) in (0, 2), where
        elif program == "python":
            import subprocess

            done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
            printed.write(done.stdout)
        else:
            raise AssertionError(f"{where}: how is {command!r} run?")
        if shown:
            agree(shown, printed.getvalue(), where)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_shows_is_what_happens(page, tmp_path, monkeypatch):
    text = page.read_text(encoding="utf-8")
    if any(re.search(NAME.get(room, room), text) for room in LEFT_OUT):
        pytest.skip("of a part that was left out")
    for word, package in NEEDS.items():
        if word in text:
            pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "96")
    namespace = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=SIGNS)
    for language, source, line in blocks(page):
        where = f"{name_of(page)}, line {line}"
        if language == "console":
            run_command(source, where)
        elif language == "toml":
            Path("run.toml").write_text(source, encoding="utf-8")
        elif language == "python" and ">>>" in source:
            example = doctest.DocTestParser().get_doctest(source, namespace, where, str(page), line)
            assert runner.run(example, clear_globs=False).failed == 0
            namespace.update(example.globs)
        elif language == "python":
            run_python(source, namespace, where)


def anchors_of(page):
    """The places of a page that a link may name: its headings as GitHub makes them, and what is named in it."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings} | set(
        re.findall(r'<a name="([\w-]+)">', text)
    )


@pytest.mark.parametrize("page", [p for p in SOURCES if p.suffix == ".md"], ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert not target.startswith(("http:", "https:", "/")), f"{target} is elsewhere"
        file, _, place = target.partition("#")
        there = page if not file else (page.parent / file).resolve()
        assert there.exists(), target
        assert not place or place in anchors_of(there), target


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in SOURCES:
        for tree in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            listed |= {line for line in tree.splitlines() if line and not line.startswith(":")}
    assert listed == {name_of(page) for page in SOURCES if name_of(page) != "index"} | {"notebooks/*"}


def test_every_command_has_its_help_in_the_reference():
    from autograd_core.__main__ import ROOMS

    shown = re.findall(
        r"^\.\. command-help:: (\S+)$", (DOCS / "reference/command_line.rst").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(shown) == sorted(command for commands in ROOMS.values() for command in commands)


@pytest.mark.parametrize("path", sorted((DOCS.parent / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_shows_nothing_that_a_machine_complained_of(path):
    assert '"name": "stderr"' not in path.read_text(encoding="utf-8")


def test_the_folder_of_notebooks_is_that_of_the_tutorials():
    assert (DOCS / "notebooks").resolve() == DOCS.parent / "notebooks"


DOCSTRINGS = [
    ("A row's `kernel`, \\(x^2\\) and |x|.", ["A row's :py:obj:`kernel`, :math:`x^2` and \\|x\\|.", ""]),
    ("As file:number.", ["As file\\:number.", ""]),  # no address
    ("`f(x)`s of **kw and mean_.", ["``f(x)``\\ s of \\*\\*kw and mean\\_.", ""]),
    ("As in\n\n    y = x * 2\n\nthere.", ["As in", "", "::", "", "    y = x * 2", "", "there.", ""]),
    ("Two:\n- `a`\n- b\n>>> 1 * 2\n2", ["Two:", "", "- :py:obj:`a`", "", "- b", "", ">>> 1 * 2", "2", ""]),
    (
        "Args:\n    x, y: a * b\n        or |c|\n    z: d",
        [":Args:", "    - :py:obj:`x`, :py:obj:`y`: a \\* b", "      or \\|c\\|", "    - :py:obj:`z`: d", ""],
    ),
    ("Returns:\n    as it was:\n    so", [":Returns:", "    as it was:", "    so", ""]),
]


@pytest.mark.parametrize(("written", "made"), DOCSTRINGS)
def test_a_docstring_is_said_in_restructured_text(written, made, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import docstrings

    assert docstrings.restructured(written.split("\n")) == made
