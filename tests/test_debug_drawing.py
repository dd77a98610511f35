"""Drawings: every node stands in one box, nothing overlaps, large graphs fold, and what is asked for opens."""

import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from autograd_core import Tensor, debug, nn
from autograd_core.debug import drawing
from autograd_core.debug.drawing import folded, folds, inside, layout

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def example():
    w1, w2 = leaf(2.0, "w1"), leaf(3.0, "w2")
    return w1**3 * w2 + 3 * w1


def network(*sizes):
    x = np.random.default_rng(0).normal(size=(4, sizes[0])).astype(np.float32)
    model = nn.MLP(list(sizes), activation="tanh", rng=0)
    return nn.CrossEntropyLoss()(model(x), np.arange(4) % 2)


def recorded(*sizes):
    with debug.record():
        return network(*sizes)


def recurrent(times):
    rng = np.random.default_rng(0)
    W, U, h = leaf(rng.normal(size=(4, 4)), "W"), leaf(rng.normal(size=(3, 4)), "U"), np.zeros(4)
    for _ in range(times):
        h = np.tanh(h @ W + rng.normal(size=3) @ U)
    return (h * h).sum()


def tangle(count):
    """Rows of many kinds on what was computed last: nothing repeats."""
    rng = np.random.default_rng(1)
    nodes = [leaf(x) for x in rng.normal(size=5)]
    for _ in range(count):
        a, b = (nodes[i] for i in rng.integers(max(0, len(nodes) - 12), len(nodes), size=2))
        nodes.append(
            [
                lambda a, b: np.sin(a) * b,
                lambda a, b: np.tanh(a + b),
                lambda a, b: np.sin(a),
                lambda a, b: np.cos(a - 2 * b),
            ][rng.integers(4)](a, b)
        )
    return sum(nodes[-12:], Tensor(0.0))


def sampled(samples):
    """A scalar network on many samples: leaves that all use, and a long pattern."""
    w = [leaf(0.1 * i, f"w{i}") for i in range(60)]
    total = Tensor(0.0)
    for k in range(samples):
        y = sum((u * float(k) for u in w), w[0])
        total = total + (np.tanh(y) - 1.0) ** 2
    return total


GRAPHS = {
    "example": example,
    "a square": lambda: (lambda x: x * x)(leaf(3.0, "x")),
    "a leaf": lambda: leaf(3.0, "x"),
    "network": lambda: network(3, 5, 2),
    "recorded network": lambda: recorded(3, 5, 2),
    "100 layers": lambda: network(*[8] * 100, 2),
    "100 recorded layers": lambda: recorded(*[8] * 100, 2),
    "recurrent": lambda: recurrent(4),
    "long recurrent": lambda: recurrent(60),
    "tangle": lambda: tangle(40),
    "large tangle": lambda: tangle(500),
    "samples": lambda: sampled(30),
}


@pytest.fixture(params=["layered", "graphviz"])
def engine(request):
    if request.param == "graphviz":
        pytest.importorskip("pygraphviz")
    return request.param


def session_of(name):
    session = debug.Session(GRAPHS[name]())
    session.goto(len(session))
    return session


def overlap(a, b, within=0.5):
    return (
        a.x + within < b.x + b.w and b.x + within < a.x + a.w and a.y + within < b.y + b.h and b.y + within < a.y + a.h
    )


def contains(outer, inner):
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.w <= outer.x + outer.w
        and inner.y + inner.h <= outer.y + outer.h
    )


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("fold", ["auto", "all"])
def test_every_node_stands_in_one_box_and_nothing_overlaps(name, fold, engine):
    session = session_of(name)
    picture = folded(session, fold=fold, engine=engine)
    assert sorted(session.names[n] for box in picture.boxes for n in box.nodes) == sorted(session.names.values())
    assert all(picture.box_of[n] is box for box in picture.boxes for n in box.nodes)
    assert len(picture.boxes) <= 60
    for a, b in itertools.combinations(picture.boxes, 2):
        assert not overlap(a, b), (a.id, b.id)
    for a, b in itertools.combinations(picture.frames, 2):
        assert not overlap(a, b) or contains(a, b) or contains(b, a), (a.id, b.id)
    for frame, box in itertools.product(picture.frames, picture.boxes):
        assert contains(frame, box) if set(box.nodes) <= set(frame.fold.nodes) else not overlap(frame, box)
    assert all(contains(picture.frame, thing) for thing in [*picture.boxes, *picture.frames])


@pytest.mark.parametrize("name", GRAPHS)
def test_every_edge_between_boxes_is_drawn_once(name):
    session = session_of(name)
    picture = folded(session)
    drawn = [member for edge in picture.edges for member in edge.members]
    wanted = [
        (node, i)
        for node in session.nodes
        for i, x in enumerate(node.inputs)
        if isinstance(x, Tensor) and x.requires_grad and picture.box_of[x] is not picture.box_of[node]
    ]
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) == set(wanted)
    for edge in picture.edges:
        assert all(
            picture.box_of[n] is edge.target and picture.box_of[n.inputs[i]] is edge.source for n, i in edge.members
        )


@pytest.mark.parametrize("name", GRAPHS)
def test_labels_stand_free(name):
    picture = folded(session_of(name), engine="layered")

    class Label:
        def __init__(self, edge):
            self.w, self.h = 6.2 * len(edge.label), 9.0
            self.x, self.y = edge.x - (self.w if edge.anchor == "end" else 0), edge.y - 9

    labels = [Label(edge) for edge in picture.edges if edge.label]
    for a, b in itertools.combinations(labels, 2):
        assert not overlap(a, b)
    for label, box in itertools.product(labels, picture.boxes):
        assert not overlap(label, box, 1.5)


@pytest.mark.parametrize("name", GRAPHS)
def test_folds_are_a_hierarchy_of_stretches(name):
    """What is inside a fold is shared out among its children, and no path leaves a fold and comes back."""
    root = folds(session_of(name))
    waiting, ids = [root], set()
    while waiting:
        fold = waiting.pop()
        assert fold.id not in ids
        ids.add(fold.id)
        inner = [n for child in fold.children for n in (child.nodes if isinstance(child, drawing.Fold) else [child])]
        assert len(set(inner)) == len(inner)
        assert set(inner) == set(fold.nodes)
        assert len(fold.children) <= 48
        after = set()  # what is computed from the fold, outside of it
        for node in root.graph.ops:
            fed = {x for x in node.inputs if isinstance(x, Tensor)}
            if node in set(fold.nodes):
                assert not fed & after
            elif fed & after or any(x in set(fold.nodes) and x.op is not None for x in fed):
                after.add(node)
        waiting += list(fold.folds)[:3]  # of those that look alike, some


def counts(picture):
    return [box.fold.label for box in picture.boxes if box.fold]


def test_a_hundred_layers_fold_to_ten_portions():
    for name in ("100 layers", "100 recorded layers"):
        assert counts(folded(session_of(name))) == ["10 × (linear → tanh)"] * 9 + ["9 × (linear → tanh)"]
    assert counts(folded(session_of("100 layers"), fold="all")) == ["99 × (linear → tanh)"]


def test_long_patterns_and_leaves_that_all_use_are_found():
    labels = counts(folded(session_of("samples"), fold="all"))
    assert labels[0] == "60 leaves"
    assert any(label.startswith("29 × (") or label.startswith("30 × (") for label in labels), labels


def test_modules_are_framed_and_unfold_by_their_path():
    session = session_of("recorded network")
    picture = folded(session)
    modules = sorted({session.module(n) for n in session.nodes if n.op is not None and n.op.name == "linear"})
    assert sorted(frame.label for frame in picture.frames) == modules
    shut = folded(session, fold="all")
    assert [box.fold.label for box in shut.boxes if box.fold] == modules
    one = folded(session, fold="all", unfold=[modules[1]])
    assert [frame.label for frame in one.frames] == modules[1:]
    assert counts(one) == modules[:1]


def test_what_is_asked_for_opens_in_a_large_graph():
    session = session_of("100 recorded layers")
    layer = [node for node in session.nodes if node.op is not None][101]
    for what in (session.names[layer], layer, session.module(layer)):
        picture = folded(session, unfold=[what])
        assert picture.box_of[layer].fold is None
        assert len(picture.boxes) < 60
    plain = session_of("long recurrent")
    name = next(box.fold.name for box in folded(plain).boxes if box.fold)
    assert name not in [box.fold.name for box in folded(plain, unfold=name).boxes if box.fold]
    assert not counts(folded(plain, fold="none"))
    with pytest.raises(KeyError, match=r"no module or node of this graph is called 'layer\.7'"):
        folded(session, unfold=["layer.7"])


def test_the_inside_of_a_fold_shows_its_neighbours():
    session = session_of("long recurrent")
    root = folds(session)
    fold = next(next(root.folds).folds)
    picture = inside(root, fold)
    assert [n for box in picture.boxes if box.kind != "outside" for n in box.nodes] == [
        n for child in fold.children for n in (child.nodes if isinstance(child, drawing.Fold) else [child])
    ]
    beside = [box for box in picture.boxes if box.kind == "outside"]
    assert {session.names[n] for box in beside for n in box.nodes} >= {"W", "U"}
    for a, b in itertools.combinations(picture.boxes, 2):
        assert not overlap(a, b)
    assert all(
        "outside" not in (edge.source.kind, edge.target.kind) or edge.source.kind != edge.target.kind
        for edge in picture.edges
    )


def test_the_example_says_what_the_textbook_says(engine):
    svg = ET.fromstring(debug.draw(example(), engine=engine))
    boxes = [[t.text for t in g.iter(f"{SVG}text")] for g in svg.iter(f"{SVG}g") if "box" in g.get("class").split()]
    assert sorted(boxes) == [
        ["a = w1³", "8", "∂ 3"], ["b = a·w2", "24", "∂ 1"], ["c = 3·w1", "6", "∂ 1"],
        ["g = b + c", "30", "∂ 1"], ["w1", "2", "∂ 39"], ["w2", "3", "∂ 8"],
    ]  # fmt: skip
    edges = {
        (g.get("data-source"), g.get("data-target")): g.find(f"{SVG}text").text
        for g in svg.iter(f"{SVG}g")
        if "edge" in g.get("class").split()
    }
    assert edges == {
        ("n:w1", "n:a"): "36", ("n:w1", "n:c"): "3", ("n:w2", "n:b"): "8", ("n:a", "n:b"): "3", ("n:b", "n:g"): "1", ("n:c", "n:g"): "1",
    }  # fmt: skip
    bare = debug.draw(example(), values=False, gradients=False, engine=engine)
    assert ">a = w1³<" in bare
    assert ">24<" not in bare
    assert ">36<" not in bare


def test_a_session_is_drawn_as_it_stands():
    session = debug.Session(example())
    final = folded(session, engine="layered")
    session.goto(7)  # forward, the seed, and the edges of g
    svg = ET.fromstring(debug.draw(session, engine="layered"))
    texts = {t.text for t in svg.iter(f"{SVG}text")}
    assert "30" in texts
    assert "∂ 39" not in texts
    assert [g.get("data-source") for g in svg.iter(f"{SVG}g") if "current" in g.get("class").split()] == ["n:c"]
    now = folded(session, engine="layered")
    assert [(b.id, b.x, b.y, b.w, b.h) for b in final.boxes] == [(b.id, b.x, b.y, b.w, b.h) for b in now.boxes]
    session.goto(0)
    start = ET.fromstring(debug.draw(session, engine="layered"))
    assert sum("future" in g.get("class").split() for g in start.iter(f"{SVG}g") if "box" in g.get("class")) == 4


def test_it_can_be_read_without_being_seen_and_in_the_dark():
    drawn = debug.draw(example())
    svg = ET.fromstring(drawn)
    assert svg.get("role") == "img"
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert svg.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert title.text == "Computational graph of g"
    for said in ("4 operations on 2 leaves", "b = a·w2 = 24; gradient 1", "w1 = 2; gradient 39"):
        assert said in desc.text
    style = svg.find(f"{SVG}style").text
    assert "@media (prefers-color-scheme:dark)" in style
    assert all(
        rule.lstrip().startswith((".autograd-graph", "@media", "}")) for rule in style.splitlines() if rule.strip()
    )
    assert drawn._repr_svg_() == str(drawn)


HOSTILE = [
    '<script>alert("1")</script>',
    "a & b",
    'quo"te\\n\\N',
    "&lt;",
    "]]>",
    "{x|y}",
    "line\nbreak\x00",
    "名前",
    "a…b",
    "#",
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_names(name, tmp_path, engine):
    loss = leaf(2.0, name) * leaf(3.0, "w")
    svg = debug.draw(loss, engine=engine)
    assert "<script>" not in svg
    texts = [t.text for t in ET.fromstring(svg).iter(f"{SVG}text")]
    assert drawing.picture.clean(name) in [t or "" for t in texts] or len(name) > 30 or not name
    graphviz = pytest.importorskip("pygraphviz")
    debug.draw(loss, tmp_path / "graph.dot", engine=engine)
    graph = graphviz.AGraph(string=(tmp_path / "graph.dot").read_text(encoding="utf-8"))
    assert (len(graph.nodes()), len(graph.edges())) == (3, 2)


@pytest.mark.parametrize("name", ["example", "recorded network", "100 recorded layers", "long recurrent"])
def test_dot_files_say_the_same(name, tmp_path):
    graphviz = pytest.importorskip("pygraphviz")
    session = session_of(name)
    debug.draw(session, tmp_path / "graph.gv")
    graph = graphviz.AGraph(string=(tmp_path / "graph.gv").read_text(encoding="utf-8"))
    picture = folded(session)
    assert len(graph.nodes()) == len(picture.boxes)
    assert len(graph.edges()) == len(picture.edges)
    assert len(graph.subgraphs()) == len([frame for frame in picture.frame.items if frame in picture.frames])


def test_files(tmp_path):
    pytest.importorskip("pygraphviz")
    drawn = debug.draw(example(), tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == drawn + "\n"
    debug.draw(example(), tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(ValueError, match=r"knows .svg, .dot, .gv, .png and .pdf"):
        debug.draw(example(), tmp_path / "graph.jpeg")
    for wrong in ({"fold": "some"}, {"engine": "neato"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            debug.draw(example(), **wrong)


def test_without_graphviz_there_is_a_drawing_and_an_error_that_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    g = example()
    assert debug.draw(g) == debug.draw(g, engine="layered")
    debug.draw(g, tmp_path / "graph.dot")
    for way in ({"path": tmp_path / "graph.png"}, {"engine": "graphviz"}):
        with pytest.raises(ImportError, match=r"autograd-core\[viz\]"):
            debug.draw(g, **way)
    assert not (tmp_path / "graph.png").exists()


@pytest.mark.parametrize("name", GRAPHS)
def test_the_same_graph_gives_the_same_drawing(name):
    loss = GRAPHS[name]()
    assert debug.draw(loss, engine="layered") == debug.draw(loss, engine="layered")
    ids = re.findall(r' id="(\w+)"', debug.draw(loss) + debug.draw(example() * 2))
    assert len(set(ids)) == len(ids) == 4


def test_a_picture_as_plain_data():
    import json

    picture = folded(session_of("long recurrent"))
    data = json.loads(json.dumps(picture.json()))
    assert [box["id"] for box in data["boxes"]] == [box.id for box in picture.boxes]
    assert all(edge["members"] for edge in data["edges"])


def test_what_is_wide_is_drawn_downwards():
    assert folded(session_of("100 layers"), engine="layered").width < layout.WIDE
    picture = folded(session_of("example"), engine="layered")
    (w1, g) = (next(b for b in picture.boxes if b.id == name) for name in ("n:w1", "n:g"))
    assert w1.x + w1.w < g.x


def test_a_hundred_thousand_nodes():
    y = x = leaf(0.5, "x")
    for _ in range(50_000):
        y = np.tanh(2 * y)
    picture = folded(debug.Session(y), engine="layered")
    assert len(picture.boxes) == 12
    assert sum(len(box.nodes) for box in picture.boxes) == 100_001
    assert "4999 × (multiply → tanh)" in counts(picture)
    del x
