"""Harmful brain activity classification as software-defined assets.

Dagster finds the code location here: `defs` is the one name that this package offers.
"""
