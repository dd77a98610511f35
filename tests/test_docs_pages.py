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
import warnings
from pathlib import Path

import pytest

from autograd_core.__main__ import main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "<!-- made by" not in p.read_text(encoding="utf-8")[:200])
SOURCES = [p for p in [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")] if "notebooks" not in p.parts]
SIGNS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
LEFT_OUT = [room for room in ("debug", "compiler", "estimators") if not importlib.util.find_spec(f"autograd_core.{room}")]
NEEDS = {"estimators": "sklearn", "onnx": "onnx", "safetensors": "safetensors", "pandas": "pandas"}
NAME = {"compiler": r"\bcompile\b|autograd-core compile", "debug": r"\bdebug\.|import.*\bdebug\b|autograd-core (debug|explain|replay)"}


def name_of(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


def blocks(page):
    """The fenced blocks of a page: their language, their text and the line at which they begin."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\S*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2], text[: match.start()].count("\n") + 1


def agree(shown, printed, where):
    assert doctest.OutputChecker().check_output(shown, printed, SIGNS), f"{where}: the page shows\n{shown}\nbut it prints\n{printed}"


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
