"""The README's examples run, and its figures are those of this code."""

import doctest
import re
from pathlib import Path

from autograd_core import Tensor, debug

README = Path(__file__).parents[1] / "README.md"


def test_the_sessions_in_the_readme_give_what_they_show():
    text = README.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(re.sub(r"```", "", text), {}, "README", str(README), 0)
    assert len(examples.examples) >= 8
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples).failed == 0


def test_the_program_in_the_readme_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    (program,) = (
        b for b in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL) if ">>>" not in b
    )
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    for line, promise in zip(printed, promised, strict=True):
        assert re.fullmatch(re.escape(promise).replace(r"\.\.\.", r"\d*"), line), (line, promise)
    assert (tmp_path / "digits.npz").exists()


def test_the_picture_in_the_readme_is_what_draw_gives():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    picture = README.parent / "docs/graph.svg"
    assert picture.read_text(encoding="utf-8") == debug.draw(w1**3 * w2 + 3 * w1) + "\n"
