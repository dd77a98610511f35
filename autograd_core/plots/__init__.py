"""Pictures of networks: what they decide, what they confuse, what their weights look like, how they got there (extra `viz`).

Each function draws on the axes it is given, or on new ones, and returns them; a model is anything that maps an array (n, d)
to outputs. Two are callbacks of a Trainer: `BoundaryMovie` and `LiveCurve`.
"""

from .boundary import BoundaryMovie, decision_boundary
from .layers import activation_histograms, gradient_histograms
from .live import LiveCurve
from .pictures import confusion_matrix, optimizer_path, weight_images

__all__ = [
    "BoundaryMovie", "LiveCurve", "activation_histograms", "confusion_matrix", "decision_boundary", "gradient_histograms",
    "optimizer_path", "weight_images",
]  # fmt: skip
