"""What makes a program shorter: each pass takes the calls and changes them, without changing a bit of the results."""

from .folding import fold
from .hoisting import hoist
from .masks import mask_by_bits
from .repeated import merge_repeated
from .unneeded import drop_unneeded

__all__ = ["PASSES", "drop_unneeded", "fold", "hoist", "mask_by_bits", "merge_repeated"]

PASSES = (fold, merge_repeated, drop_unneeded, mask_by_bits)
