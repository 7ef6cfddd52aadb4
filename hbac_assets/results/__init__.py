"""The results of an experiment, read back from its store: epochs, cells, scores, ensembles.

Assets, commands and the report read them here; who makes them belongs to `assets`. Knows neither Dagster nor MLflow.
"""
