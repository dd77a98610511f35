"""The terminal's verbs that show where one is: the steps and lines around, the path from the result to here."""

from __future__ import annotations

import linecache
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...tensor import Tensor
from ..stops.breakpoints import target
from .looking import count, plural

if TYPE_CHECKING:
    from ..backward_pass import Step
    from ..session import Session


class Standing:
    """What is said after every move, where, up and down, list."""

    session: Session
    frame: int
    listed: int | None
    script: bool
    say: Callable[..., None]
    shown: Callable[..., str]
    state: Callable[[Tensor], str]
    do_display: Callable[[str], None]

    # --- after every move --------------------------------------------------------------------------------------

    def greeting(self) -> str:
        """What graph this is."""
        session = self.session
        leaves = [session.names[node] for node in session.nodes if node.op is None]
        name, line = session.names[session.loss], session.line(session.loss)
        steps = Counter(step.kind for step in session.steps)
        kinds = [
            plural(steps["forward"], "forward", ""),
            "the seed",
            plural(len(session) - steps["forward"] - 1, "backward", ""),
        ]
        named = ", ".join(leaves[:6]) + ", …" * (len(leaves) > 6)
        op = session.loss.op
        made = (
            f" = {session.explain(session.computed_at[session.loss]).rpartition(' = ')[0].partition(' = ')[2]}"
            if op
            else ""
        )
        made = made if len(made) < 60 else f" = {op.name}(…)" if op else ""
        return (
            f"{name}{made} = {self.shown(session.loss.value, short=True)}: {plural(steps['forward'], 'op')}, "
            f"{plural(len(leaves), 'leaf', 'leaves')} ({named}); {len(session)} steps: {', '.join(kinds)}"
            + (f"; made at {line}" if line else "")
            + (f"; a rule raises {type(session.error).__name__} at the end" if session.error else "")
            + ". Type help."
        )

    def report(self, said: str, way: int) -> None:
        """Where one has come to, with the line of the program, and the displays."""
        session = self.session
        self.listed = None
        self.say(f"[{session.position}/{len(session)}] {said}", "step")
        step = session.current
        if step is not None and (source := self.source(step.node)):
            self.say(f"    {source}", "quiet")
        if session.position == len(session) and way > 0:
            if session.error is not None:
                self.say(f"the pass ends here: a rule raised {type(session.error).__name__}: {session.error}", "error")
            else:
                self.say("the end of the pass" + "; continue lets the script go on" * self.script, "quiet")
        self.do_display("")

    def source(self, node: Tensor) -> str:
        """`train.py:12 (layers.0): h = x @ w`, as far as it is known."""
        line, module = self.session.line(node), self.session.module(node)
        text = ""
        if node.site is not None and node.site.line is not None:
            text = linecache.getline(*node.site.line).strip()
        where = " ".join([line or ""] + [f"({module})"] * bool(module)).strip()
        return f"{where}: {text}" if text else where

    # --- the path ----------------------------------------------------------------------------------------------

    def path(self) -> list[Tensor]:
        """From the result to the tensor of the step, by as few edges as there are, the step's own edge the last."""
        step = self.session.current
        if step is None:
            return [self.session.loss]
        if getattr(self, "_via", (None,))[0] is not self.session:
            self._via = (self.session, _users(self.session.loss))
        found, via = [target(step)], self._via[1]
        node = step.node if step.x is not None else via.get(step.node)
        while node is not None:
            found.append(node)
            node = via.get(node)
        return found[::-1]

    def do_where(self, rest: str) -> None:
        """where: the path from the result to here, with modules and lines; > is what up and down have chosen."""
        path = self.path()
        shown = range(len(path)) if len(path) <= 24 else [*range(4), *range(len(path) - 20, len(path))]
        before = -1
        for i in shown:
            if i != before + 1:
                self.say(f"      … {i - before - 1} more …", "quiet")
            before = i
            self._frame_line(path, i)

    def _frame_line(self, path: list[Tensor], i: int) -> None:
        node = path[i]
        op = node.op.name if node.op is not None else "leaf"
        mark = ">" if i == len(path) - 1 - self.frame else " "
        source = self.source(node)
        self.say(
            f"{mark} {self.session.names[node]:<12} {op:<12} ∂ {self.state(node)}" + (f"   {source}" if source else "")
        )

    def do_up(self, rest: str) -> None:
        """up [N]: choose the node N nearer to the result; value and grad are then its own."""
        self._choose(count(rest))

    def do_down(self, rest: str) -> None:
        """down [N]: choose the node N nearer to where the step is."""
        self._choose(-count(rest))

    def _choose(self, by: int) -> None:
        path = self.path()
        chosen = self.frame + by
        if not 0 <= chosen < len(path):
            end = f"the result, {self.session.names[path[0]]}" if by > 0 else "where the step is"
            raise ValueError(f"already at the {'upper' if by > 0 else 'lower'} end of the path: {end}")
        self.frame = chosen
        self._frame_line(path, len(path) - 1 - chosen)

    def do_list(self, rest: str) -> None:
        """list [N]: the steps around here, or around N, and the lines of the program if they are known; again: further."""
        session = self.session
        first = int(rest) - 5 if rest.isdigit() else self.listed if self.listed is not None else session.position - 5
        if first > len(session):
            raise ValueError(f"there are no more steps than {len(session)}")
        first = max(first, 1)
        for at in range(first, min(first + 11, len(session) + 1)):
            mark = "->" if at == session.position else "B " if self._marked(session.steps[at - 1]) else "  "
            self.say(f"{mark} {at:>4} {self.phrase(session.steps[at - 1])}")
        node = session.current.node if session.current else session.loss
        if self.listed is None and node.site is not None and node.site.line is not None:
            file, number = node.site.line
            for n in range(max(number - 3, 1), number + 4):
                if text := linecache.getline(file, n).rstrip():
                    self.say(
                        f"{'->' if n == number else '  '} {session.line(node) if n == number else n:>4} {text}", "quiet"
                    )
        self.listed = first + 11

    def _marked(self, step: Step) -> bool:
        return any(b.enabled and b.concerns(self.session, step) for b in self.session.breakpoints)

    def phrase(self, step: Step) -> str:
        """A step by names alone, which costs nothing."""
        names, out = self.session.names, self.session.names[self.session.loss]
        op = step.node.op.name if step.node.op is not None else ""
        if step.kind == "edge":
            return f"{'∂' + out + '/∂' + names[step.x]} += …   {op}, from {names[step.node]}"
        if step.kind == "forward":
            fed = ", ".join(names[x] for x in step.node.inputs if isinstance(x, Tensor) and x in names)
            return f"{names[step.node]} = {op}({fed})"
        return f"∂{out}/∂{names[target(step)]}   {step.kind}"


def _users(loss: Tensor) -> dict[Tensor, Tensor | None]:
    """For each node, by which of its users the result is reached in the fewest edges."""
    via: dict[Tensor, Tensor | None] = {loss: None}
    waiting = deque([loss])
    while waiting:
        node = waiting.popleft()
        for x in node.inputs:
            if isinstance(x, Tensor) and x.tracked and x not in via:
                via[x] = node
                waiting.append(x)
    return via
