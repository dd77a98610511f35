"""What a step, a gradient, a whole derivative is, in words, numbers and formulas spelled by the rules themselves."""
