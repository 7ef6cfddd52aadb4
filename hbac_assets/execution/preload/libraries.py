"""Imported between both: the slow packages, without initialising a device.

A failing import is ignored here, where it would end the fork server; it fails again, and is reported, in the step that
needs it.
"""

from contextlib import suppress
from importlib import import_module

LIBRARIES = (
    "jax",
    "keras_cv",
    "mlflow",
    "mlflow.store.tracking.sqlalchemy_store",
    # Dagster's event storage, which every step opens. Private to Dagster: if renamed, steps merely start later.
    "dagster._core.storage.sqlite_storage",
)

for name in LIBRARIES:
    with suppress(Exception):
        import_module(name)
