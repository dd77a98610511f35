"""The report in a real browser with the network off: light, dark, on a phone, by keyboard and by name."""

import itertools
import shutil
from pathlib import Path

import pytest
from test_cli import run

from autograd_core import datasets

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
# WCAG 2.2: the contrast of every text with what is behind it; pairs below 4.5
CONTRAST = """() => {
    const rgb = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
    const behind = (e) => { let layers = []; for (let n = e; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor);
            const a = c.length < 4 ? 1 : c[3]; if (a) layers.push([c, a]); if (a === 1) break; }
        return layers.reverse().reduce((under, [c, a]) => under.map((v, i) => v * (1 - a) + c[i] * a), [255, 255, 255]); };
    const found = [];
    for (const e of document.querySelectorAll("h1, h2, p, a, dt, dd, li, th, td, caption, figcaption, summary, footer, pre, .confusion span, svg text")) {
        const ink = rgb(e.namespaceURI.endsWith("svg") ? getComputedStyle(e).fill : getComputedStyle(e).color);
        const [a, b] = [light(ink), light(behind(e))].sort((p, q) => p - q);
        if ((b + 0.05) / (a + 0.05) < 4.5) found.push([e.tagName, e.textContent.slice(0, 20), (b + 0.05) / (a + 0.05)]);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two reports: of classes, and of numbers."""
    folder = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("autograd_core.cli.train._picture", lambda *_: None)
        datasets.make_passengers(200).to_csv("passengers.csv")
        for data, name in [("passengers.csv", "classes"), ("diabetes", "numbers")]:
            assert run("train", data, "--epochs", 6, "--hidden", "8", "--out", name, "--report", "--quiet") == 0
    return folder


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright drives the browser: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no chromium to look at the page with")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, pages):
    """Opens a report; what it asks of the network, and what the browser complains of, must be nothing."""
    contexts, complaints, asked = [], [], []

    def open_(name, scheme="light", width=1100):
        context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        there = context.new_page()
        there.on("console", lambda message: complaints.append(message.text))
        there.on("pageerror", lambda error: complaints.append(str(error)))
        there.on("request", lambda request: asked.append(request.url))
        there.goto(Path(pages, name, "report.html").as_uri())
        return there

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
    assert len(asked) == len(contexts)  # each page itself


@pytest.mark.parametrize("name", ["classes", "numbers"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened, name, scheme):
    there = opened(name, scheme)
    assert there.evaluate(CONTRAST) == []
    paper = there.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) > 380) == (scheme == "light")


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
@pytest.mark.parametrize("name", ["classes", "numbers"])
def test_no_page_is_wider_than_the_screen(opened, name, width):
    there = opened(name, width=width)
    for fold in there.locator("summary").all():
        fold.click()
    assert there.evaluate("document.documentElement.scrollWidth") <= width
    small = there.locator("svg .tick").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().height < 9).length"
    )
    assert small == 0


@pytest.mark.parametrize("name", ["classes", "numbers"])
def test_it_is_told_to_those_who_do_not_see_it(opened, name):
    there = opened(name)
    for role in ("main", "banner", "contentinfo", "navigation"):
        assert there.get_by_role(role).count() == 1
    drawings = there.get_by_role("img")
    assert drawings.count() > 5
    assert all(d.get_attribute("aria-label") for d in drawings.all())
    assert there.locator("table").count() == there.locator("table > caption").count()
    assert there.locator("th:not([scope])").count() == 0
    levels = there.locator("h1, h2, h3").evaluate_all("all => all.map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_the_keyboard_comes_everywhere(opened):
    there = opened("classes")
    there.keyboard.press("Tab")
    assert there.evaluate("document.activeElement.textContent") == "To the content"
    there.keyboard.press("Tab")
    there.keyboard.press("Enter")
    assert there.url.endswith("#data")
    fold = there.locator("summary").first
    fold.focus()
    there.keyboard.press("Enter")
    assert there.get_by_role("table", name="The history").is_visible()


def test_lines_are_drawn_in_colours_that_differ(opened):
    for scheme in ("light", "dark"):
        there = opened("classes", scheme)
        strokes = there.locator("#learning polyline").evaluate_all("all => all.map(e => getComputedStyle(e).stroke)")
        assert len(set(strokes)) == 2
        assert "none" not in strokes
