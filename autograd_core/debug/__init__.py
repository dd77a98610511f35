"""Looking into a backward pass: step through it both ways, ask where a gradient comes from, draw the graph."""

from .drawing import draw
from .places import Place, record
from .replay import Step
from .session import Session
from .why import Why, why

__all__ = ["Place", "Session", "Step", "Why", "draw", "record", "why"]
