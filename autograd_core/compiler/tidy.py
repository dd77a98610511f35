"""What makes a program shorter for its readers, and changes neither what it does nor what it costs.

Calls give back the memory that they are given, so one stands inside the next; memory of one shape is made at once; numbers
that are read once are written where they are read.

    dot(x, w, y); add(y, b, y)             ->   add(dot(x, w, y), b, y)
    a = empty(3, float32); b = empty(3, float32)    ->   a, b = empty((2, 3), float32)
    s = dot(a, b); m = s / 32              ->   m = dot(a, b) / 32
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

WIDEST = 88  # characters of a call with others inside
LONGEST = 116  # of a line that makes several things
Lines = list[tuple[str, str]]  # with their notes
WORD = re.compile(r"\w+")
INPUT = re.compile(r"(?<=[(, ])\w+(?=[,)]|$)")
ONE_CALL = re.compile(r"[\w.]+\([^(]*\)")
CALL = re.compile(r"[a-z][\w.]*\(.*?(?:out=)?(\w+)(?:, True)?\)")
NUMBER = re.compile(r"(\w+) = (.*)")
VIEW = re.compile(r"(\w+) = (\w+(?:\.T|\[[^]]*\]))")
KINDS = {  # what may stand on one line
    "constants": re.compile(r"(array|ones|zeros)\("),
    "parts": re.compile(r"\w+\[\d*:\d+\]"),
    "views": re.compile(r"\w+[.[]"),
}
EMPTY = re.compile(r"empty\(\((.*?),?\), (\w+)\)")


def nested(body: Lines, returned: Iterable[str] = ()) -> Lines:
    """Each call inside the next one of the same row, if that reads what it makes. returned: names that are read in the end."""
    found: Lines = []
    for line, note in _without_numbers(body, returned):
        if found and found[-1][1] == note and CALL.fullmatch(line) and not VIEW.fullmatch(found[-1][0]):
            before = found[-1][0]
            made = CALL.fullmatch(before)
            inside = made and made[1] and _put_inside(before, made[1], line)
            if inside and len(inside) <= WIDEST:
                found[-1] = inside, note
                continue
        found.append((line, note))
    return found


def _put_inside(before: str, name: str, line: str) -> str | None:
    """A call with another in place of an input; None if it does not read what that makes."""
    given = line.rpartition(", ")[0]
    where = next((word for word in INPUT.finditer(given) if word[0] == name), None)
    if where is None or "copyto" in line or "copyto" in before:
        return None
    return line[: where.start()] + before + line[where.end() :]


def _without_numbers(body: Lines, returned: Iterable[str]) -> Lines:
    """Numbers that are read once, by the numbers that follow, are written there."""
    found: Lines = []
    words = [WORD.findall(line) for line, _ in body]
    uses = Counter(chain(*words, returned))  # by this line and those that follow
    for own, (line, note) in zip(words, body, strict=True):
        view = VIEW.fullmatch(found[-1][0]) if found else None
        if view and uses[view[1]] == 1:
            line, shorter = _instead(view[1], view[2], line), line
            if line != shorter:
                found.pop()
                own = _read_here(own, view[2], uses)
        made = NUMBER.fullmatch(line)
        while made and found and (before := NUMBER.fullmatch(found[-1][0])) and found[-1][1] == note:
            name, text = before.groups()
            again = WORD.findall(made[2]).count(name)
            if uses[name] != 1 or again != 1 or len(line) + len(text) > WIDEST:
                break
            text = text if ONE_CALL.fullmatch(text) else f"({text})"
            line = f"{made[1]} = {_instead(name, text, made[2])}"
            found.pop()
            own = _read_here(own, text, uses)
            made = NUMBER.fullmatch(line)
        found.append((line, note))
        for word in own:
            uses[word] -= 1
    return found


def _read_here(own: list[str], text: str, uses: Counter[str]) -> list[str]:
    """The words of a line with those of a text that is written into it, which are read by this line now."""
    words = WORD.findall(text)
    uses.update(words)
    return own + words


def _instead(name: str, text: str, line: str) -> str:
    """A line with a text in place of a name."""
    return WORD.sub(lambda word: text if word[0] == name else word[0], line)


def gathered(before: list[str]) -> list[str]:
    """The lines that make constants, memory and views, those of one kind on one line."""
    groups: list[list[tuple[str, str]]] = []
    of_kind: dict[str, list[int]] = {}  # places of groups
    place: dict[str, int] = {}  # of the group that makes a name
    for line in before:
        name, _, text = line.partition(" = ")
        kind = next((kind for kind, form in KINDS.items() if form.match(text)), text)
        widest = LONGEST
        if kind == "parts":
            kind, widest = text.partition("[")[0], WIDEST
        needed = max([place[word] + 1 for word in WORD.findall(text) if word in place], default=0)
        there = of_kind.setdefault(kind, [])
        for i in reversed(there):
            if i >= needed and name.isidentifier() and len(_joined([*groups[i], (name, text)])) <= widest:
                break
        else:
            i = len(groups)
            groups.append([])
            there.append(i)
        groups[i].append((name, text))
        place |= {n.strip(): i for n in name.split(",")}
    return [_joined(lines) for lines in groups]


def imports(module: str, names: list[str]) -> list[str]:
    """The lines that import names."""
    if not names:
        return []
    line, half = f"from {module} import {', '.join(names)}", len(names) // 2
    return [line] if len(line) <= 120 else [*imports(module, names[:half]), *imports(module, names[half:])]


def _joined(lines: list[tuple[str, str]]) -> str:
    names, texts = ", ".join(name for name, _ in lines), [text for _, text in lines]
    memory = EMPTY.fullmatch(texts[0])
    if memory and len(lines) > 1:
        return f"{names} = empty(({len(lines)}, {memory[1]}), {memory[2]})"
    return f"{names} = {', '.join(texts)}"
