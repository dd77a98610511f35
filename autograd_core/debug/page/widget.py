"""A session in a notebook: the page's own JavaScript as a widget, or, without anywidget, the page in a frame."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from .data import NODES, recorded
from .page import as_json, frame, script_text, text

if TYPE_CHECKING:
    from ..session import Session

_RENDER = """
function themeOf(document) { // JupyterLab and Visual Studio Code say which they use
  const { jpThemeLight } = document.body.dataset, { classList } = document.body;
  if (jpThemeLight === "false" || classList.contains("vscode-dark")) return "dark";
  return jpThemeLight === "true" || classList.contains("vscode-light") ? "light" : "auto";
}

function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const face = openTrace(root, JSON.parse(model.get("trace")));
  face.theme(themeOf(document));
  face.onmove = (position) => { model.set("position", position); model.save_changes(); };
  const follow = () => { if (Number(root.dataset.position) !== model.get("position")) face.goto(model.get("position")); };
  model.on("change:position", follow);
  follow();
  return () => model.off("change:position", follow);
}

export default { render };
"""


def display_bundle(session: Session, **options: Any) -> Any:
    """What a notebook shows for a session (`session._repr_mimebundle_`): a widget, or HTML that needs nothing.

    >>> from autograd_core import Tensor, debug
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> "text/plain" in debug.Session(x * x)._repr_mimebundle_()
    True
    """
    try:
        shown = widget(session)
    except ImportError:
        return {"text/plain": repr(session), "text/html": frame(session)}
    found = shown._repr_mimebundle_(**options)  # the data, or the data and notes about it
    data, notes = found if isinstance(found, tuple) else (found, {})
    data = {**(data or {}), "text/plain": repr(session)}
    return (data, notes) if notes else data


def widget(session: Session, nodes: int = NODES) -> Any:
    """A session as an anywidget (extra `notebook`), whose `position` and the session's follow one another.

    Its position moves when a reader presses a button; what you set in Python, `widget.position = 12`, moves the drawing.
    ImportError without anywidget.
    """
    shown = _kind()(trace=as_json(recorded(session, nodes)), position=session.position)

    def follow(change: Any) -> None:
        session.position = max(0, min(change["new"], len(session)))

    shown.observe(follow, "position")
    return shown


@cache
def _kind() -> type:
    """The widget's class, made when it is first needed: anywidget is an extra."""
    import anywidget
    import traitlets

    class TraceWidget(anywidget.AnyWidget):  # type: ignore[misc]
        _esm = f"{script_text()}\n{_RENDER}"
        _css = text("trace.css")
        trace = traitlets.Unicode().tag(sync=True)
        position = traitlets.Int(0).tag(sync=True)

    return TraceWidget
