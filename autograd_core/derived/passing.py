"""What has no gradient and passes through, and what is refused with a word on what to write instead."""

from __future__ import annotations

from . import passed, refused

passed("allclose", "array_equal", "isclose", "nonzero")
refused("write t[index] = values, or np.where(mask, values, t)", "copyto", "put", "place", "putmask")
