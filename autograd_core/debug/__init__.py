"""Looking into a backward pass: step through it both ways, ask where a gradient comes from and why it is what it is.

The faces: `Session` and its methods, `set_trace` in a terminal, a page or widget, trace files; the questions: `why`,
`why_none`, `why_zero`, `first_bad`, `derivation`, `lint`; and `draw`.
"""

from .anomaly import NotFinite, NotFiniteAt, detect_anomaly, first_bad
from .cause import Cause
from .causes import why_none
from .drawing import draw
from .forking import Difference, diff, fork
from .lint import lint
from .mathml import mathml
from .places import Place, record
from .replay import Step
from .session import Session
from .terminal import set_trace
from .tracefile import dump, load
from .why import Hop, Part, Why, why
from .worksheet import Derivation, derivation
from .zeros import why_zero

__all__ = [
    "Cause", "Derivation", "Difference", "Hop", "NotFinite", "NotFiniteAt", "Part", "Place", "Session", "Step", "Why",
    "derivation", "detect_anomaly", "diff", "draw", "dump", "first_bad", "fork", "lint", "load", "mathml", "record", "set_trace",
    "why", "why_none", "why_zero",
]  # fmt: skip
