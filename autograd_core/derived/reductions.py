"""Averages, quantiles and differences that are said by others of the table."""
