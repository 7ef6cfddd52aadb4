"""Imported between both: what takes long to import. None of it touches a device.

One that fails here fails again in the step that needs it, where it is told; here it would end the process that all
steps are forked from.
"""

from contextlib import suppress
from importlib import import_module

for name in ("jax", "keras_cv", "mlflow", "mlflow.store.tracking.sqlalchemy_store"):
    with suppress(Exception):
        import_module(name)
