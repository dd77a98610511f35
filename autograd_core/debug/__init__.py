"""Looking into a backward pass: step through it both ways, ask where a gradient comes from, draw the graph."""

from .drawing import draw
from .forking import Difference, diff, fork
from .places import Place, record
from .replay import Step
from .session import Session
from .tracefile import dump, load
from .why import Why, why

__all__ = ["Difference", "Place", "Session", "Step", "Why", "diff", "draw", "dump", "fork", "load", "record", "why"]
