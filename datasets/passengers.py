"""A table such as one meets: passengers of a ship, with numbers, words, gaps, and columns that are of no use.

Nobody in it ever lived; the proportions are roughly those of the Titanic's list, which every course uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = {
    "woman": ["Ada", "Clara", "Edith", "Ida", "Lily", "Olga"],
    "man": ["Carl", "Emil", "Hugo", "Ivan", "Leo", "Paul"],
}
LAST = ["Adler", "Berg", "Costa", "Dahl", "Evans", "Fischer", "Grant", "Holm", "Jensen", "Moore", "Novak", "Rossi"]


def make_passengers(n: int = 891, rng: Any = 0, *, missing: float = 1.0) -> Table:
    """A Titanic-like Table to predict ``survived`` (yes 36 %, in 1.5 % of the rows unknown) from eleven other columns.

    Among them are classes, numbers, dates, an ``age`` missing in 20 % and a ``deck`` missing in 75 % of the rows, a
    number of the row, names, and a constant. ``missing`` scales the shares of what is missing. ValueError for n < 1 or
    missing outside [0, 1].

    >>> from autograd_core import datasets
    >>> table = datasets.make_passengers(n=100)
    >>> table.names
    ('id', 'class', 'name', 'sex', 'age', 'family', 'fare', 'deck', 'port', 'booked', 'ship', 'survived')
    >>> table.rows[0] == datasets.make_passengers(n=100, rng=0).rows[0]
    True
    """
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n must be an integer of at least 1, got {n!r}")
    if not 0 <= missing <= 1:
        raise ValueError(f"missing is a factor between 0 and 1, got {missing!r}")
    draw = np.random.default_rng(rng)
    rank = draw.choice([1, 2, 3], n, p=[0.24, 0.21, 0.55])
    woman = draw.random(n) < 0.35
    age = np.clip(draw.gamma(5, 6, n) + 4 * (3 - rank), 0.5, 80).round()
    family = draw.poisson(0.9, n)
    fare = np.exp(draw.normal(4.7 - 0.9 * rank + 0.15 * family, 0.5)).round(2)
    likely = 0.9 + 2.5 * woman - 1.0 * rank - 0.03 * (age - 30) + 1.2 * (age < 12) - 0.15 * family
    survived = draw.random(n) < 1 / (1 + np.exp(-likely))
    sex = np.where(woman, "woman", "man")
    names = [
        f"{draw.choice(LAST)}, {draw.choice(FIRST[s])} {chr(65 + draw.integers(26))}. {draw.integers(1000)}"
        for s in sex.tolist()
    ]
    deck = np.where(rank == 1, draw.choice(list("ABCD"), n), draw.choice(list("EFG"), n))
    days = (np.datetime64("1912-04-10") - draw.integers(1, 200, n).astype("timedelta64[D]")).astype(str)
    port = draw.choice(["Cherbourg", "Queenstown", "Southampton"], n, p=[0.19, 0.09, 0.72])

    def gaps(cells: NDArray[Any], share: float) -> list[str]:
        return np.where(draw.random(n) < share * missing, "", cells.astype(str)).tolist()

    columns = {
        "id": np.arange(1, n + 1).astype(str).tolist(),
        "class": rank.astype(str).tolist(),
        "name": names,
        "sex": sex.tolist(),
        "age": gaps(age, 0.2),
        "family": family.astype(str).tolist(),
        "fare": gaps(fare, 0.01),
        "deck": gaps(deck, 0.75),
        "port": gaps(port, 0.005),
        "booked": days.tolist(),
        "ship": ["Gigantic"] * n,
        "survived": gaps(np.where(survived, "yes", "no"), 0.015),
    }
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Table("passengers", tuple(columns), list(range(len(rows))), rows, unit="row")
