"""Words, code and formulas as Markdown wants them, for the pages that are made from the code."""

from __future__ import annotations

import re


def code_of(text: str) -> str:
    return f"`{text}`".replace("|", r"\|")


def math_of(latex: str) -> str:
    """A formula between dollars, free of what Markdown would take for its own, its outer fractions in full size."""
    latex = re.sub(r"\\operatorname\{(\w+)\}", lambda m: m[0].replace("_", r"\thinspace "), latex)
    latex = re.sub(r"(\w|\}) (?=\\mathit)", r"\1 \\thinspace ", latex)  # a product of words
    for sign, name in {r"\|": r"\Vert ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt ", "*": r"\ast "}.items():
        latex = latex.replace(sign, name)
    latex = re.sub(r"_(?=\{)|(?<=[)}\]])_", " _ ", latex)  # )_{a} … )_{b} would be emphasis
    pieces = latex.split(r"\frac")
    for k in range(1, len(pieces)):
        before = "".join(pieces[:k])
        pieces[k] = (r"\dfrac" if before.count("{") == before.count("}") else r"\frac") + pieces[k]
    return f"${''.join(pieces)}$"


def plain(words: str) -> str:
    """Words with nothing in them that Markdown would read as a sign."""
    return re.sub(r"([\\|*_<>`$])", r"\\\1", words)
