"""The inside of a layered drawing: who stands above whom in a layer, and how high.

The order is improved by sweeps towards the median of the neighbours (Sugiyama, Tagawa and Toda 1981); the heights are
then the least squares solution that keeps it, found by pooling neighbours in conflict.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from operator import sub
from typing import Any

from .picture import Box, Edge

ROW, PASSING, PORT = 20.0, 5.0, 10.0  # room between boxes, beside an edge that goes past, and between edges at a box
SWEEPS = 24
STILL = 0.2  # of a pixel


class Spot:
    """Something that takes room in a layer: a box, a frame, or the passage of an edge (item None)."""

    def __init__(self, item: Any, layer: int, h: float):
        self.item, self.layer, self.h = item, layer, h
        self.y = 0.0  # of its middle
        self.left: list[tuple[Spot, Edge]] = []  # whence its edges come
        self.right: list[tuple[Spot, Edge]] = []
        self.ports: dict[
            tuple[Any, bool], float
        ] = {}  # where an edge, or line, meets it, from its middle; True: on its right

    def port(self, edge: Edge, right: bool) -> float:
        found = self.ports.get((edge, right))
        return self.ports.get((edge.line, right), 0.0) if found is None else found

    def at(self, edge: Edge, right: bool) -> float:
        return self.y + self.port(edge, right)

    @property
    def room(self) -> float:
        return ROW if self.item is not None else PASSING

    @property
    def minor(self) -> bool:
        """Whether what it is joined with need not stand level with it: a leaf."""
        return isinstance(self.item, Box) and not self.left


def order(layers: list[list[Spot]]) -> None:
    """Sort each layer so that few edges cross; the best of some sweeps to and fro is kept."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS if sum(map(len, layers)) < 600 else 4):
        if not fewest:
            break
        back = bool(sweep % 2)
        for layer in layers:
            _number(layer)
        for layer in layers[::-1] if back else layers:
            wish = {}
            for spot in layer:
                joined = spot.right if back else spot.left
                ranks = sorted(other.y + other.port(edge, not back) / (2 * other.h) for other, edge in joined)
                half = len(ranks) // 2
                wish[spot] = (ranks[half] + ranks[~half]) / 2 if ranks else spot.y
            layer.sort(key=wish.__getitem__)
            _number(layer)
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    for layer, kept in zip(layers, best, strict=True):
        layer[:] = kept


def _number(layer: list[Spot]) -> None:
    for rank, spot in enumerate(layer):
        spot.y = float(rank)


def _crossings(layers: list[list[Spot]]) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    total = 0
    for a, b in pairwise(layers):
        rank = {spot: k for k, spot in enumerate(b)}
        above: list[float] = []
        for spot in a:
            ends = [rank[other] + other.port(edge, False) / (2 * other.h) for other, edge in spot.right]
            total += sum(len(above) - bisect_right(above, end) for end in ends)
            above = sorted(above + ends)
    return total


def heights(layers: list[list[Spot]], set_ports: Any) -> None:
    """Set how high each stands, as near to what it is joined with as order and room allow, and the ports with it."""
    for layer in layers:
        top = 0.0
        for spot in layer:
            spot.y, top = top + spot.h / 2, top + spot.h + spot.room
    spots, before = [spot for layer in layers for spot in layer], [0.0]
    sweep = -1
    while (sweep := sweep + 1) < SWEEPS:
        if sweep % 2 == 0:  # where a pair of sweeps has moved nothing, the next moves nothing either
            now = [spot.y for spot in spots]
            if sweep and max(map(abs, map(sub, now, before)), default=0.0) < STILL:
                if sweep >= SWEEPS // 2:
                    break
                sweep = SWEEPS // 2
            before = now
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            wishes, weights = [], []
            for spot in layer:
                if sweep < 4:  # they follow the order of the neighbours, which stays
                    set_ports(spot)
                sides = [(spot.left, False), (spot.right, True)]
                if sweep < SWEEPS // 2:  # first from the one side and from the other, then from both
                    sides = [sides[sweep % 2]]
                pulls = [
                    (other.at(edge, not right) - spot.port(edge, right), _weight(spot, other))
                    for joined, right in sides
                    for other, edge in joined
                ]
                weights.append(sum(weight for _, weight in pulls) or 0.02)
                wishes.append(sum(y * weight for y, weight in pulls) / weights[-1] if pulls else spot.y)
            _settle(layer, wishes, weights)
    for spot in spots:
        set_ports(spot)


def _weight(spot: Spot, other: Spot) -> float:
    """How much they want to stand level: a long way straight, results rather than leaves."""
    if spot.item is None and other.item is None:
        return 8.0
    return 0.2 if other.minor and not spot.minor else 2.0


def _settle(layer: list[Spot], wishes: list[float], weights: list[float]) -> None:
    offsets = [0.0]
    for a, b in pairwise(layer):
        offsets.append(offsets[-1] + (a.h + b.h) / 2 + max(a.room, b.room))
    pools: list[tuple[float, float, int]] = []  # the sum of the weighted wishes, the weight, of how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        pools.append(((wish - offset) * weight, weight, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (s, w, n), (t, v, m) = pools[-2:]
            pools[-2:] = [(s + t, w + v, n + m)]
    found = [total / weight for total, weight, count in pools for _ in range(count)]
    for spot, base, offset in zip(layer, found, offsets, strict=False):
        spot.y = base + offset
