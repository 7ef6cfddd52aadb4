"""The store: whole files, tables and arrays, locks, and artifacts with their manifests.

Everything that is written goes through here; no record names an absolute path. Where each artifact of the project lies
and which is made from which stands in `lineage`; which folder the store is, in `resources.store`. Knows neither Dagster
nor MLflow.
"""
