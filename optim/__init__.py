"""Training: optimizers, schedules, and the Trainer with its callbacks, metrics and history."""

from .adam import Adam, Adamax, AdamW
from .adaptive import Adadelta, Adagrad, RMSprop
from .averaging import EMA, SWA
from .batches import Minibatches
from .callbacks import EarlyStopping
from .clipping import clip_grad_norm_, clip_grad_value_
from .composed import ChainedScheduler, LambdaLR, MultiplicativeLR, SequentialLR, warm_up
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cycles import CyclicLR, OneCycleLR
from .fisher import bias_shift_correction, unit_fisher, unit_natural_gradient
from .history import History
from .lbfgs import LBFGS
from .nadam import NAdam, RAdam
from .natural_gradient import NaturalGradient
from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .private import PrivateOptimizer
from .schedules import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, Schedule, StepLR
from .sgd import SGD, Rprop
from .trainer import Trainer, TrainingDiverged

__all__ = [
    "EMA", "LBFGS", "SGD", "SWA", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ChainedScheduler", "ConstantLR",
    "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "EarlyStopping", "ExponentialLR", "History",
    "LambdaLR", "LinearLR", "Minibatches", "MultiStepLR", "MultiplicativeLR", "NAdam", "NaturalGradient", "OneCycleLR",
    "Optimizer", "PolynomialLR", "PrivateOptimizer", "RAdam", "RMSprop", "ReduceLROnPlateau", "Rprop", "Schedule",
    "SequentialLR", "StepLR", "Trainer", "TrainingDiverged", "bias_shift_correction", "clip_grad_norm_",
    "clip_grad_value_", "unit_fisher", "unit_natural_gradient", "warm_up",
]  # fmt: skip
