"""What a store holds and what lies beside it, what refers to each thing, and how the rest is freed.

The layout of the files belongs to `layout`, what an experiment or a training run refers to to `references`; nothing is
deleted outside of `freeing`. Knows neither Dagster nor MLflow.
"""
