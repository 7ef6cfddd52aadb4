"""Harmful brain activity classification as software-defined assets.

Dagster finds the code location here: `defs` is the one name that this package offers. It is built when it is asked
for, so that a notebook which imports `hbac_assets.signals` does not pay for Dagster. Importing this package chooses
Keras' backend and settings: import it before keras.
"""

import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# A user's ~/.keras/keras.json would change the layout of images and the numbers that come out; there Keras finds none.
os.environ["KERAS_HOME"] = str(Path(__file__).resolve().parents[1] / "data" / "cache" / "keras")
# keras-cv asks TensorFlow for its Keras, which has to be the one used here.
os.environ.pop("TF_USE_LEGACY_KERAS", None)
# keras-cv imports TensorFlow, which otherwise reports its CPU features and its oneDNN operations on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def __getattr__(name: str) -> Any:
    if name != "defs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hbac_assets.definitions import defs

    return defs


def __dir__() -> list[str]:
    return ["defs"]
