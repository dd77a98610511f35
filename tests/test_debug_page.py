"""The page in a real browser with the network off: what it shows is what the Session says, and everybody can use it."""

import json
import math
import re
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import Tensor, custom_vjp, debug, nn
from autograd_core.debug.page.data import plain_breakpoint, recorded
from autograd_core.debug.page.page import as_json, frame, page, save
from autograd_core.debug.page.plain import stored
from autograd_core.debug.stops.spots import break_at

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
KEYS = {
    "first": "Home", "reverse-continue": "C", "reverse-next": "N", "reverse-step": "S", "step": "s", "next": "n", "continue": "c", "last": "End",
}  # fmt: skip
EVIL = "</script><img src=x onerror=alert(1)>"


def leaf(data, name):
    return Tensor(np.array(data) if isinstance(data, list) else data, requires_grad=True, name=name)


def example():
    w1, w2 = leaf(2.0, "w1"), leaf(3.0, "w2")
    with debug.record():
        return debug.Session(w1**3 * w2 + 3 * w1)


def network():
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), name="x")
    with debug.record():
        model = nn.MLP([3, 5, 2], activation="tanh", rng=0)
        return debug.Session(nn.CrossEntropyLoss()(model(x), np.array([0, 1, 1, 0])))


def strange():
    """Names that end scripts, and numbers that JSON does not have."""
    a = leaf([0.1, -0.0, np.inf, 1e-320], EVIL)
    b = leaf(np.float32(0.1), "‮µ & <b>")
    with np.errstate(all="ignore"):
        return debug.Session((a * b - a).sum() * np.log(leaf(0.0, "zero")))


def hooked():
    x = leaf([1.0, 2.0, 3.0], "x")
    y = x * x
    y.register_hook(lambda g: g * 2)
    return debug.Session((y * x).sum() + y.sum())


def repeated(times):
    w = h = leaf(0.5, "w")
    for _ in range(times):
        h = np.tanh(h * w + 0.1)
    return debug.Session(h)


MADE = {"example": example, "network": network, "strange": strange, "hooked": hooked, "repeated": lambda: repeated(12)}


# --- what is stored ------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(st.floats(width=32) | st.floats() | st.integers(-(2**70), 2**70) | st.booleans())
def test_one_number_reads_back_the_same(x):
    held = json.loads(json.dumps(stored(x), allow_nan=False))
    back = type(x)(held) if not isinstance(held, bool) else held
    assert back == x or (math.isnan(back) and math.isnan(x))
    if isinstance(x, float):
        assert math.copysign(1, back) == math.copysign(1, x) or math.isnan(x)


def test_float32_is_written_as_short_as_it_is():
    assert as_json(stored(np.float32(0.1))) == "0.1"


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?"])
@pytest.mark.parametrize("shape", [(0,), (3, 0), (1,), (7,), (2, 3), (5, 6), (2, 3, 4), (2, 1, 5, 6)])
def test_arrays_are_stored_by_statistics_and_a_corner(shape, dtype):
    array = (np.random.default_rng(1).normal(size=shape) * 3).astype(dtype)
    held = stored(array)
    assert held["shape"] == list(shape)
    assert held["zero"] == np.count_nonzero(array == 0)
    assert float(held["norm"]) == pytest.approx(np.sqrt((array.astype("f8") ** 2).sum()), rel=1e-6)
    if array.size:
        assert (held["min"], held["max"]) == pytest.approx((float(array.min()), float(array.max())), rel=1e-6)
        corner = array[(0,) * (array.ndim - 2)][..., :4] if array.ndim > 1 else array[:4]
        np.testing.assert_allclose(held["slice"], corner[:3] if corner.ndim > 1 else corner, rtol=1e-6)
    as_json(held)


def test_statistics_are_of_what_is_finite():
    held = stored(np.array([np.nan, 1.0, np.inf, 3.0]))
    assert (held["nan"], held["inf"], held["min"], held["max"], held["mean"], held["norm"]) == (1, 1, 1, 3, 2, "NaN")
    assert stored(np.array([np.nan]))["min"] is None


def test_nothing_ends_the_script():
    text = page(strange())
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert EVIL not in text
    assert "default-src 'none'" in text
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert "<iframe srcdoc=" in frame(strange())
    assert frame(strange()).count("<") == 2


def test_a_large_graph_is_folded_and_what_is_left_out_is_said():
    session = repeated(2000)
    text = page(session, nodes=60)
    assert len(text) < 5_000_000
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert 5 < len(data["nodes"]) <= 60
    left = len(session.nodes) - len(data["nodes"])
    assert data["left_out"]["nodes"] == left
    assert f"{left:,} of 6,001 nodes" in data["left_out"]["text"]
    assert sum(step.get("count", 1) for step in data["steps"]) == len(session)
    assert data["steps"][-1]["end"] == len(session)


def test_a_page_opens_where_the_session_stands_with_its_breakpoints():
    session = example()
    break_at(session, "multiply", condition="norm(grad) > 2.5")
    break_at(session, condition="isnan(grad) and norm(value) > 1")  # more than a page can test
    session.goto(7)
    data = recorded(session)
    assert data["position"] == 7
    assert data["breakpoints"] == [{"kind": "op", "what": "multiply", "when": "norm(grad) >", "than": 2.5, "on": True}]


def test_a_pass_that_ends_in_an_error_says_so():
    x = leaf(2.0, "x")
    bad = debug.Session(wrong()(x) * 3)
    assert "no such luck" in recorded(bad)["error"]


def wrong():
    @custom_vjp
    def unlucky(x):
        return x * 1.0

    @unlucky.backward
    def _(g):
        raise RuntimeError("no such luck")

    return unlucky


# --- in the browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright drives the browser: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("the page is tested in Chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a session's page; at the end nothing has been complained of, and nothing was asked of a network."""
    contexts, complaints, requests = [], [], []

    def open_page(session, width=1280, height=900, scheme="light", nodes=600, **options):
        path = tmp_path / f"{len(contexts)}.html"
        save(session, path, nodes=nodes)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        context.set_default_timeout(60_000)  # a busy machine may take its time
        context.set_offline(True)

        def asked(route):
            if route.request.url == path.as_uri():
                route.continue_()
            elif not route.request.url.startswith("data:"):
                requests.append(route.request.url)
                route.abort()

        context.route("**/*", asked)
        there = context.new_page()
        there.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        there.on("pageerror", lambda error: complaints.append(str(error)))
        there.on("dialog", lambda dialog: complaints.append("a dialog: something in a name was run"))
        there.goto(path.as_uri())
        return there

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert requests == []


STATE = """() => {
    const { trace } = document.getElementById("trace");
    return trace.nodes.map((node, k) => [node.name, trace.computed(k), trace.gradient(k) ?? null, trace.missing(k)]);
}"""


def state(session, names=None):
    """The same as STATE, asked of the Session."""
    found = []
    for node in session.nodes if names is None else map(session.find, names):
        g = session.gradient(node)
        found.append(
            [session.names[node], session.computed(node), None if g is None else stored(g), session.missing(node)]
        )
    return json.loads(json.dumps(found))


def position(there):
    return int(there.evaluate("document.getElementById('trace').dataset.position"))


@pytest.mark.parametrize("name", MADE)
def test_every_state_is_the_sessions(opened, name):
    session = MADE[name]()
    there = opened(session)
    for at in [*range(0, len(session) + 1, 1 if len(session) < 60 else 7), len(session)]:
        session.position = at
        there.evaluate("at => document.getElementById('trace').trace.goto(at)", at)
        assert there.evaluate(STATE) == state(session), f"position {at}"


@pytest.mark.parametrize("name", MADE)
def test_a_random_walk_by_keys_ends_where_the_sessions_does(opened, name):
    session = MADE[name]()
    there = opened(session)
    rng = np.random.default_rng(3)
    for node in rng.choice(len(session.nodes), 2, replace=False):
        break_at(session, session.nodes[node])
        there.evaluate("k => { const { trace } = document.getElementById('trace'); trace.toggle(k); }", int(node))
    moves = {
        "s": session.step, "S": session.reverse_step, "n": session.next, "N": session.reverse_next, "c": session.cont, "C": session.reverse_cont,
        "ArrowRight": session.step, "ArrowLeft": session.reverse_step,
    }  # fmt: skip
    for key in rng.choice(list(moves), 40):
        there.keyboard.press(key)
        with np.errstate(all="ignore"):
            moves[key]()
        assert position(there) == session.position, key
    assert there.evaluate(STATE) == state(session)


CONDITIONS = [
    ("any", "", "norm(grad) > 5"), ("any", "", "isinf(value)"), ("any", "", "isnan(grad)"), ("op", "multiply", ""), ("op", "add", "norm(value) < 7"),
    ("module", "2", ""), ("module", "0", "all(grad == 0)"), ("op", "tanh", "norm(grad) > 0.05"), ("any", "", "norm(grad) < 1e-3"),
]  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_breakpoints_stop_where_the_terminals_do(opened, name):
    session = MADE[name]()
    there = opened(session)
    for kind, what, condition in CONDITIONS:
        session.breakpoints.delete()
        try:
            break_at(session, **({} if kind == "any" else {kind: what}), condition=condition or None)
        except ValueError:  # no such op or module here
            continue
        expected = []
        for at in range(1, len(session) + 1):
            session.position = at
            if session.breakpoints.stops(session):
                expected.append(at)
        session.position = 0
        (said,) = map(plain_breakpoint, session.breakpoints)
        found = there.evaluate(
            "b => { const { trace } = document.getElementById('trace'); trace.breakpoints = [b]; "
            "return trace.steps.map((_, k) => k + 1).filter((at) => trace.stopsAt(at)); }",
            said,
        )
        assert found == expected, (kind, what, condition)


def test_a_folded_page_agrees_with_the_session_where_it_stops(opened):
    session = repeated(300)
    there = opened(session, nodes=60)
    known = there.evaluate("document.getElementById('trace').trace.nodes.map((n) => n.name)")
    length = there.evaluate("document.getElementById('trace').trace.length")
    assert len(known) <= 60
    assert length < len(session)
    for at in range(0, length + 1, 3):
        there.evaluate("at => document.getElementById('trace').trace.goto(at)", at)
        session.position = there.evaluate("document.getElementById('trace').trace.sessionPosition()")
        assert there.evaluate(STATE) == state(session, known)
    there.keyboard.press("Home")
    there.keyboard.press("s")
    first = there.locator(".graph .fold").first
    assert "look inside" in first.get_attribute("aria-label")
    first.focus()
    there.keyboard.press("Enter")
    assert there.locator(".way button").count() == 2
    there.keyboard.press("u")
    assert there.locator(".way [aria-current]").inner_text() == "Overview"


def test_buttons_slider_graph_and_table_move_together(opened):
    session = example()
    there = opened(session)
    for name, button in [("step", 1), ("last", len(session)), ("reverse-step", len(session) - 1), ("first", 0)]:
        there.locator(f"[data-move={name}]").click()
        assert position(there) == button
        assert there.locator(".place").inner_text() == f"{button} / {len(session)}"
    there.get_by_label("Position").fill("10")
    session.goto(10)
    assert position(there) == 10
    assert there.locator(".step-panel .text").inner_text() == session.explain()
    assert there.locator(".step-panel .words").inner_text() == session.explain(style="words")
    assert there.locator(".step-panel math").count() == 1
    current = session.current
    row = there.locator("tr[aria-current=step]")
    assert row.locator("th").inner_text() == session.names[current.node]
    assert there.locator(".graph .box.current .name").text_content().startswith(session.names[current.node])
    assert there.locator(".graph .edge.current").count() == 1
    cells = (
        there.locator("tr", has=there.get_by_role("rowheader", name="w2", exact=True)).locator("td").all_inner_texts()
    )
    assert cells[1:5] == ["leaf", "3", "8", "0"]
    said = there.get_by_role("status").filter(has_text="Step 10 of 12").filter(has_text=session.explain())
    said.wait_for(state="attached")  # it is said a moment later, once nobody moves on


def test_breakpoints_by_a_click_and_by_the_form(opened):
    session = example()
    there = opened(session)
    there.locator('.graph [data-id="n:a"]').click()
    there.keyboard.press("c")
    assert there.evaluate("document.querySelector('.step-panel .text').textContent").startswith("a = ")
    assert there.locator(".breakpoints .stopped").count() == 1
    there.get_by_role("button", name="Remove the breakpoint at a").click()
    there.get_by_label("at", exact=True).select_option("op")
    there.get_by_label("called").fill("multipl")
    there.get_by_role("button", name="Add breakpoint").click()
    assert "There is no op called “multipl” here" in there.get_by_role("alert").inner_text()
    there.get_by_label("at", exact=True).select_option("any")
    there.get_by_label("when").select_option("norm(grad) >")
    there.get_by_label("than").fill("7.5")
    there.get_by_role("button", name="Add breakpoint").click()
    there.locator("h2").first.click()
    there.locator("[data-move=first]").click()
    there.locator("[data-move=continue]").click()
    session.position = position(there)
    assert session.gradient("w2") == 8
    session.step(-1)
    assert session.gradient("w2") is None


def test_search_finds_by_name_op_and_module(opened):
    there = opened(network())
    there.keyboard.press("/")
    shown = there.locator(".nodes tbody tr:not([hidden]) th")
    for words, names in {"TANH": ["b"], "2.": ["2.weight", "2.bias"], "linear 2": ["c"]}.items():
        there.keyboard.press("Control+a")
        there.keyboard.type(words)
        assert set(names) <= set(shown.all_inner_texts()), words
        assert shown.count() < 5
    there.keyboard.press("Escape")
    there.keyboard.press("s")
    assert position(there) == 1


def test_every_control_has_a_name_and_every_move_a_key(opened):
    there = opened(network())
    there.keyboard.press("a")
    controls = there.locator("button, input, select, summary, [role=button], [tabindex='0']")
    assert controls.count() > 30
    nameless = controls.evaluate_all(
        "all => all.filter(e => !(e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent.trim())).map(e => e.outerHTML)"
    )
    assert nameless == []
    for name, key in KEYS.items():
        button = there.locator(f"[data-move={name}]")
        assert button.get_attribute("aria-keyshortcuts") == ("Shift+" + key if key.isupper() and len(key) == 1 else key)
        assert key in button.get_attribute("title")
    there.keyboard.press("?")
    dialog = there.get_by_role("dialog", name="Help and keys")
    for key in [*KEYS.values(), "/", "b", "t", "?"]:
        assert key in dialog.locator("kbd").all_inner_texts()
    there.keyboard.press("Escape")
    assert not dialog.is_visible()
    for role in ("main", "banner"):
        assert there.get_by_role(role).count() == 1
    assert there.get_by_role("table", name="Every node").count() == 1
    assert there.locator("th[scope=row]").count() == there.locator(".nodes tbody tr").count()


def test_keys_can_be_switched_off(opened):
    there = opened(example())
    there.keyboard.press("?")
    there.get_by_label("Keys without Ctrl or Alt do something").uncheck()
    there.keyboard.press("Escape")
    there.keyboard.press("s")
    assert position(there) == 0


def test_tab_goes_through_the_page_in_the_order_of_reading(opened):
    there = opened(example())
    found = []
    for _ in range(40):
        there.keyboard.press("Tab")
        found.append(there.evaluate("document.activeElement.closest('section, .bar, .top, .skip, body').className"))
    order = list(dict.fromkeys(found))
    assert order[:7] == ["skip", "top", "bar", "step-panel", "graph-panel", "node-panel", "breakpoint-panel"]


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("name", ["example", "network", "strange"])
def test_no_page_is_wider_than_the_screen(opened, width, name):
    there = opened(MADE[name](), width=width, height=740)
    for key in ("Home", "n", "End"):
        there.keyboard.press(key)
        assert there.evaluate("document.documentElement.scrollWidth") <= width
    if width < 400:
        small = there.locator(".move").evaluate_all(
            "all => all.filter(e => e.clientWidth < 24 || e.clientHeight < 40).length"
        )
        assert small == 0


# WCAG 2.2: the contrast of two colours
CONTRAST = """(root) => {
    const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const colour = (name) => { const probe = document.createElement("i"); root.append(probe); probe.style.color = `var(${name})`;
        const found = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number); probe.remove(); return light(found); };
    const found = [];
    for (const paper of ["--paper", "--sheet", "--now", "--leaf", "--fold"]) for (const ink of ["--ink", "--muted", "--value", "--gradient"]) {
        const [a, b] = [colour(paper), colour(ink)].sort();
        found.push([paper, ink, (b + 0.05) / (a + 0.05)]);
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_written_can_be_read(opened, scheme):
    there = opened(example(), scheme=scheme)
    pairs = there.locator("#trace").evaluate(CONTRAST)
    assert len(pairs) == 20
    assert [pair for pair in pairs if pair[2] < 4.5] == []
    dark = there.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(23, 25, 28)"
    assert dark == (scheme == "dark")
    there.keyboard.press("t")
    there.keyboard.press("t")
    assert there.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(23, 25, 28)"
