"""Products, norms and decompositions that are said by others of the table."""
