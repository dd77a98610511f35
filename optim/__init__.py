"""Training: optimizers, schedules, and the Trainer with its callbacks, metrics and history."""

from .algorithms import SGD, Adam, AdamW
from .batches import Minibatches
from .callbacks import EarlyStopping
from .history import History
from .optimizer import Optimizer
from .schedules import CosineAnnealingLR, Schedule, StepLR
from .trainer import Trainer, TrainingDiverged

__all__ = [
    "SGD", "Adam", "AdamW", "CosineAnnealingLR", "EarlyStopping", "History", "Minibatches", "Optimizer", "Schedule",
    "StepLR", "Trainer", "TrainingDiverged",
]  # fmt: skip
