"""Docstrings are plain text with examples; here they become reStructuredText when the site is built.

Words stay words, whatever signs stand among them; `code` is code, and a link where it names something that is
documented; what is indented after a paragraph is a piece of code; what stands under "Args:" or "Raises:" is a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_SECTION = re.compile(r"(Args|Returns|Raises):$")
_ITEM = re.compile(r"( +)([\w, ]+): ")
_CODE = re.compile(r"(``[^`]+``|`[^`]+`|\\\(.*?\\\))", re.DOTALL)
_NAME = re.compile(r"[A-Za-z][\w.]*(\(\))?$")


def blocks(lines: list[str]) -> Iterator[list[str]]:
    """The paragraphs; an example begins one wherever it stands, and so does an item of a list."""
    block: list[str] = []
    for line in lines:
        in_example = bool(block) and block[0].lstrip().startswith(">>>")
        begins = line.lstrip().startswith((">>>", "- ")) and not in_example
        if (not line.strip() or begins) and block:
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def words(text: str) -> str:
    """A paragraph: its code as code, and nothing else in it that reStructuredText would read as a sign."""
    parts = _CODE.split(text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([\\*|`]|_(?!\w)|(?<=file):)", r"\\\1", part)
            continue
        code = " ".join(part.strip("`").split())
        if part.startswith("\\("):
            said = f":math:`{part[2:-2]}`"
        elif _NAME.match(code) and not part.startswith("``"):
            said = f":py:obj:`{code}`"
        else:
            said = f"``{code}``"
        before, after = parts[i - 1][-1:], parts[i + 1][:1]
        parts[i] = "\\ " * before.isalnum() + said + "\\ " * after.isalnum()
    return "".join(parts)


def section(block: list[str]) -> list[str]:
    """What stands under a heading, as a list of its names; words without names as a paragraph."""
    made = [f":{block[0].strip(':')}:"]
    depth = min(len(line) - len(line.lstrip()) for line in block[1:])
    for line in block[1:]:
        item = _ITEM.match(line)
        if item and len(item[1]) == depth:
            names = ", ".join(f"`{name}`" for name in item[2].split(", "))
            line = f"    - {names}: {line[item.end() :]}"
        else:
            line = f"      {line.lstrip()}" if made[1:] and made[1].startswith("    - ") else f"    {line.lstrip()}"
        made.append(line)
    return words("\n".join(made)).split("\n")


def restructured(lines: list[str]) -> list[str]:
    """A docstring's lines as reStructuredText.

    >>> restructured(["`f(x)` is |x|:", "", "    f(2)", ">>> f(1)", "1"])
    ['``f(x)`` is \\\\|x\\\\|:', '', '::', '', '    f(2)', '', '>>> f(1)', '1', '']
    """
    made: list[str] = []
    for block in blocks(lines):
        text = "\n".join(block)
        if block[0].lstrip().startswith(">>>"):
            made += [*block, ""]
        elif _SECTION.match(block[0]) and block[1:]:
            made += [*section(block), ""]
        elif block[0].startswith(" "):
            made += ["::", "", *block, ""]
        else:
            made += [*words(text).split("\n"), ""]
    return made


def setup(app: Any) -> None:
    def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        lines[:] = restructured(lines)

    app.connect("autodoc-process-docstring", process)
