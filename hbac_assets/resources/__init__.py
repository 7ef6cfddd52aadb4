"""The Dagster resources: competition data, store, accelerator, tracking, experiment, and their helpers."""
