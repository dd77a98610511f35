"""A layered drawing: an item stands to the right of all that it is computed from, or, if that is too wide, below.

Each frame is laid out by itself, the innermost first, and is then one large item of the frame around it. An edge that
goes past an item is given a place of its own in that layer, and one that leaves a frame a port in its side: so boxes
and frames never overlap. A label stands where its edge leaves a box; where many leave it, they share one line, and
their labels stand where they arrive. All is written for left to right: downwards, x and y are exchanged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import accumulate, pairwise
from typing import Any

from .ordering import PORT, ROW, Spot, heights, order
from .picture import Box, Edge, Frame, Picture, wide

GAP, MARGIN, TITLE, LABEL, TALL = 38.0, 16.0, 20.0, 11, 320.0
SHARED = 4  # so many edges from one box share a line
CROWD = 12  # of more that arrive at one box, no labels
Point = tuple[float, float]
Way = tuple[
    Any, list[Spot], Any
]  # in a frame: the spot that an edge comes from, those it goes past, the one it goes to


def place(picture: Picture) -> None:
    """Give every box, frame and edge of a picture its place."""
    Layout(picture).run()


class Layout:
    """One drawing in the making."""

    def __init__(self, picture: Picture):
        self.picture, self.down = picture, picture.down
        leaving = Counter(edge.source for edge in picture.edges)
        arriving = Counter(edge.target for edge in picture.edges)
        for edge in picture.edges:
            shares = leaving[edge.source] >= SHARED
            edge.line = edge.source if shares else edge
            if shares and arriving[edge.target] > CROWD:
                edge.label = edge.full = ""

    def run(self) -> None:
        picture = self.picture
        self._turn(picture.boxes)
        around: dict[Any, list[Frame]] = {}  # of a box or frame: the frames that it is in, outermost first
        frames, waiting = [], [(picture.frame, [picture.frame])]
        while waiting:
            frame, chain = waiting.pop()
            frames.append(frame)
            around |= dict.fromkeys(frame.items, chain)
            waiting += [(item, [*chain, item]) for item in frame.items if isinstance(item, Frame)]
        uses: dict[Any, list[tuple[Any, Any, Edge]]] = defaultdict(list)  # in a frame: from which item to which
        routes = {}
        for edge in picture.edges:
            a: list[Any] = [*around[edge.source], edge.source]
            b: list[Any] = [*around[edge.target], edge.target]
            k = next(k for k, (s, t) in enumerate(zip(a, b, strict=False)) if s is not t)
            uses[a[k - 1]].append((a[k], b[k], edge))
            for outer, item in pairwise(a[k:]):
                uses[outer].append((item, None, edge))
            for outer, item in pairwise(b[k:]):
                uses[outer].append((None, item, edge))
            routes[edge] = [*a[k:-1][::-1], a[k - 1], *b[k:-1]]
        parts: dict[Any, dict[Edge, list[Point]]] = {}
        self.ports: dict[Any, dict[tuple[Any, bool], float]] = {}
        for frame in reversed(frames):
            parts[frame] = self._arrange(frame, uses[frame])
        for frame in frames:  # from the outside, so that each knows where it stands
            for item in frame.items:
                item.x, item.y = item.x + frame.x, item.y + frame.y
        for edge, route in routes.items():
            self._draw(edge, [(x + frame.x, y + frame.y) for frame in route for x, y in parts[frame][edge]])
        self._turn([*picture.boxes, *frames])

    def _turn(self, things: list[Any]) -> None:
        if self.down:
            for thing in things:
                thing.x, thing.y, thing.w, thing.h = thing.y, thing.x, thing.h, thing.w

    def _room(self, edge: Edge) -> tuple[float, float]:
        """The room that a label takes along its edge and across."""
        if not edge.full:
            return 0.0, PORT
        along, across = wide(edge.full, LABEL) + 8, 16.0
        return (across, along + 6) if self.down else (along, across)

    # --- one frame ---------------------------------------------------------------------------------------------

    def _arrange(self, frame: Frame, uses: list[tuple[Any, Any, Edge]]) -> dict[Edge, list[Point]]:
        """Place what is right inside a frame; gives the ways of the edges through it."""
        spots = {item: Spot(item, 0, item.h) for item in frame.items}
        into: dict[Any, list[Any]] = defaultdict(list)
        outof: dict[Any, list[Any]] = defaultdict(list)
        for source, target, _ in uses:
            if source is not None and target is not None:
                into[target].append(source)
                outof[source].append(target)
        for item in frame.items:
            spots[item].layer = 1 + max((spots[x].layer for x in into[item]), default=0)
            spots[item].ports = dict(self.ports.get(item, {}))
        for item in reversed(frame.items):  # what comes from nowhere stands right beside what uses it
            if outof[item] and not into[item]:
                spots[item].layer = min(spots[user].layer for user in outof[item]) - 1
        last = max((spot.layer for spot in spots.values()), default=0) + 1
        layers: list[list[Spot]] = [[] for _ in range(last + 1)]  # the first and the last are the frame's sides
        passing: dict[Any, Spot] = {}
        ways: dict[Edge, Way] = {}
        for source, target, edge in uses:
            begin = spots[source].layer + 1 if source is not None else 0
            end = spots[target].layer if target is not None else last + 1
            past = [passing.setdefault((edge.line, k), Spot(None, k, 2.0)) for k in range(begin, end)]
            ways[edge] = spots.get(source), past, spots.get(target)
            way = [spot for spot in (spots.get(source), *past, spots.get(target)) if spot is not None]
            for a, b in pairwise(way):
                if b.item is not None or a not in [other for other, _ in b.left]:
                    a.right.append((b, edge))
                    b.left.append((a, edge))
        for spot in self._begin(spots, outof, list(passing.values())):
            layers[spot.layer].append(spot)
            if isinstance(spot.item, Box):
                need = max(self._offsets(ports)[1] for ports in self._ports(spot))
                spot.item.h = spot.h = max(spot.h, min(need, TALL))
        order(layers)
        heights(layers, self._set_ports)
        return self._measure(frame, layers, ways)

    def _begin(self, spots: dict[Any, Spot], outof: dict[Any, list[Any]], passing: list[Spot]) -> list[Spot]:
        """The order to begin with: a result's leaves on both sides of it, so that the long ways go straight through."""
        first: list[Spot] = []
        middle: list[Spot] = []
        after: list[Spot] = []
        users = Counter(outof[item][0] for item, spot in spots.items() if spot.minor and outof[item])
        met: Counter[Any] = Counter()
        for item, spot in spots.items():
            if not spot.minor or not outof[item]:
                middle.append(spot)
                continue
            user = outof[item][0]
            met[user] += 1
            (first if 2 * met[user] <= users[user] else after).append(spot)
        return [*first, *middle, *passing, *after]

    def _ports(self, spot: Spot) -> list[list[tuple[Any, float]]]:
        """What meets a box on its left and right, in the order in which the other ends stand, and the room that each needs."""
        left = sorted(spot.left, key=lambda pair: pair[0].at(pair[1], True))
        right = sorted(spot.right, key=lambda pair: pair[0].at(pair[1], False))
        arriving = [(edge, self._room(edge)[1] if edge.line is not edge else PORT) for _, edge in left]
        leaving = {edge.line: self._room(edge)[1] if edge.line is edge else PORT for _, edge in right}
        return [arriving, list(leaving.items())]

    def _offsets(self, ports: list[tuple[Any, float]]) -> tuple[list[float], float]:
        """How far from the middle each port of a side lies, and how long the side should be for it."""
        if not ports:
            return [], 0.0
        starts = [0.0, *accumulate(room for _, room in ports)]
        if not self.down:  # a label stands on its edge
            return [(a + b - starts[-1]) / 2 for a, b in pairwise(starts)], starts[-1] + 6
        offsets = [a - starts[-2] / 2 for a in starts[:-1]]  # or to the right of it
        return offsets, 2 * (offsets[-1] + ports[-1][1]) - ROW / 2

    def _set_ports(self, spot: Spot) -> None:
        if isinstance(spot.item, Box):
            for ports, right in zip(self._ports(spot), (False, True), strict=True):
                offsets, need = self._offsets(ports)
                scale = min(1.0, spot.h / max(need, 1.0))
                spot.ports.update({(line, right): scale * at for (line, _), at in zip(ports, offsets, strict=True)})

    def _measure(self, frame: Frame, layers: list[list[Spot]], ways: dict[Edge, Way]) -> dict[Edge, list[Point]]:
        """Turn layers into places: where each begins, and the way of each edge."""
        items = [spot for layer in layers for spot in layer if spot.item is not None]
        spots = [spot for layer in layers for spot in layer]
        ahead, above = (TITLE, 0.0) if self.down else (0.0, TITLE)
        ahead, above = (ahead, above) if frame.fold else (0.0, 0.0)
        shift = MARGIN + above - min((s.y - s.h / 2 for s in spots), default=0.0)
        lefts, rights, x = [], [], 0.0
        for k, layer in enumerate(layers):
            width = max((spot.item.w for spot in layer if spot.item is not None), default=0.0)
            lefts.append(x)
            rights.append(x + width)
            leaving = [self._room(e)[0] for s in layer if isinstance(s.item, Box) for _, e in s.right if e.line is e]
            after = layers[k + 1] if k + 1 < len(layers) else []
            arriving = [
                self._room(e)[0] for s in after if isinstance(s.item, Box) for _, e in s.left if e.line is not e
            ]
            steep = min(1.5 * max(len(layer), len(after)), 60.0)
            x += width + max(leaving, default=0.0) + max(arriving, default=0.0)
            x += MARGIN + ahead * (k == 0) if k in (0, len(layers) - 2) else GAP + steep
        title = wide(frame.label, 12) + 2 * MARGIN if frame.fold else 0.0
        frame.w = rights[-1] = rights[-1] if self.down else max(rights[-1], title)
        frame.h = max((s.y + s.h / 2 for s in spots), default=0.0) + shift + MARGIN
        frame.h = max(frame.h, title) if self.down else frame.h
        for spot in items:
            spot.item.x = (lefts[spot.layer] + rights[spot.layer] - spot.item.w) / 2
            spot.item.y = spot.y - spot.h / 2 + shift
        parts, ports = {}, self.ports.setdefault(frame, {})
        for edge, (source, past, target) in ways.items():
            points: list[Point] = []
            if source is not None:
                points.append((source.item.x + source.item.w, source.at(edge, True) + shift))
            for spot in past:
                points += [(lefts[spot.layer], spot.y + shift), (rights[spot.layer], spot.y + shift)]
            if target is not None:
                points.append((target.item.x, target.at(edge, False) + shift))
            parts[edge] = points
            if source is None:
                ports[edge.line, False] = points[0][1] - frame.h / 2
            if target is None:
                ports[edge.line, True] = points[-1][1] - frame.h / 2
        return parts

    # --- edges -------------------------------------------------------------------------------------------------

    def _draw(self, edge: Edge, points: list[Point]) -> None:
        """A curve through the points, level where it begins and ends; its label lies on its first or last piece."""
        (x, y), (end, last) = points[0], points[-1]
        label, _ = self._room(edge)
        own = edge.line is edge
        begin = [(x + label, y)] if label and own else []
        way = [
            (x, y),
            *begin,
            *points[1:-1],
            *([(end - label - 10, last)] if label and not own else []),
            (end - 1, last),
        ]
        path = [f"M{self._xy(x, y)}"]
        for (x1, y1), (x2, y2) in pairwise(way):
            if abs(y1 - y2) < 0.5:
                if x2 - x1 > 0.05:
                    path.append(f"L{self._xy(x2, y2)}")
            else:
                m = (x1 + x2) / 2
                path.append(f"C{self._xy(m, y1)} {self._xy(m, y2)} {self._xy(x2, y2)}")
        edge.path, edge.tip = " ".join(path), arrow(self._pair(end - 9, last), self._pair(end, last))
        if self.down:
            edge.anchor, edge.x, edge.y = "start", y + 4 if own else last + 4, x + 13 if own else end - 12
        else:
            edge.anchor, edge.x, edge.y = ("start", x + 5, y - 4) if own else ("end", end - 11, last - 4)

    def _pair(self, x: float, y: float) -> Point:
        return (y, x) if self.down else (x, y)

    def _xy(self, x: float, y: float) -> str:
        return "{:.1f},{:.1f}".format(*self._pair(x, y))


def arrow(base: Point, tip: Point) -> str:
    """An arrowhead from base to tip, as path data."""
    (x, y), (u, v) = base, tip
    dx, dy = u - x, v - y
    corners = [(x - 0.45 * dy, y + 0.45 * dx), (x + 0.2 * dx, y + 0.2 * dy), (x + 0.45 * dy, y - 0.45 * dx)]
    return " ".join([f"M{u:.1f},{v:.1f}", *(f"L{a:.1f},{b:.1f}" for a, b in corners), "Z"])
