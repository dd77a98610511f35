"""What has no gradient and passes through, and what is refused with a word on what to write instead."""

from __future__ import annotations

from . import passed, refused

# questions with a yes or no
passed(
    "allclose", "array_equal", "array_equiv", "can_cast", "isclose", "iscomplex", "iscomplexobj", "isin", "isnat", "isneginf",
    "isposinf", "isreal", "isrealobj", "may_share_memory", "shares_memory",
)  # fmt: skip
# places, counts and sets
passed(
    "argwhere", "count_nonzero", "diag_indices_from", "digitize", "flatnonzero", "in1d", "ix_", "lexsort", "nonzero",
    "ravel_multi_index", "searchsorted", "tril_indices_from", "triu_indices_from", "unravel_index",
)  # fmt: skip
passed(
    "histogram", "histogram2d", "histogram_bin_edges", "histogramdd", "intersect1d", "setdiff1d", "setxor1d", "union1d", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values", values=True,
)  # fmt: skip
# whole numbers and bits
passed("gcd", "lcm", "packbits", "unpackbits")
# dtypes, and memory to be filled
passed("common_type", "empty_like", "min_scalar_type", "result_type")
# numbers as text and in files
passed("array2string", "array_repr", "array_str", "save", "savetxt", "savez", "savez_compressed")

refused(
    "it would write into an array; write t[index] = values, or np.where(mask, values, t)",
    "copyto", "place", "put", "putmask",
)  # fmt: skip
refused("it would write into an array; write t[np.diag_indices_from(t)] = values", "fill_diagonal")
refused(
    "it would write into an array; write t[index] = values, with np.ogrid for the index's other axes", "put_along_axis"
)  # fmt: skip
refused(
    "complex numbers are not supported; write the transform as products with its cosines and sines",
    *(f"fft.{name}{n}" for name in ("fft", "ifft", "rfft", "irfft") for n in ("", "2", "n")), "fft.hfft", "fft.ihfft",
)  # fmt: skip
refused("complex numbers are not supported; write np.sort(t)", "sort_complex")
refused("write it as its series, or add a row with the rule I₀' = I₁", "i0")
refused("the distance to the next number is no function of calculus", "nextafter", "spacing")
refused("dates have no gradient", "busday_count", "busday_offset", "datetime_as_string", "is_busday")
