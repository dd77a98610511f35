"""Looking into a backward pass: step through it both ways, ask where a gradient comes from, draw the graph."""

from .drawing import draw
from .places import Place, record
from .session import Session, Step, Why, why

__all__ = ["Place", "Session", "Step", "Why", "draw", "record", "why"]
