"""How fast this project trains, measured beside its peers: `python -m benchmarks`, from the repository root.

The folder's README.md says what each number means and what keeps the comparison fair.
"""
