"""The terminal: a committed script of verbs and what it prints, through a pipe and through a pseudo-terminal.

Run as a program, this file writes the transcript anew.
"""

import io
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_core import Tensor, debug
from autograd_core.__main__ import main
from autograd_core.debug.terminal.terminal import ALIASES, GROUPS, Terminal, cache_folder, set_trace

HERE = Path(__file__).parent
ROOT = HERE.parent
PROGRAM, VERBS, TRANSCRIPT = (
    HERE / f"test_debug_terminal_{name}" for name in ("program.py", "verbs.txt", "transcript.txt")
)
PROMPT = "(autograd) "
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONBREAKPOINT", "NO_COLOR", "PYTHONSTARTUP")} | {
    "PYTHONPATH": str(ROOT), "TERM": "dumb", "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8", "INPUTRC": os.devnull, "PYTHONUTF8": "1",
}  # fmt: skip


def piped(*arguments, verbs="", environment=ENVIRONMENT):
    """The debugger as a process that reads verbs from a pipe."""
    command = [sys.executable, "-m", "autograd_core", "debug", *map(str, arguments)]
    return subprocess.run(command, input=verbs, capture_output=True, encoding="utf-8", env=environment, timeout=120)


def answers(*verbs, loss=None, **options):
    """What the terminal says to each verb, in this process."""
    out = io.StringIO()
    session = set_trace(example() if loss is None else loss, stdin=io.StringIO("\n".join(verbs)), stdout=out, **options)
    said = out.getvalue().split(PROMPT)
    return [part.partition("\n")[2].rstrip("\n") for part in said[1:]], session


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return w1**3 * w2 + 3 * w1


# --- the committed script -------------------------------------------------------------------------------------------


def test_a_script_of_verbs_through_a_pipe():
    done = piped(PROGRAM, verbs=VERBS.read_text(encoding="utf-8"))
    assert done.stdout == TRANSCRIPT.read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (3, "")


class Keyboard:
    """A process at a pseudo-terminal: what is typed, and what appears until something is awaited."""

    # the child makes the terminal its own, so that Ctrl-C reaches it, and becomes the debugger
    BOOT = "import os, sys; os.close(os.open(sys.argv[1], os.O_RDWR)); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"

    def __init__(self, *arguments, environment=None):
        import fcntl
        import pty
        import struct
        import termios

        self.mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))
        command = [sys.executable, "-c", self.BOOT, os.ttyname(theirs), *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment or ENVIRONMENT, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""

    def type(self, keys):
        os.write(self.mine, keys.encode())

    def until(self, what, seconds=60):
        """All that appears up to `what`, and that."""
        while what not in self.seen:
            part = self._read(seconds)
            assert part, f"it ended before {what!r}, after {self.seen!r}"
            self.seen += part
        before, found, self.seen = self.seen.partition(what)
        return before + found

    def rest(self):
        """What is left when the process has ended, and its exit status."""
        while part := self._read():
            self.seen += part
        return self.seen, self.process.wait(60)

    def _read(self, seconds=60):
        assert select.select([self.mine], [], [], seconds)[0], f"nothing more after {self.seen!r}"
        try:
            return os.read(self.mine, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # Linux's way of saying that nobody is at the other end
            return ""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.mine)


@pytest.fixture
def keyboard(tmp_path):
    pytest.importorskip("pty")
    pytest.importorskip("readline")
    opened = []

    def at(*arguments, **more):
        opened.append(Keyboard(*arguments, environment=ENVIRONMENT | {"XDG_CACHE_HOME": str(tmp_path)} | more))
        return opened[-1]

    yield at
    for one in opened:
        one.__exit__()


def test_the_same_script_typed_at_a_pseudo_terminal(keyboard, tmp_path):
    at = keyboard("-m", "autograd_core", "debug", PROGRAM)
    seen = at.until(PROMPT)
    verbs = VERBS.read_text(encoding="utf-8").splitlines()
    for verb in verbs:
        at.type(verb + "\n")
        seen += at.until(PROMPT) if verb != verbs[-1] else ""
    rest, status = at.rest()
    assert seen + rest == TRANSCRIPT.read_text(encoding="utf-8")
    assert status == 3
    kept = (tmp_path / "autograd-core" / "debug_history").read_text(encoding="utf-8")
    assert "watch grad(w1) if norm(grad) > 5" in kept


def test_tab_completes_verbs_names_and_places(keyboard):
    at = keyboard("-m", "autograd_core", "debug", PROGRAM)
    at.until(PROMPT)
    for typed, completed in [
        ("reverse-c\t", "reverse-continue "),
        ("wha\t", "whatis "),
        ("goto en\t", "goto end"),
        ("break mul\t", "break multiply"),
        ("info brea\t", "info breakpoints"),
        ("tbreak test_debug_terminal_program.py:4\t", "tbreak test_debug_terminal_program.py:4"),
    ]:
        at.type(typed)
        at.until(completed)
        at.type("\x15")  # Ctrl-U clears the line
    at.type("print w\t\t")
    assert "w1  w2" in at.until("w2")
    at.type("\x15detach\n")
    assert at.rest()[1] == 3


def test_ctrl_c_stops_what_is_done_and_keeps_the_session(keyboard):
    at = keyboard("-m", "autograd_core", "debug", "--from", 3, PROGRAM, "wait")
    at.until(PROMPT)
    at.type("goto 4\n")
    at.until("[4/6]")
    at.until(PROMPT)
    at.type("step\n")  # into a rule that waits
    at.until("waiting")
    at.type("\x03")
    assert "stopped by Ctrl-C at 5" in at.until(PROMPT)
    at.type("print grad(scale)\n")
    at.until("no gradient has arrived at scale yet; 1 contribution will")
    at.type("step\n")
    at.until("[6/6] ∂z/∂scale += ∂z/∂a · ∂a/∂scale = 3 · w1 = 3 · 2 = 6")
    at.until(PROMPT)
    at.type("\x04")  # the end of input quits, and the program with it
    assert at.rest()[1] == 0


def test_pdb_in_a_rule_while_stepping_through_it(keyboard):
    at = keyboard("-m", "autograd_core", "debug", "--from", 3, PROGRAM, "pause")
    at.until(PROMPT)  # the session knows its steps, and pdb has not opened for that
    at.type("goto 4\n")
    at.until("[4/6]")
    at.type("step\n")
    at.until("(Pdb) ")
    at.type("p float(g), largest\n")
    assert "(3.0, 1.0)" in at.until("(Pdb) ")
    at.type("up\n")
    at.until("(Pdb) ")
    at.type("c\n")
    at.until("[5/6] ∂z/∂w1 += ")
    at.until(PROMPT)
    at.type("step\n")  # the same visit: the rule is not run again
    assert "(Pdb)" not in at.until("[6/6]")
    at.type("goto 4\n")
    at.until("[4/6]")
    at.until(PROMPT)
    at.type("detach\n")
    at.until("(Pdb) ")  # the program's own pass
    at.type("c\n")
    rest, status = at.rest()
    assert "scale.grad = 6.0" in rest
    assert status == 3


# --- verbs ----------------------------------------------------------------------------------------------------------


def test_every_verb_has_its_sentence_and_stands_in_a_group():
    terminal = Terminal(debug.Session(example()), stdout=io.StringIO())
    grouped = [verb for verbs in GROUPS.values() for verb in verbs.split()]
    assert sorted(grouped) == terminal.verbs()
    for verb in grouped:
        terminal.do_help(verb)
    said = terminal.stdout.getvalue()
    assert all(re.search(rf"^{verb}\b.*: ", said, re.M) for verb in grouped)
    assert set(ALIASES.values()) <= set(grouped)


def test_the_first_bad_number_is_asked_for():
    with np.errstate(all="ignore"):
        bad = np.log(Tensor([1.0, 0.0], requires_grad=True, name="x")).sum()
    said, _ = answers("first-bad", loss=bad)
    assert "a is -inf at index [1]" in said[0]
    assert "log of 0" in said[0]
    assert answers("first-bad")[0][0] == "every value and every gradient is finite"


def test_names_with_spaces_with_and_without_quotes():
    w = Tensor(2.0, requires_grad=True, name="x y")
    asked = ["print x y", "print grad(x y)", "print grad('x y') + 1", 'print value("x y") * 2', "print grad(x z)"]
    said, _ = answers("goto end", *asked, loss=w * 3)
    assert said[1:5] == ["2.0", "3.0", "4.0", "4.0"]
    assert said[5].startswith("error: 'grad(x z)' is no expression")
    layers = Tensor(2.0, requires_grad=True, name="0.weight")
    assert answers("goto end", "print grad('0.weight')", loss=layers * 3)[0][1] == "3.0"


def test_a_pass_that_is_held_up_has_been_called():
    done = piped(PROGRAM, verbs="why-none w1\ndetach\n")
    assert "the pass is held up here, and w1 keeps its gradient only when it has ended" in done.stdout


@pytest.mark.parametrize(
    ("typed", "verb"),
    [("s", "step"), ("n", "next"), ("c", "continue"), ("b", "break"), ("p", "print"), ("l", "list"), ("w", "where"), ("q", "quit"),
     ("rs", "reverse-step"), ("rn", "reverse-next"), ("rc", "reverse-continue"), ("fin", "finish"), ("tb", "tbreak"), ("bt", "where"),
     ("disp", "display"), ("undi", "undisplay"), ("wat", "watch"), ("cond", "condition"), ("ig", "ignore"), ("unt", "until"),
     ("reverse-step", "reverse-step"), ("EOF", "quit"), ("exit", "quit"), ("h", "help")],
)  # fmt: skip
def test_abbreviations(typed, verb):
    assert Terminal(debug.Session(example()), stdout=io.StringIO()).verb(typed) == verb


ERRORS = [
    ("stpe", "no verb 'stpe'; did you mean step?"),
    ("wh", "'wh' may mean whatis, where, why, why-none, why-zero"),
    ("w2", "no verb 'w2'; .* To see a value: print w2"),
    ("step x", "'x' is no count; write a whole number from 1"),
    ("goto", "goto takes a position from 0 to 12, or start, seed, end"),
    ("goto 13", "positions 0 to 12, there is no 13"),
    ("break log", "no log in this graph; its ops are add, multiply, power"),
    ("watch w3", "no node of this graph is called 'w3'"),
    ("ignore 1 2", "there is no breakpoint 1; there are: none"),
    ("delete w1", "say which breakpoint by its number, not 'w1'"),
    ("undisplay 4", "there is no display 4"),
    ("print g", "g is not computed yet: that is position 4"),
    ("print grad(w1)", "no gradient has arrived at w1 yet; 2 contributions will"),
    ("print grad(w1 + 1)", r"grad\(...\) takes the name of one tensor: grad\(w1\)"),
    ("print upstream", "there is no upstream before the first step"),
    ("print open('x')", "'open' is no function here"),
    ("print w1.value", "'.value' is not allowed"),
    ("display __class__", "nothing here is called '__class__'"),
    ("set w1 + 3", r"write set value\(w1\) = 5 or set grad\(w1\) = 0"),
    ("set value(w1) = [1, 2]", r"shape \(\)"),
    ("session 1", "there are sessions 0 to 0, not '1'"),
    ("up", "already at the upper end of the path: the result, g"),
    ("info weather", "info takes one of breakpoints, display"),
    ("source nowhere.txt", "No such file"),
    ("explain 99", "positions 0 to 12, there is no 99"),
    ("args", "no op has been read yet"),
    ("save", "say where to"),
    ("why", "say of which tensor"),
]


@pytest.mark.parametrize(("verb", "message"), ERRORS)
def test_an_error_is_a_sentence_and_leaves_all_as_it_was(verb, message):
    (said, after), session = answers(verb, "info b")
    assert re.search("error: .*" + message, said), said
    assert after == "no breakpoints"
    assert session.position == 0


def test_an_empty_line_repeats_and_a_comment_does_nothing(tmp_path):
    said, session = answers("step", "", "# a comment", "", "rs", "", "quit")
    assert session.position == 1
    assert said[1].startswith("[2/12] b = ")
    assert said[2] == ""
    file = tmp_path / "verbs.txt"
    file.write_text("step 3\n\n# on\nstep\n")
    assert answers(f"source {file}")[1].position == 4


def test_ctrl_c_at_the_prompt_asks_again():
    class Hand(io.StringIO):
        pressed = False

        def readline(self, *size):
            if not self.pressed:
                self.pressed = True
                raise KeyboardInterrupt
            return super().readline(*size)

    out = io.StringIO()
    session = set_trace(example(), stdin=Hand("step\n"), stdout=out)
    assert session.position == 1
    assert "stopped by Ctrl-C at 0; quit leaves" in out.getvalue()


def test_the_end_of_input_quits():
    assert answers()[1].position == 0


def test_a_session_goes_on_where_a_terminal_left_it():
    _, session = answers("break multiply", "continue")
    assert session.position == 2
    said, same = answers("continue", loss=session)
    assert same is session
    assert said[0].startswith("breakpoint 1: multiply (hit 2 times)")


def test_a_condition_that_cannot_be_tested_stops_and_says_why():
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    said, _ = answers("break if value > 1", "continue", loss=(x * 2).sum())
    assert "stopped because 'value > 1' cannot be tested here: value > 1 has 2 truth values" in said[1]


def test_a_rule_that_raises_ends_the_pass_with_a_sentence():
    from autograd_core import custom_vjp

    @custom_vjp
    def odd(x):
        return x * 1.0

    @odd.backward
    def _(g, x):
        raise ValueError("odd has no slope")

    x = Tensor(2.0, requires_grad=True, name="x")
    said, _ = answers("goto end", "step", loss=odd(x * 2) * 3)
    assert "the pass ends here: a rule raised ValueError: odd has no slope" in said[1]


def test_why_is_asked_of_the_session():
    said, session = answers("why w1")
    assert said == [str(session.why("w1"))]


def test_colours_need_rich_a_terminal_and_no_no_color(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    def shown():
        screen = Screen()
        terminal = Terminal(debug.Session(example()), stdout=screen)
        terminal.say("a very important sentence", "error")
        return screen.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    plain = "a very important sentence\n"
    assert shown() == plain or (shown().startswith("\x1b[") and "important" in shown())
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown() == plain


def test_a_history_that_cannot_be_written_is_no_error(monkeypatch, keyboard, tmp_path):
    (tmp_path / "a file").write_text("no folder")
    at = keyboard("-m", "autograd_core", "debug", PROGRAM, XDG_CACHE_HOME=str(tmp_path / "a file"))
    at.until(PROMPT)
    at.type("detach\n")
    assert at.rest()[1] == 3
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/autograd-core")


# --- scripts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--batch", PROGRAM], 3),
        (["--batch", PROGRAM, "fail"], 1),
        (["--batch", "-x", "quit", PROGRAM], 0),
        (["--from", "9", PROGRAM], 3),
        (["nowhere.py"], 2),
    ],
)
def test_the_exit_status_is_the_scripts(arguments, expected, capsys):
    assert main(["debug", *map(str, arguments)]) == expected


def test_the_scripts_own_error_comes_without_our_frames(capsys):
    argv, path = sys.argv, sys.path[:]
    assert main(["debug", "--batch", "-x", "continue", str(PROGRAM), "fail"]) == 1
    assert (sys.argv, sys.path) == (argv, path)
    files = re.findall(r'File "(.*?)"', capsys.readouterr().err)
    assert files == [str(PROGRAM), str(PROGRAM)]


SCRIPT = """
import sys
import numpy as np
from autograd_core import Tensor, backprop
w = Tensor(np.array([1.0, 2.0]), requires_grad=True, name="w")
for n in range(4):
    {body}
    loss.backward()
print("done", sys.argv[1:])
"""
CASES = [
    ("nan", "loss = (np.sqrt(w - 9 * (n == 2)) if n == 2 else w).sum()", 3, "isnan(value)"),
    ("inf", "loss = np.exp(w * 1000 * (n == 1)).sum()", 2, "isinf(value)"),
    ("zero", "loss = np.maximum(w - 5 * (n == 3), 0).sum()", 4, "all(contribution == 0)"),
    ("vanish", "loss = (w * (1e-9 if n == 1 else 1.0)).sum()", 2, "< 1e-7"),
    ("explode", "loss = (w * (1e5 if n == 2 else 1.0)).sum()", 3, "norm(grad) > 1e3"),
    ("norm(grad) > 50", "loss = (w * 40.0 * n).sum()", 2, "norm(grad) > 50"),
    ("norm(grad) > 49", "loss = (w * 20.0 * n + w * 20.0 * n).sum()", 2, "norm(grad) > 49"),
    ("name == 'w' and norm(grad) > 50", "loss = (w * 40.0 * n).sum()", 2, "name == 'w'"),
]


@pytest.mark.parametrize(("on", "body", "first", "condition"), CASES, ids=[case[0] for case in CASES])
def test_it_opens_at_the_first_pass_where_it_is_met(on, body, first, condition, tmp_path, capsys):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(body=body))
    with np.errstate(all="ignore"):  # warnings are errors here
        assert main(["debug", "--on", on, "--batch", "-x", "print position", str(script), "--its", "own"]) == 0
    said = capsys.readouterr().out
    assert re.findall(r"backward pass (\d+) at train.py:8", said) == [str(first)]
    assert condition in said
    assert "done ['--its', 'own']" in said


def test_without_the_condition_it_never_opens(tmp_path, capsys):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(body="loss = (w * w).sum()"))
    for on in ("nan", "inf", "zero", "vanish", "explode", "name == 'v'"):
        assert main(["debug", "--on", on, "--batch", str(script)]) == 0
        assert capsys.readouterr().out == "done []\n"


def test_the_program_computes_what_it_computes_alone(tmp_path, capsys):
    body = "loss = (np.tanh(w) * n).sum(); print(backprop(loss, w, retain_graph=True)[0].value.tolist())"
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(body=body) + "print(w.grad.value.tolist())\n")
    alone = subprocess.run([sys.executable, script], capture_output=True, encoding="utf-8", env=ENVIRONMENT, timeout=60)
    for arguments in (
        ["--batch"],
        ["--batch", "--on", "norm(grad) > 0.1"],
        ["--batch", "-x", "goto end", "-x", "continue"],
    ):
        main(["debug", *arguments, str(script)])
        mine = [
            line
            for line in capsys.readouterr().out.splitlines()
            if line.startswith(("[0", "[-", "done")) or line[1:2].isdigit()
        ]
        assert [line for line in mine if "/" not in line] == alone.stdout.splitlines()


def test_a_seed_that_was_passed_is_the_sessions(tmp_path, capsys):
    script = tmp_path / "seeded.py"
    script.write_text(
        "import numpy as np\nfrom autograd_core import Tensor\nw = Tensor(np.ones(2), requires_grad=True, name='w')\n"
        "(w * 3).backward(np.array([1.0, 10.0]))\n"
    )
    assert main(["debug", "--batch", "-x", "goto end", "-x", "print grad(w)", str(script)]) == 0
    assert "[ 3., 30.]" in capsys.readouterr().out
    assert main(["debug", "--batch", "--on", "norm(grad) > 25", "-x", "print grad", str(script)]) == 0
    assert "[ 3., 30.]" in capsys.readouterr().out


def test_a_module_is_run_as_python_does(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__main__.py").write_text("import sys; print(__name__, __package__, sys.argv[1:])")
    monkeypatch.chdir(tmp_path)
    assert main(["debug", "-m", "mine", "a"]) == 0
    assert capsys.readouterr().out == "__main__ mine ['a']\n"


def test_on_that_is_nothing(capsys):
    with pytest.raises(SystemExit):
        main(["debug", "--on", "foo(grad)", str(PROGRAM)])
    assert "'foo(grad)' is neither nan, inf, zero, vanish, explode nor a condition" in capsys.readouterr().err


if __name__ == "__main__":
    TRANSCRIPT.write_text(piped(PROGRAM, verbs=VERBS.read_text(encoding="utf-8")).stdout, encoding="utf-8")
