"""Benchmarks of each stage against the usual tools: `make bench`.

Both sides of each comparison are here. Nothing in `hbac_assets` uses this package, and no test asserts a time.
"""
