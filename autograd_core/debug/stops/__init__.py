"""Where to stop: breakpoints, watchpoints, and conditions that are parsed and never evaluated."""
