"""The command `hbac`: a module for each subcommand, `main` with their table, and what only they need.

A subcommand reads its options, calls the packages below and prints what came out; whatever computes or stores anything
belongs to those. Its module imports Dagster and other heavy packages inside its functions, so that `--help` is quick.
"""
