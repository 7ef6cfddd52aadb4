"""The store: atomic files, tables and arrays, locks, and artifacts with their manifests.

Everything that is written goes through here; no record contains an absolute path. The paths and dependencies of the
project's artifacts belong to `lineage`, the choice of the folder to `resources.store`. Independent of Dagster and
MLflow.
"""
