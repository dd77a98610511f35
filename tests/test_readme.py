"""The README's examples run, and its figures are those of this code."""

import doctest
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, debug
from autograd_core.__main__ import main

README = Path(__file__).parents[1] / "README.md"


SESSIONS = [b for b in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL) if ">>>" in b]


@pytest.mark.parametrize("session", SESSIONS)
def test_each_session_in_the_readme_gives_by_itself_what_it_shows(session):
    examples = doctest.DocTestParser().get_doctest(session, {}, "README", str(README), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples).failed == 0


def test_the_transcript_in_the_readme_is_what_explain_prints(capsys):
    command, shown = re.search(
        r"```\n\$ autograd-core (explain [^\n]*)\n(.*?)```", README.read_text("utf-8"), re.S
    ).groups()
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out == shown
    assert all(line in shown for line in ["a = w1³ = 2³ = 8", "36 through a", "∂g/∂w1 = 39", "∂g/∂w2 = 8"])


PROGRAMS = [
    b for b in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL) if ">>>" not in b
]


def test_the_program_in_the_readme_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    program = PROGRAMS[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    for line, promise in zip(printed, promised, strict=True):
        assert re.fullmatch(re.escape(promise).replace(r"\.\.\.", r"\d*"), line), (line, promise)
    assert (tmp_path / "digits.npz").exists()


def test_a_trained_model_is_used_as_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(50, 20, (200, 2)).astype(np.float32)
    price = 1000 * x[:, 0] - 300 * x[:, 1]
    rows = "\n".join(f"{a},{b},{p:.1f}" for (a, b), p in zip(x.tolist(), price.tolist(), strict=True))
    (tmp_path / "my.csv").write_text(f"area,age,price\n{rows}\n")
    call = ["train", "my.csv", "--target", "price", "--hidden", "16", "--lr", "0.01", "--out", "runs/price", "--quiet"]
    assert main(call) == 0
    namespace = {"x": x}
    exec(compile(PROGRAMS[1], "README.md", "exec"), namespace)
    assert np.corrcoef(namespace["prices"][:, 0], price)[0, 1] > 0.99
    assert np.abs(namespace["prices"][:, 0] - price).mean() < 0.2 * price.std()


def test_the_commands_in_the_readme_run_one_after_the_other(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    area, rooms, noise = rng.uniform(20, 200, 300), rng.integers(1, 7, 300), rng.normal(0, 20000, 300)
    rows = zip(area, rooms, 3000 * area + 20000 * rooms + noise, strict=True)
    lines = ["area,rooms,price", *(f"{a:.1f},{r},{p:.0f}" for a, r, p in rows)]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.csv").write_text("\n".join(lines))
    (tmp_path / "new.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines[:6]))
    block = re.search(r"## On the command line\n\n```bash\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert block.count("autograd-core ") == 6
    for line in block.splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
    assert len((tmp_path / "predictions.csv").read_text().split()) == 6


def test_the_speed_table_is_there():
    table = README.read_text(encoding="utf-8").split("<!-- /speed -->")[0].split("<!-- speed")[1]
    assert "autograd-core, eager" in table
    assert "PyTorch, eager" in table


def test_the_picture_in_the_readme_is_what_draw_gives():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    picture = README.parent / "docs/graph.svg"
    g = w1**3 * w2 + 3 * w1
    assert picture.read_text(encoding="utf-8") == debug.draw(g, engine="layered") + "\n"


def test_the_counts_are_those_of_the_page():
    text, page = (p.read_text(encoding="utf-8") for p in (README, README.parent / "docs" / "numpy.md"))
    supported, passed = re.search(r"\*\*(\d+) supported, (\d+) passed through", page).groups()
    assert f"{supported} of NumPy's functions work on Tensors" in text
    assert f"{passed} pass through without one" in text
