"""Training: optimizers, schedules, and the Trainer with its callbacks, checkpoints, metrics and history."""

from . import checkpoint
from .adam import Adam, Adamax, AdamW
from .adaptive import Adadelta, Adagrad, RMSprop
from .averaging import EMA, SWA
from .batches import Minibatches
from .callbacks import EarlyStopping, LRScheduler, TimeLimit
from .clipping import clip_grad_norm_, clip_grad_value_
from .composed import ChainedScheduler, LambdaLR, MultiplicativeLR, SequentialLR, warm_up
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cycles import CyclicLR, OneCycleLR
from .fisher import bias_shift_correction, unit_fisher, unit_natural_gradient
from .flight import FlightRecorder
from .history import History
from .lbfgs import LBFGS
from .loggers import CSVLogger, JSONLogger
from .lr_finder import RateSearch, lr_find
from .monitors import GradientMonitor, Monitor
from .nadam import NAdam, RAdam
from .natural_gradient import NaturalGradient
from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .private import PrivateOptimizer
from .saving import Checkpoint
from .schedules import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, Schedule, StepLR
from .sgd import SGD, Rprop
from .trainer import Trainer, TrainingDiverged

__all__ = [
    "EMA", "LBFGS", "SGD", "SWA", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "CSVLogger", "ChainedScheduler",
    "Checkpoint", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "EarlyStopping",
    "ExponentialLR", "FlightRecorder", "GradientMonitor", "History", "JSONLogger", "LRScheduler", "LambdaLR", "LinearLR", "Minibatches", "Monitor", "MultiStepLR",
    "MultiplicativeLR", "NAdam", "NaturalGradient", "OneCycleLR", "Optimizer", "PolynomialLR", "PrivateOptimizer",
    "RAdam", "RMSprop", "RateSearch", "ReduceLROnPlateau", "Rprop", "Schedule", "SequentialLR", "StepLR", "TimeLimit",
    "Trainer", "TrainingDiverged", "bias_shift_correction", "checkpoint", "clip_grad_norm_", "clip_grad_value_",
    "lr_find", "unit_fisher", "unit_natural_gradient", "warm_up",
]  # fmt: skip
