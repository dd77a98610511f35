"""Looking into a backward pass: step through it both ways, ask where a gradient comes from and why it is what it is.

The faces: `Session` and its methods, `set_trace` in a terminal, a page or widget, trace files; the questions: `why`,
`why_none`, `why_zero`, `first_bad`, `derivation`, `lint`; and `draw`.
"""

from .backward_pass import Step
from .causes.anomaly import NotFinite, NotFiniteAt, detect_anomaly, first_bad
from .causes.cause import Cause
from .causes.missing import why_none
from .causes.zeros import why_zero
from .drawing import draw
from .explanations.mathml import mathml
from .explanations.why import Hop, Part, Why, why
from .explanations.worksheet import Derivation, derivation
from .forking import Difference, diff, fork
from .linting.lint import lint
from .places import Place, record
from .replaying import replay
from .session import Session
from .terminal.terminal import set_trace
from .tracefile import dump, load

__all__ = [
    "Cause", "Derivation", "Difference", "Hop", "NotFinite", "NotFiniteAt", "Part", "Place", "Session", "Step", "Why",
    "derivation", "detect_anomaly", "diff", "draw", "dump", "first_bad", "fork", "lint", "load", "mathml", "record", "replay",
    "set_trace",
    "why", "why_none", "why_zero",
]  # fmt: skip
