"""What makes a program shorter: each pass takes the calls and changes them.

PASSES change no bit of the results; the seed, the shift and feature-major buffers are for "fast", which may sum in another order.
"""

from .folding import fold
from .hoisting import hoist
from .masks import mask_by_bits
from .repeated import merge_repeated
from .seed import fold_seed
from .unneeded import drop_unneeded
from .unshifted import unshift

__all__ = ["PASSES", "drop_unneeded", "fold", "fold_seed", "hoist", "mask_by_bits", "merge_repeated", "unshift"]

PASSES = (fold, merge_repeated, drop_unneeded, mask_by_bits)
