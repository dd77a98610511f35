"""A session in a notebook: a widget of the page's own JavaScript, and without anywidget the page in a frame."""

import json
import shutil
import subprocess
import sys

import pytest
from test_debug_page import ARGUMENTS, CHROMIUM

from autograd_core import Tensor, debug
from autograd_core.debug.page.page import script_text
from autograd_core.debug.page.widget import display_bundle

VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = [
    "from autograd_core import Tensor, debug\n"
    "w1, w2 = Tensor(2.0, requires_grad=True, name='w1'), Tensor(3.0, requires_grad=True, name='w2')\n"
    "session = debug.Session(w1**3 * w2 + 3 * w1)",
    "session.goto(9)\nsession",
    "from autograd_core.debug.page.widget import widget\n"
    "shown = widget(session)\nshown.position = 11\nprint(session.position)\nsession.goto(3)\nshown.position = 99\nprint(session.position)",
]


def example():
    w1, w2 = Tensor(2.0, requires_grad=True, name="w1"), Tensor(3.0, requires_grad=True, name="w2")
    return debug.Session(w1**3 * w2 + 3 * w1)


@pytest.fixture(autouse=True)
def no_home(tmp_path, monkeypatch):
    """What Jupyter and IPython write and read beside a notebook is in folders of the test's own."""
    for folder in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(folder, str(tmp_path / folder))


def run(*cells):
    nbclient = pytest.importorskip(
        "nbclient", reason="a notebook is executed by nbclient: pip install nbclient ipykernel"
    )
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


def test_a_notebook_shows_a_widget_which_moves_the_session():
    pytest.importorskip("anywidget", reason="the widget is an extra: pip install anywidget")
    notebook = run(*CELLS)
    (output,) = notebook.cells[1].outputs
    assert VIEW in output.data
    assert output.data["text/plain"].startswith("<Session at step 9 of 12")
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"][
        output.data[VIEW]["model_id"]
    ]["state"]
    assert state["position"] == 9
    assert json.loads(state["trace"])["nodes"][0]["name"] == "w1"
    assert notebook.cells[2].outputs[0].text.split() == ["11", "12"]


def test_a_notebook_without_anywidget_shows_the_page_in_a_frame():
    notebook = run("import sys; sys.modules['anywidget'] = None", *CELLS[:2])
    (output,) = notebook.cells[2].outputs
    assert VIEW not in output.data
    assert output.data["text/html"].startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')


def test_no_kernel_is_needed():
    code = f"{CELLS[0]}\nprint(sorted(dict(session._repr_mimebundle_())))"
    without = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['anywidget'] = None\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert without.stdout.strip() == "['text/html', 'text/plain']"


def test_the_widget_in_a_browser_moves_its_model_and_is_moved(tmp_path, monkeypatch):
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright drives the browser: pip install playwright"
    )
    pytest.importorskip("anywidget", reason="the widget is an extra: pip install anywidget")
    if CHROMIUM is None:
        pytest.skip("the widget is tested in Chromium: apt-get install chromium")
    from autograd_core.debug.page.widget import widget

    shown = widget(example())
    page = tmp_path / "host.html"
    stub = """
        const held = { trace: TRACE, position: 9 }, listeners = new Set();
        window.model = { saved: [], get: (name) => held[name], set: (name, value) => { held[name] = value; listeners.forEach((f) => f()); },
            save_changes() { this.saved.push(held.position); }, on: (_, f) => listeners.add(f), off: (_, f) => listeners.delete(f) };
        window.listeners = listeners;
        const url = URL.createObjectURL(new Blob([ESM], { type: "text/javascript" }));
        import(url).then((module) => { window.leave = module.default.render({ model, el: document.getElementById("cell") }); });
    """.replace("TRACE", _literal(shown.trace)).replace("ESM", _literal(str(shown._esm)))
    style = str(shown._css)
    page.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><style>{style}</style><body data-jp-theme-light="false"><div id="cell"></div><script>{stub}</script>',
        "utf-8",
    )
    complaints = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        there = browser.new_page(viewport={"width": 900, "height": 700})
        there.set_default_timeout(60_000)  # a busy machine may take its time
        there.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        there.on("pageerror", lambda error: complaints.append(str(error)))
        there.goto(page.as_uri())
        root = there.locator("#cell .trace")
        assert root.get_attribute("data-position") == "9"
        assert root.get_attribute("data-theme") == "dark"
        there.get_by_role("button", name="Step", exact=True).click()
        there.keyboard.press("s")
        assert there.evaluate("model.saved") == [10, 11]
        there.evaluate("model.set('position', 4)")
        assert there.locator(".place").inner_text() == "4 / 12"
        assert there.evaluate("model.saved") == [10, 11]  # what came from Python is not sent back
        there.locator("body").click(position={"x": 2, "y": 690})
        there.evaluate("document.activeElement.blur()")
        there.keyboard.press("s")  # a notebook's own keys stay its own
        assert root.get_attribute("data-position") == "4"
        there.evaluate("leave()")
        assert there.evaluate("listeners.size") == 0
        browser.close()
    assert complaints == []


def test_page_and_widget_share_their_script():
    pytest.importorskip("anywidget", reason="the widget is an extra: pip install anywidget")
    from autograd_core.debug.page.widget import widget

    assert str(widget(example())._esm).startswith(script_text())
    assert "export default" not in script_text()


def _literal(text):
    return json.dumps(text).replace("</", "<\\/")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js checks the syntax where it is installed")
def test_the_script_is_javascript(tmp_path):
    path = tmp_path / "trace.mjs"
    path.write_text(script_text(), "utf-8")
    subprocess.run(["node", "--check", str(path)], check=True)


def test_a_bundle_says_in_text_where_the_session_stands():
    session = example()
    session.goto(4)
    assert "g = b + c" in display_bundle(session)["text/plain"]
