"""Functions of elements that are said by others of the table."""
