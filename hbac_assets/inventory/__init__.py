"""The contents of a store and of the folders beside it, the references to them, and freeing the rest.

The layout of the files belongs to `layout`, the references of experiments and training runs to `references`; nothing
is deleted outside of `freeing`. Independent of Dagster and MLflow.
"""
