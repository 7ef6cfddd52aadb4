"""The results of an experiment, read back from its store: epochs, cells, scores, ensembles.

Assets, commands and the report read them here; writing them belongs to `assets`. Independent of Dagster and MLflow.
"""
