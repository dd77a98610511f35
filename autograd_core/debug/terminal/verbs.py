"""The terminal's verbs that move, stop and change; each is a method `do_verb`, its docstring what help says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..stops.breakpoints import Breakpoint
from ..stops.conditions import condition
from ..stops.spots import break_at, places, watch
from .looking import count

if TYPE_CHECKING:
    from ..session import Session


class Verbs:
    """Moving both ways in time, breakpoints, watchpoints, and edits."""

    session: Session
    sessions: list[Session]
    waiting: Any
    displays: dict[int, str]
    left: str
    script: bool
    frame: int
    say: Any
    report: Any
    expression: Any
    shown: Any

    # --- moving ------------------------------------------------------------------------------------------------

    def do_step(self, rest: str) -> None:
        """step [N]: do the next step, or the next N."""
        self._moved(self.session.step(count(rest)), 1)

    def do_next(self, rest: str) -> None:
        """next [N]: go on to the end of an op, with all its edges."""
        self._times(self.session.next, rest, 1)

    def do_finish(self, rest: str) -> None:
        """finish: go on to the end of the nn module (known under debug.record())."""
        self._moved(self.session.finish(), 1)

    def do_continue(self, rest: str) -> None:
        """continue: go on to the next breakpoint or watchpoint, or to the end; once more there lets a script go on."""
        if self.script and self.session.position == len(self.session):
            self.left = "continue"
            return
        self.stopped(self.session.cont(), 1)

    def do_until(self, rest: str) -> None:
        """until N | PLACE: go on to position N, or to the next stop at a place as break takes it; alone: as next."""
        if not rest:
            self.do_next("")
        elif rest.isdigit():
            self.stopped(self.session.until(int(rest)), 1)
        else:
            there = break_at(self.session, rest, once=True)
            self.stopped(self.session.cont(), 1)
            if there in self.session.breakpoints:
                self.session.breakpoints.delete(there.number)

    def do_reverse_step(self, rest: str) -> None:
        """reverse-step [N]: undo the last step, or N."""
        self._moved(self.session.reverse_step(count(rest)), -1)

    def do_reverse_next(self, rest: str) -> None:
        """reverse-next [N]: go back to where the last op began."""
        self._times(self.session.reverse_next, rest, -1)

    def do_reverse_continue(self, rest: str) -> None:
        """reverse-continue: go back to the last breakpoint or watchpoint before, or to the start."""
        self.stopped(self.session.reverse_cont(), -1)

    def do_reverse_finish(self, rest: str) -> None:
        """reverse-finish: go back to where the nn module began."""
        self._moved(self.session.reverse_finish(), -1)

    def do_goto(self, rest: str) -> None:
        """goto N | start | seed | end: go to a position, either way."""
        known = {"start": 0, "seed": len(self.session.forward) + 1, "end": len(self.session)}
        if rest not in known and not rest.isdigit():
            raise ValueError(f"goto takes a position from 0 to {len(self.session)}, or start, seed, end; not {rest!r}")
        self._moved(self.session.goto(known[rest] if rest in known else int(rest)), 0)

    def do_run(self, rest: str) -> None:
        """run: from the start to the first breakpoint, or to the end."""
        self.session.goto(0)
        self.stopped(self.session.cont(), 1)

    def _times(self, move: Any, rest: str, way: int) -> None:
        for _ in range(count(rest)):
            said = move()
        self._moved(said, way)

    def stopped(self, said: str, way: int) -> None:
        """Say where one has come to by going on, and which breakpoint it was."""
        if self.session.stopped is not None:
            self.say(self.session.stopped, "stop")
            if self.session.stopped.error:
                self.say(f"stopped because {self.session.stopped.error}", "error")
        self._moved(said, way)

    def _moved(self, said: str, way: int) -> None:
        self.frame = 0
        self.report(said, way)

    # --- stopping ----------------------------------------------------------------------------------------------

    def do_break(self, rest: str) -> None:
        """break [PLACE] [if CONDITION]: stop at an op, a tensor, a module, file.py:12, under a condition; alone: list them.

        Several places must all be met: break multiply layers.0 if norm(grad) > 1e3. A condition may read value, grad,
        upstream, contribution, op, kind, module, name, shape and position.
        """
        self.say(break_at(self.session, rest) if rest else self.session.breakpoints)

    def do_tbreak(self, rest: str) -> None:
        """tbreak [PLACE] [if CONDITION]: a breakpoint that stops once."""
        self.say(break_at(self.session, rest, once=True))

    def do_watch(self, rest: str) -> None:
        """watch NAME [if CONDITION]: stop where the gradient of a tensor changes."""
        name, _, test = rest.partition(" if ")
        inner = name.strip()
        self.say(watch(self.session, inner[5:-1] if inner.startswith("grad(") else inner, test.strip() or None))

    def do_condition(self, rest: str) -> None:
        """condition N [CONDITION]: give breakpoint N another condition, or none."""
        number, _, test = rest.partition(" ")
        found = self._numbered(number)
        found.condition = condition(test) if test.strip() else None
        if found.anywhere and found.condition is None:
            self.session.breakpoints.delete(found.number)
            self.say(f"breakpoint {found.number} had nothing but its condition, and is deleted")
        else:
            self.say(found)

    def do_ignore(self, rest: str) -> None:
        """ignore N COUNT: pass breakpoint N by the next COUNT times that it is met."""
        number, _, times = rest.partition(" ")
        found = self._numbered(number)
        found.ignore = count(times or "0", least=0)
        self.say(found)

    def do_delete(self, rest: str) -> None:
        """delete [N ...]: remove breakpoints and watchpoints, or all of them."""
        for number in rest.replace(",", " ").split():
            self.session.breakpoints.delete(self._numbered(number).number)
        if not rest:
            self.session.breakpoints.delete()

    def do_enable(self, rest: str) -> None:
        """enable [N ...]: have breakpoints stop again."""
        self._enable(rest, True)

    def do_disable(self, rest: str) -> None:
        """disable [N ...]: keep breakpoints, but do not stop at them."""
        self._enable(rest, False)

    def _enable(self, rest: str, enabled: bool) -> None:
        numbers = rest.replace(",", " ").split()
        for found in [self._numbered(n) for n in numbers] if numbers else self.session.breakpoints:
            found.enabled = enabled

    def _numbered(self, text: str) -> Breakpoint:
        if not text.isdigit():
            raise ValueError(f"say which breakpoint by its number, not {text!r}; info breakpoints lists them")
        return self.session.breakpoints[int(text)]

    # --- changing ----------------------------------------------------------------------------------------------

    def do_set(self, rest: str) -> None:
        """set value(NAME) | grad(NAME) = EXPRESSION: change a number in a fork, and go on there; session goes back."""
        target, sign, expression = rest.partition("=")
        what, _, name = target.strip().rstrip(")").rpartition("(")
        if not sign or what not in ("", "value", "grad"):
            raise ValueError(f"write set value(w1) = 5 or set grad(w1) = 0, not set {rest}")
        node = self.session.find(name.strip("'\" "))
        number = self.expression(expression)
        edit = {"gradients" if what == "grad" else "values": {self.session.names[node]: number}}
        fork = self.session.fork(**edit)
        fork.breakpoints = self.session.breakpoints
        self.sessions.append(fork)
        self.session = fork
        self.say(
            f"in fork {len(self.sessions) - 1}: {target.strip()} = {self.shown(number)}; session 0 goes back, diff compares"
        )
        self._moved(fork.explain(), 0)

    def do_session(self, rest: str) -> None:
        """session [N]: list the session (0) and its forks, or go to one of them."""
        if rest:
            if not rest.isdigit() or int(rest) >= len(self.sessions):
                raise ValueError(f"there are sessions 0 to {len(self.sessions) - 1}, not {rest!r}")
            self.session = self.sessions[int(rest)]
        for i, session in enumerate(self.sessions):
            self.say(f"{'*' if session is self.session else ' '} {i}: at {session.position} of {len(session)}")

    def do_diff(self, rest: str) -> None:
        """diff [N]: where this session differs from session N (0), node by node."""
        number = count(rest or "0", least=0)
        if number >= len(self.sessions):
            raise ValueError(f"there are sessions 0 to {len(self.sessions) - 1}, not {number}")
        found = self.sessions[number].diff(self.session)
        self.say("\n".join(map(str, found)) or "they are the same, to the last bit")

    # --- leaving -----------------------------------------------------------------------------------------------

    def do_source(self, rest: str) -> None:
        """source FILE: read verbs from a file, one a line."""
        lines = Path(rest).read_text(encoding="utf-8").splitlines()
        self.waiting.extendleft(reversed([line for line in lines if line.strip()]))

    def do_save(self, rest: str) -> None:
        """save FILE.html | FILE.trace: one page that steps by itself, or a trace that debug.load opens elsewhere."""
        if not rest:
            raise ValueError("say where to: save steps.html, or save steps.trace")
        self.session.save(rest) if rest.endswith((".html", ".htm")) else self.session.dump(rest)
        self.say(f"saved in {rest}")

    def do_detach(self, rest: str) -> None:
        """detach: leave, and let the script go on without stopping again."""
        self.left = "detach"

    def do_quit(self, rest: str) -> None:
        """quit: leave the debugger; `autograd-core debug` ends the script too."""
        self.left = "quit"

    def candidates(self, verb: str, text: str) -> list[str]:
        """What may follow a verb, for the Tab key."""
        session = self.session
        names = [*session.names.values()]
        if verb in ("break", "tbreak", "until"):
            return names + [word for kind in ("op", "module", "line") for word in places(session, kind)]
        if verb in ("delete", "enable", "disable", "condition", "ignore"):
            return [str(b.number) for b in session.breakpoints]
        if verb in ("source", "save"):
            folder = Path(text).parent if not text.endswith("/") else Path(text)
            found = [(p, str(p) + "/" * p.is_dir()) for p in folder.iterdir()] if folder.is_dir() else []
            return [said for _, said in found]
        return {
            "goto": ["start", "seed", "end"], "info": list(self.topics), "help": self.verbs(), "explain": ["latex", "mathml", "words"],
            "set": names + [f"{what}({name})" for what in ("value", "grad") for name in names],
        }.get(verb, names)  # fmt: skip

    topics: dict[str, Any]
    verbs: Any
