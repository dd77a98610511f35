"""The terminal's verbs that show: what a value is, how a step is computed, where a gradient comes from."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...op import TABLE
from ...tensor import Tensor
from ..causes.anomaly import ALL_FINITE
from ..stops.breakpoints import known
from ..stops.conditions import NAMES, Absent, Expression

if TYPE_CHECKING:
    from ..session import Session


class Looking:
    """Printing, explaining, and tables."""

    session: Session
    displays: dict[int, str]
    frame: int
    say: Callable[..., None]
    greeting: Callable[[], str]
    path: Callable[[], list[Tensor]]
    source: Callable[[Tensor], str]
    verb: Callable[[str], str]
    verbs: Callable[[], list[str]]

    # --- values ------------------------------------------------------------------------------------------------

    def expression(self, text: str) -> Any:
        """The value of an expression over the graph's names, grad(name), value(name), and the names of the step."""
        session, names, inputs = self.session, self.session.by_name, self._inputs()

        def look_up(name: str) -> Any:
            return value(name) if name in names else inputs[name].value if name in inputs else self._of_the_step(name)

        def value(name: str) -> Any:
            found = session.value(name)
            if found is None:
                raise Absent(f"{name} is not computed yet: that is position {session.computed_at[session.find(name)]}")
            return found

        def grad(name: str) -> Any:
            found = session.gradient(name)
            if found is None:
                missing = session.missing(name)
                come = f"; {plural(missing, 'contribution')} will" if missing else ", and none will"
                raise Absent(f"no gradient has arrived at {name} yet{come}")
            return found

        if text.strip() in names:  # whatever characters it is made of
            return value(text.strip())
        return self._parsed(text, {"grad": grad, "value": value}).value(look_up)

    def _parsed(self, text: str, functions: dict[str, Callable[[str], Any]]) -> Expression:
        names, inputs = self.session.by_name, self._inputs()

        def unknown(name: str) -> str:
            near = difflib.get_close_matches(name, [*names, *NAMES], 3) or list(names)[:6]
            return f"nothing here is called {name!r}; there are {', '.join(near)}, and of the step {', '.join(NAMES)}"

        return Expression(text, lambda name: name in names or name in inputs or name in NAMES, functions, unknown)

    def _inputs(self) -> dict[str, Tensor]:
        """What rows were fed that has a name and no gradient, such as the data."""
        fed = (x for node in self.session.nodes for x in node.inputs if isinstance(x, Tensor) and not x.tracked)
        return {x.name: x for x in fed if x.name}

    def _of_the_step(self, name: str) -> Any:
        session, step = self.session, self.session.current
        if step is None:
            raise Absent(f"there is no {name} before the first step")
        if self.frame and name in ("value", "grad"):
            node = self.path()[-1 - self.frame]
            return self.expression(f"{name}({session.names[node]!r})")
        try:
            return known(session, step, session.position, name)
        except Absent:
            raise Absent(f"a step of kind {step.kind} has no {name}") from None

    def shown(self, value: Any, short: bool = False) -> str:
        """A value as the terminal writes it: arrays in part, with shape and dtype."""
        if isinstance(value, np.ndarray) and value.ndim:
            kind = f"[{'×'.join(map(str, value.shape))}] {value.dtype}"
            if short or not value.size:
                return kind
            text = np.array2string(value, separator=", ", precision=6, threshold=60, edgeitems=3)
            return f"{text}  {kind}" if "\n" not in text else f"{text}\n{kind}"
        return f"{value.item():.6g}" if short and isinstance(value, (np.generic, np.ndarray)) else _plain(value)

    def do_print(self, rest: str) -> None:
        """print EXPRESSION: a value: w1, grad(w1), value, norm(grad(w1)), h[0, :3], layers.0.weight.max(); alone: the step."""
        if not rest:
            self.say(self.session.explain())
            return
        self.say(self.shown(self.expression(rest)))

    def do_display(self, rest: str) -> None:
        """display [EXPRESSION]: print it after every move; alone: all of them, now."""
        if rest:
            number = max(self.displays, default=0) + 1
            self._parsed(rest, {"grad": str, "value": str})  # an error is said now, not after every move
            self.displays[number] = rest
        for number, text in self.displays.items():
            if rest and text is not rest:
                continue
            try:
                found = self.shown(self.expression(text))
            except (Absent, ValueError, KeyError) as error:
                found = f"({str(error.args[0]).partition(';')[0]})"
            self.say(f"{number}: {text} = {found}")

    def do_undisplay(self, rest: str) -> None:
        """undisplay [N ...]: stop displaying expressions, or all of them."""
        for number in rest.split() or list(map(str, self.displays)):
            if not number.isdigit() or int(number) not in self.displays:
                raise ValueError(
                    f"there is no display {number}; there are: {', '.join(map(str, self.displays)) or 'none'}"
                )
            del self.displays[int(number)]

    def do_whatis(self, rest: str) -> None:
        """whatis NAME | OP | EXPRESSION: what a node is, what an op's rule says, what an expression gives."""
        session = self.session
        if rest in session.by_name:
            node = session.find(rest)
            kind = "a leaf" if node.op is None else f"made by {node.op.name}"
            users = [session.names[n] for n in session.nodes if any(x is node for x in n.inputs)]
            missing = session.missing(node)
            lines = [f"{rest}: {kind}, shape {node.shape}, {node.dtype}"]
            lines += [f"    used by {', '.join(users[:8])}{', …' * (len(users) > 8)}"] if users else []
            lines += [f"    gradient: {self.state(node)}, {plural(missing, 'contribution')} to come"]
            lines += [f"    {source}"] if (source := self.source(node)) else []
            self.say("\n".join(lines))
        elif rest in TABLE:
            op = TABLE[rest]
            self.say(f"{rest}: the row {rest}({', '.join(op.inputs)}) = {op.text}; {op.words}")
        else:
            found = self.expression(rest)
            self.say(self.shown(found, short=True) if np.ndim(found) else f"{type(found).__name__} {_plain(found)}")

    def state(self, node: Tensor) -> str:
        found = self.session.gradient(node)
        return "nothing yet" if found is None else self.shown(found, short=True)

    def do_args(self, rest: str) -> None:
        """args: what the op of the step was fed, and what it gave."""
        step = self.session.current
        if step is None or step.node.op is None:
            raise ValueError("no op has been read yet; step goes to the first")
        roles = (
            step.node.op.inputs if not step.node.op.variadic else [f"inputs[{i}]" for i in range(len(step.node.inputs))]
        )
        for role, x in zip(roles, step.node.inputs, strict=False):
            name = self.session.names.get(x, x.name or "a constant") if isinstance(x, Tensor) else "a constant"
            self.say(f"{role} = {name} = {self.shown(x.value if isinstance(x, Tensor) else x, short=True)}")
        for role, value in step.node.params.items():
            self.say(f"{role} = {value}")
        self.say(f"y = {self.session.names[step.node]} = {self.shown(step.node.value, short=True)}")

    # --- explanations ------------------------------------------------------------------------------------------

    def do_explain(self, rest: str) -> None:
        """explain [N] [words | latex | mathml] [INDEX]: this step or another, or of an array one element: explain [2, 0]."""
        words, bracket, index = rest.partition("[")
        style, position = "text", self.session.position
        for word in words.split():
            if word.isdigit():
                position = int(word)
            else:
                style = word
        if not 0 <= position <= len(self.session):
            raise ValueError(f"this session has positions 0 to {len(self.session)}, there is no {position}")
        at = tuple(int(n) for n in index.strip(" ]").split(",") if n.strip()) if bracket else None
        self.say(self.session.explain(position, index=at, style=style))

    def do_why(self, rest: str) -> None:
        """why NAME: a gradient taken apart, one line for each path that contributed."""
        self.say(self.session.why(self._named(rest)))

    def do_why_none(self, rest: str) -> None:
        """why-none NAME: why no gradient arrives there."""
        self.say(self.session.why_none(rest or self._named(rest)))

    def do_why_zero(self, rest: str) -> None:
        """why-zero NAME: why the gradient there is zero."""
        self.say(self.session.why_zero(rest or self._named(rest)))

    def do_first_bad(self, rest: str) -> None:
        """first-bad: the first value, or else gradient, that is not finite, with its op, its operands and the cure."""
        found = self.session.first_bad()
        self.say(ALL_FINITE if found is None else found)

    def _named(self, rest: str) -> str:
        if not rest:
            raise ValueError("say of which tensor: why w1; info names lists them")
        return self.session.names[self.session.find(rest)]

    # --- tables ------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> dict[str, Callable[[], Any]]:
        """What info can be asked for."""
        session, names = self.session, self.session.names
        return {
            "breakpoints": lambda: session.breakpoints,
            "display": lambda: "\n".join(f"{n}: {text}" for n, text in self.displays.items()) or "no displays",
            "graph": self.greeting,
            "step": lambda: session.explain(style="words"),
            "names": lambda: ", ".join(names.values()),
            "leaves": lambda: "\n".join(
                f"{names[n]} = {self.shown(n.value, short=True)}, ∂ {self.state(n)}"
                for n in session.nodes
                if n.op is None
            ),
            "gradients": lambda: (
                "\n".join(f"∂{n} = {self.shown(g, short=True)}" for n, g in session.gradients().items())
                or "nothing has arrived yet"
            ),
            "ops": lambda: "\n".join(
                f"{n:>6} {op}" for op, n in Counter(n.op.name for n in session.nodes if n.op).most_common()
            ),
            "modules": lambda: (
                "\n".join(dict.fromkeys(m for n in session.nodes if (m := session.module(n))))
                or "no modules are known; make the graph within `with debug.record():`"
            ),
        }

    def do_info(self, rest: str) -> None:
        """info breakpoints | display | graph | step | names | leaves | gradients | ops | modules: a table."""
        found = [topic for topic in self.topics if rest and topic.startswith(rest)]
        if len(found) != 1 and rest not in found:
            raise ValueError(f"info takes one of {', '.join(self.topics)}")
        self.say(self.topics[rest if rest in found else found[0]]())


def _plain(value: Any) -> str:
    return str(value.item() if isinstance(value, (np.generic, np.ndarray)) else value)


def count(text: str, least: int = 1) -> int:
    """A whole number as typed, 1 if nothing was; ValueError for anything else."""
    text = text.strip() or "1"
    if not text.isdigit() or int(text) < least:
        raise ValueError(f"{text!r} is no count; write a whole number from {least}")
    return int(text)


def plural(n: int, word: str, plural: str | None = None) -> str:
    """A number of things; a word that has no plural is given "" for it."""
    if plural == "":
        return f"{n} {word}"
    return f"{n} {word if n == 1 else plural or word + 's'}"
