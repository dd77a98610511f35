"""What may be wrong with a batch: numbers that are missing, or that are not of the size that networks start for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .lint import Check, Finding, Look, bare

ENOUGH = 8  # rows, below which means and spreads say nothing
FAR = 50.0  # pixels of 0 … 16 train as they are, pixels of 0 … 255 (mean and spread near 75) saturate what they meet
TINY = 1e-3  # inputs all smaller than this hardly move a sum of initial weights and a bias
APART = 100.0  # scales of columns: as a factor in the inputs it is its square, 10⁴, in the curvature
CONSTANT_ROWS = (
    32  # a standard score above 1.5 belongs to less than half of the samples: so many of 32 in a row are no chance
)
CONSTANT = 1.5


def nan_in_batch(look: Look) -> Iterator[Finding]:
    for what, array in (("inputs", bare(look.x)), ("targets", bare(look.t))):
        if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
            bad = np.argwhere(~np.isfinite(array))
            first = tuple(bad[0].tolist())
            yield Finding(
                f"nan-in-{what}",
                f"the {what} hold numbers that are not finite, and so will the loss and then every weight",
                f"{len(bad)} of {array.size}, the first is {array[first]} at {first}",
                "leave these samples out, or put a number there (np.nan_to_num, the column's mean), before training",
            )


def unscaled_inputs(look: Look) -> Iterator[Finding]:
    x = bare(look.x)
    if x.ndim < 2 or len(x) < ENOUGH or not (x.dtype.kind == "f" or x.dtype == np.uint8):  # other integers may be words
        return
    x = x.astype(float)
    mean, spread = x.mean(), x.std()
    remedy = "standardise each column with the mean and spread of the training data: (x - mean) / std"
    far = abs(mean) > FAR or spread > FAR
    if far or (spread > 0 and np.abs(x).max() < TINY):
        yield Finding(
            "unscaled-inputs",
            "the inputs are far from mean 0 and spread 1, for which initial weights are made",
            f"mean {mean:.3g}, spread {spread:.3g}, from {x.min():.3g} to {x.max():.3g}",
            remedy,
        )
        return
    if x.ndim > 2:
        return
    spreads = x.std(axis=0)
    usual = np.mean(x == np.median(x, axis=0), axis=0) < 0.5  # a pixel that is mostly 0 has no scale of its own
    scales = np.where(usual & (spreads > 0), spreads, np.nan)
    if np.count_nonzero(usual & (spreads > 0)) > 1 and np.nanmax(scales) > APART * np.nanmin(scales):
        most, least = int(np.nanargmax(scales)), int(np.nanargmin(scales))
        yield Finding(
            "unequal-columns",
            "the columns of the inputs have very different scales: a step that suits one is nothing to the other",
            f"column {most} has a spread of {scales[most]:.3g}, column {least} of {scales[least]:.3g}",
            remedy,
        )
    constant = np.flatnonzero((spreads == 0) & (np.abs(x[0]) > CONSTANT))
    if len(x) >= CONSTANT_ROWS and len(constant):
        yield Finding(
            "constant-columns",
            "columns of the inputs are the same for all samples: they say nothing, and act as one more, larger bias",
            f"column {constant[0]} is {x[0, constant[0]]:.3g} in all {len(x)} rows"
            + (f", and so are {len(constant) - 1} others" if len(constant) > 1 else ""),
            "leave these columns out",
        )


CHECKS: list[tuple[Check, set[str]]] = [  # each with the findings after which it has nothing to add
    (nan_in_batch, set()),
    (unscaled_inputs, {"nan-in-inputs"}),
]
