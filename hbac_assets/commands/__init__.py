"""The command `hbac`: a module for each subcommand, `main` with their table, and their helpers.

A subcommand reads its options, calls the packages below and prints the results; computing and storing belong to
those packages. Dagster and other heavy packages are imported inside functions, so that `--help` is quick.
"""
