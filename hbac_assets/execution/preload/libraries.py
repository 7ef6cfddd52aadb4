"""Imported between both: what takes long to import. None of it touches a device.

One that fails here fails again in the step that needs it, where it is told; here it would end the process that all
steps are forked from.
"""

from contextlib import suppress
from importlib import import_module

LIBRARIES = (
    "jax",
    "keras_cv",
    "mlflow",
    "mlflow.store.tracking.sqlalchemy_store",
    # Where Dagster keeps its events, which every step opens. Private to it: were it renamed, steps would start later.
    "dagster._core.storage.sqlite_storage",
)

for name in LIBRARIES:
    with suppress(Exception):
        import_module(name)
