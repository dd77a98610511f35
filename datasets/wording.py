"""Words shared by the error messages of this folder.

A message that names the nearest valid choice turns a typing mistake into a one-second fix. Cells come from strangers'
files, so a message shows a long one only in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 60
SHOWN = 12


def suggest(word: str, options: Iterable[str]) -> str:
    """Name the option nearest to a mistyped word, or return "" when none is near.

    >>> from autograd_core.datasets.wording import suggest
    >>> suggest("irsi", ["iris", "wine"])
    " Did you mean 'iris'?"
    """
    from difflib import get_close_matches  # late: only an error pays for it

    near = get_close_matches(word[:LONGEST], [option for option in options if len(option) <= LONGEST], n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def quoted(text: str) -> str:
    """A cell as a message shows it: in quotes, on one line, and not longer than a line.

    >>> from autograd_core.datasets.wording import quoted
    >>> quoted("red"), len(quoted("x" * 1000))
    ("'red'", 65)
    """
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r}..."


def listed(names: Sequence[str], shown: int = SHOWN) -> str:
    """Names with commas between them, the first few of many.

    >>> from autograd_core.datasets.wording import listed
    >>> listed(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(quoted(name)[1:-1] if len(name) <= LONGEST else quoted(name) for name in names[:shown]) + more


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> from autograd_core.datasets.wording import count
    >>> count(1, "row"), count(3, "class", "classes")
    ('1 row', '3 classes')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
