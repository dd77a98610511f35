"""Words shared by the error messages of this folder.

A message that names the nearest valid choice turns a typing mistake into a one-second fix.
"""

from __future__ import annotations

from collections.abc import Iterable


def suggest(word: str, options: Iterable[str]) -> str:
    """Name the option nearest to a mistyped word, or return "" when none is near.

    >>> from autograd_core.datasets.wording import suggest
    >>> suggest("irsi", ["iris", "wine"])
    " Did you mean 'iris'?"
    """
    from difflib import get_close_matches  # late: only an error pays for it

    near = get_close_matches(word, list(options), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
