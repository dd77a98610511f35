"""Looking into a backward pass: step through it both ways, ask where a gradient comes from, draw the graph."""

from .drawing import draw
from .session import Session, Step, Why, why

__all__ = ["Session", "Step", "Why", "draw", "why"]
