"""The debugger in a terminal: pdb's and gdb's verbs over a Session, from a keyboard, a file or a pipe.

This file is the shell itself: what reads a line, finds its verb, keeps history, and outlives errors and Ctrl-C. The verbs
are methods `do_...` in verbs.py (which move and stop) and looking.py (which show).
"""

from __future__ import annotations

import bdb
import cmd
import contextlib
import difflib
import importlib.util
import inspect
import os
import string
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...tensor import Tensor
from ..session import Session
from .looking import Looking
from .pausing import breakpoints_on_numbers, without_breakpoints
from .standing import Standing
from .verbs import Verbs

try:
    import readline
except ImportError:  # on Windows: no completion and no history, all else works
    readline = None  # type: ignore[assignment]

ALIASES = {
    "s": "step", "n": "next", "c": "continue", "cont": "continue", "unt": "until", "fin": "finish", "f": "finish", "r": "finish", "return": "finish",
    "rs": "reverse-step", "rn": "reverse-next", "rc": "reverse-continue", "rf": "reverse-finish", "j": "goto", "jump": "goto",
    "restart": "run", "b": "break", "tb": "tbreak", "cl": "delete", "clear": "delete", "d": "down", "u": "up", "w": "where",
    "bt": "where", "backtrace": "where", "p": "print", "pp": "print", "l": "list", "a": "args", "i": "info", "h": "help", "?": "help",
    "q": "quit", "exit": "quit", "EOF": "quit",
}  # fmt: skip
GROUPS = {
    "forwards": "step next finish until continue goto run", "backwards": "reverse-step reverse-next reverse-finish reverse-continue",
    "stopping": "break tbreak watch condition ignore enable disable delete",
    "looking": "print display undisplay whatis args explain why why-none why-zero first-bad info", "around": "where up down list",
    "changing": "set session diff", "files": "source save", "leaving": "quit detach help",
}  # fmt: skip
ERRORS = (ValueError, LookupError, TypeError, RuntimeError, OSError, ArithmeticError, ImportError, AttributeError)
STYLES = {"stop": "bold red", "error": "red", "step": "bold", "quiet": "dim"}


class Terminal(Verbs, Standing, Looking, cmd.Cmd):
    """A session at a prompt; `cmdloop()` opens it and returns when it is left.

    commands: lines to be read before the keyboard's. stdin, stdout: other streams than the process's. script: whether a
    program waits behind, which `continue` at the end of the pass lets go on.

    >>> w = Tensor(2.0, requires_grad=True, name="w")
    >>> Terminal(Session(w**2), commands=["goto end", "print grad(w)", "quit"]).cmdloop()
    g = w² = 2² = 4: 1 op, 1 leaf (w); 3 steps: 1 forward, the seed, 1 backward. Type help.
    (autograd) goto end
    [3/3] ∂g/∂w += ∂g/∂g · 2·w = 1 · 2·w = 1 · 4 = 4
    (autograd) print grad(w)
    4.0
    (autograd) quit
    """

    prompt = "(autograd) "
    identchars = string.ascii_letters + string.digits + "_-?"

    def __init__(
        self, session: Session, commands: Iterable[str] = (), stdin: IO[str] | None = None, stdout: IO[str] | None = None, script: bool = False,
    ):  # fmt: skip
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None or stdin is sys.stdin
        self.waiting: deque[str] = deque(commands)
        self.script = script
        self.left = ""  # how it was left: "quit", "detach" or "continue"
        self.displays: dict[int, str] = {}
        self.open(session)

    def open(self, session: Session) -> None:
        """Look at another session; breakpoints go along."""
        if getattr(self, "session", None) is not None:
            session.breakpoints = self.session.breakpoints
        self.session, self.sessions = session, [session]
        self.frame, self.listed = 0, None
        with without_breakpoints():
            _ = session.steps

    # --- reading and doing -------------------------------------------------------------------------------------

    def cmdloop(self, intro: Any = None) -> None:
        """Read and do lines until one leaves; Ctrl-C stops what is being done, never the session."""
        self.left = ""
        with self._keyboard(), np.errstate(all="ignore"):  # what is not finite is what one looks for
            self.say(self.greeting() if intro is None else intro)
            if self.session.stopped is not None:
                self.stopped(self.session.explain(), 1)
            while not self.left:
                try:
                    self.onecmd(self._read())
                except KeyboardInterrupt:
                    self.say(f"\nstopped by Ctrl-C at {self.session.position}; quit leaves", "error")

    def _read(self) -> str:
        """The next line, shown where nobody typed it."""
        if self.waiting:
            line = self.waiting.popleft()
            self.say(f"{self.prompt}{line}")
            return line
        typed = self.use_rawinput and sys.stdin.isatty()
        try:
            if typed:
                return input(self.prompt)
            line = sys.stdin.readline() if self.use_rawinput else self.stdin.readline()
        except EOFError:
            line = ""
        if typed:
            self.say("")
        elif line:
            self.say(f"{self.prompt}{line.rstrip()}")
        return line.rstrip("\r\n") if line else "EOF"

    def onecmd(self, line: str) -> bool:
        """Do one line; an error is said and leaves everything as it was."""
        line = line.strip()
        if line.startswith("#"):
            return False
        if not line:
            line = self.lastcmd
        word, rest, _ = self.parseline(line)
        if not line or (word == "EOF" and rest is None):
            return False
        try:
            verb = self.verb(word or line.split()[0])
            self.lastcmd = line if verb not in ("quit", "run", "source") else ""
            with breakpoints_on_numbers():
                getattr(self, _method(verb))(rest or "")
        except bdb.BdbQuit:
            self.say("pdb was left; the session goes on", "quiet")
        except ERRORS as error:
            said = error.args[0] if isinstance(error, KeyError) and error.args else error
            self.say(f"error: {said}", "error")
        return bool(self.left)

    def verb(self, word: str) -> str:
        """The verb that a word or an abbreviation means; ValueError with the nearest."""
        if word in ALIASES:
            return ALIASES[word]
        verbs = self.verbs()
        found = [word] if word in verbs else [v for v in verbs if v.startswith(word)]
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(f"{word!r} may mean {', '.join(found)}")
        near = difflib.get_close_matches(word, [*verbs, *ALIASES], 1)
        hint = f"did you mean {near[0]}?" if near else "help lists the verbs"
        as_print = f" To see a value: print {word}." if word in self.session.names.values() else ""
        raise ValueError(f"no verb {word!r}; {hint}{as_print}")

    def verbs(self) -> list[str]:
        """All verbs, as they are typed."""
        return sorted(n[3:].replace("_", "-") for n in dir(self) if n.startswith("do_"))

    def do_help(self, rest: str) -> None:
        """help [VERB]: what there is, or what one verb does."""
        if rest:
            verb = self.verb(rest)
            short = [alias for alias, meant in ALIASES.items() if meant == verb]
            self.say(inspect.getdoc(getattr(self, _method(verb))))
            self.say(
                f"short: {', '.join(short)}" if short else "no short form; any beginning that is clear will do", "quiet"
            )
            return
        for group, verbs in GROUPS.items():
            self.say(f"{group}:", "step")
            for verb in verbs.split():
                self.say(f"  {(inspect.getdoc(getattr(self, _method(verb))) or verb).splitlines()[0]}")
        self.say(
            "Verbs may be shortened (s n c b p l w, rs rn rc, or any beginning); an empty line repeats the last.",
            "quiet",
        )

    def say(self, text: Any, style: str = "") -> None:
        """Write a line, in colour where rich is installed, somebody looks, and NO_COLOR does not forbid it."""
        if style and self._colours():
            from rich.console import Console  # type: ignore[import-not-found]
            from rich.text import Text  # type: ignore[import-not-found]

            Console(file=self.stdout, soft_wrap=True, highlight=False).print(Text(str(text), STYLES[style]))
        else:
            print(text, file=self.stdout, flush=True)

    def _colours(self) -> bool:
        quiet = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not self.stdout.isatty()
        return not quiet and importlib.util.find_spec("rich") is not None

    # --- keyboard ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _keyboard(self) -> Iterator[None]:
        """Tab completion and a history of our own while the prompt is open; what was there before is put back."""
        if readline is None or not self.use_rawinput or not sys.stdin.isatty():
            yield
            return
        file = cache_folder() / "debug_history"
        before = [readline.get_history_item(i + 1) for i in range(readline.get_current_history_length())]
        completer, delimiters = readline.get_completer(), readline.get_completer_delims()
        readline.clear_history()
        with contextlib.suppress(OSError):
            readline.read_history_file(file)
        readline.set_completer(self.complete)  # type: ignore[arg-type]
        readline.set_completer_delims(" \t\n()[]<>=,*+/!&|")  # not - . : which are in names of verbs, tensors and lines
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # a home that cannot be written to is no reason to fail
                file.parent.mkdir(parents=True, exist_ok=True)
                readline.set_history_length(1000)
                readline.write_history_file(file)
            readline.clear_history()
            for line in before:
                readline.add_history(line)
            readline.set_completer(completer)
            readline.set_completer_delims(delimiters)

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        return [verb + " " for verb in self.verbs() if verb.startswith(text)]

    def completedefault(self, text: str, line: str, begidx: int, endidx: int) -> list[str]:  # type: ignore[override]
        with contextlib.suppress(ValueError):
            verb = self.verb(line.split()[0])
            return sorted(word for word in self.candidates(verb, text) if word.startswith(text))
        return []


def _method(verb: str) -> str:
    return f"do_{verb.replace('-', '_')}"


def cache_folder() -> Path:
    """The user's folder for what may be thrown away."""
    home = Path(os.path.expanduser("~"))
    named = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return (
        Path(named or (home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache")) / "autograd-core"
    )


def set_trace(loss: Tensor | Session, gradient: Any = None, commands: Iterable[str] = (), **streams: Any) -> Session:
    """Open the debugger's terminal on the graph of `loss`, here; returns the session when it is left (pdb.set_trace).

    loss: what backward() would be called on, before it is (or within `debug.record()`); or a Session. gradient: the seed,
    if it is not one number. commands: lines to begin with. RuntimeError if the graph has been freed.

    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> session = set_trace(w * w, commands=["break if contribution > 2", "continue", "quit"])
    g = w·w = 3·3 = 9: 1 op, 1 leaf (w); 5 steps: 1 forward, the seed, 3 backward. Type help.
    (autograd) break if contribution > 2
    breakpoint 1: if contribution > 2
    (autograd) continue
    breakpoint 1: if contribution > 2 (hit 1 time)
    [3/5] ∂g/∂w += ∂g/∂g · w = 1 · w = 1 · 3 = 3
    (autograd) quit
    """
    session = loss if isinstance(loss, Session) else Session(loss, gradient)
    Terminal(session, commands, **streams).cmdloop()
    return session
