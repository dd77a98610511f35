"""Why a gradient is missing, zero or not finite: the cause, its line and its remedy."""
