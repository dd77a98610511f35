"""The gallery: a section for every activation, loss, optimizer and schedule, made from its code.

The words are those of the docstring; the derivative is what the rules say when they are read with letters (slopes.py);
the picture is computed by the class itself (exhibits.py, sketches.py). `python docs/make.py` writes the pages.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from exhibits import (
    ACTIVATION_KINDS,
    KINDS,
    LOGARITHMS,
    LOSS_KINDS,
    NUMBERS,
    OPTIMIZER_KINDS,
    SCHEDULE_KINDS,
    SETTINGS,
    WRAPPER_KINDS,
    caption,
    input_of,
    made,
    picture,
    torch_name,
)
from letters import rule_in_letters
from markup import code_of, math_of, plain
from slopes import derivative

from autograd_core import nn
from autograd_core.nn.losses import Loss
from autograd_core.op import TABLE

MADE = "<!-- made by python docs/make.py; do not edit -->"
FOLDER = "pictures/gallery"


# --- a section -------------------------------------------------------------------------------------------------------


def paragraphs(kind: Any) -> list[str]:
    """The docstring without its examples, a paragraph a line."""
    words = inspect.cleandoc(kind.__doc__).split(">>>")[0].strip()
    return [" ".join(part.split()) for part in words.split("\n\n")]


def prose(words: str) -> str:
    """Words of a docstring, in which code stays code."""
    return "".join(part if part.startswith("`") else plain(part) for part in re.split(r"(`[^`]+`)", words))


def signature(kind: Any) -> str:
    def default(value: Any) -> str:
        if isinstance(value, type):
            return f"np.{value.__name__}" if value.__module__ == "numpy" else value.__name__
        return f"{value:.4g}" if isinstance(value, float) and len(repr(value)) > 6 else repr(value)

    parameters = [p for p in inspect.signature(kind).parameters.values() if p.kind is not p.VAR_KEYWORD]
    given = [p.name if p.default is p.empty else f"{p.name}={default(p.default)}" for p in parameters]
    if any(p.kind is p.KEYWORD_ONLY for p in parameters):
        given.insert(next(i for i, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), "*")
    return f"{kind.__name__}({', '.join(given)})"


def topics(kind: Any) -> str:
    """The rows of topics.md that a docstring names."""
    named = re.findall(r"topics? ((?:[A-D]\d+(?:, | and )?)+)", " ".join(paragraphs(kind)))
    return ", ".join(dict.fromkeys(topic for names in named for topic in re.findall(r"[A-D]\d+", names)))


def source(kind: Any) -> str:
    """The papers that a docstring names: authors and year."""
    words = re.sub(r"[Ss]ources?:|The lectures", "", " ".join(paragraphs(kind)))
    name = r"\b[A-Z][\w’'-]+"
    found = re.findall(rf"({name}(?:, {name})*(?: & {name}| et al\.)?) ((?:19|20)\d\d)\b", words)
    return "; ".join(dict.fromkeys(f"{who} {year}" for who, year in found))


def spelled(kind: Any) -> str | None:
    """The derivative in LaTeX, of what is a function of one number or elementwise."""
    if kind is nn.AlphaDropout:
        return None
    if kind is nn.CrossEntropyLoss:
        return rule_in_letters(TABLE["cross_entropy"], 0)
    if kind in ACTIVATION_KINDS:
        return derivative(lambda: made(kind))
    if not issubclass(kind, Loss) or kind in LOGARITHMS:
        return None
    letter, low, high = input_of(kind)
    if letter != "o" and kind not in NUMBERS:
        return None
    places = tuple(low + (high - low) * share for share in (0.02, 0.3, 0.45, 0.6, 0.98))
    return derivative(lambda: kind(**SETTINGS.get(kind, {}), reduction="none"), letter, places, 1.0)


def section(kind: Any) -> list[str]:
    file = f"{kind.__module__.removeprefix('autograd_core.').replace('.', '/')}.py"
    first, *rest = map(prose, paragraphs(kind))
    lines = [f"### {kind.__name__}", "", f"{code_of(signature(kind))} in [{file}](../{file})", "", first, ""]
    if formula := spelled(kind):
        where, letter = ("the loss", input_of(kind)[0]) if issubclass(kind, Loss) else ("the output $y$", "x")
        known = ", with $p = \\operatorname{softmax}(z)$" if kind is nn.CrossEntropyLoss else ""
        lines += [f"Derivative: where $g$ arrives at {where}, ${letter}$ gets {math_of(formula)}{known}.", ""]
    for part in rest:
        lines += [part, ""]
    lines += [f"PyTorch: {code_of(name) if (name := torch_name(kind)) else 'none'}", ""]
    return [*lines, f"![{kind.__name__}]({FOLDER}/{kind.__name__}.png) <br> {caption(kind)}", ""]


# --- the pages -------------------------------------------------------------------------------------------------------


def page(title: str, lead: str, parts: dict[str, list[Any]]) -> str:
    lines = [MADE, "", f"# {title}", "", lead, ""]
    for head, kinds in parts.items():
        lines += [f"## {head}", "", "| name | topic | source | PyTorch |", "|---|---|---|---|"]
        for kind in kinds:
            name = torch_name(kind)
            cells = [
                f"[{kind.__name__}](#{kind.__name__.lower()})",
                topics(kind),
                source(kind),
                code_of(name) if name else "none",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
        for kind in kinds:
            lines += section(kind)
    return "\n".join(lines).rstrip() + "\n"


SPELLED = (
    "The words are those of the code, and the derivatives are its rules, read with letters as in [the table](rows.md). "
    "The topics are [those of the lectures](topics.md)."
)


def activations_page() -> str:
    lead = (
        "What stands between linear layers, and at the end of a network. "
        + SPELLED
        + " Slopes at kinks [are listed](kinks.md)."
    )
    return page("Activations", lead, {"All activations": ACTIVATION_KINDS})


def losses_page() -> str:
    lead = (
        "How wrong an output is, as one number. " + SPELLED + ' Here they are of one element each, `reduction="none"`.'
    )
    return page("Losses", lead, {"All losses": LOSS_KINDS})


def optimizers_page() -> str:
    lead = "How parameters are changed, and how fast. The words are those of the code. The topics are [those of the lectures](topics.md)."
    parts = {"Optimizers": OPTIMIZER_KINDS, "Around an optimizer": WRAPPER_KINDS, "Schedules": SCHEDULE_KINDS}
    return page("Optimizers and schedules", lead, parts)


PAGES = {"activations.md": activations_page, "losses.md": losses_page, "optimizers.md": optimizers_page}


def missing(docs: Path) -> list[str]:
    """The pictures that are not there, and those that are no one's."""
    drawn = {path.stem for path in (docs / FOLDER).glob("*.png")}
    return [f"{FOLDER}/{name}.png" for name in sorted(drawn ^ {kind.__name__ for kind in KINDS})]


def draw(docs: Path) -> None:
    (docs / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in (docs / FOLDER).glob("*.png"):
        path.unlink()
    for kind in KINDS:
        picture(kind).save(docs / FOLDER / f"{kind.__name__}.png")
