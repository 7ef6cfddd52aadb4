"""Harmful brain activity classification as software-defined assets.

Dagster finds the code location here: `defs` is the only public name. It is built on first access, so that a notebook
that imports `hbac_assets.signals` does not load Dagster. Importing this package selects Keras' backend and settings:
import it before keras.
"""

import os
from pathlib import Path
from typing import Any

from hbac_assets.resources.paths import DATA_FOLDER

_CACHE = DATA_FOLDER / "cache"

os.environ["KERAS_BACKEND"] = "jax"
# A user's ~/.keras/keras.json would change the layout of images and the results; Keras finds none here.
os.environ["KERAS_HOME"] = str(_CACHE / "keras")
# keras-cv gets Keras from TensorFlow, which must be the one used here.
os.environ.pop("TF_USE_LEGACY_KERAS", None)
# keras-cv imports TensorFlow, which otherwise reports its CPU features and its oneDNN operations on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

if not os.environ.get("HOME"):
    os.environ.pop("HOME", None)  # an empty one stands for the root folder
    try:
        Path.home()
    except RuntimeError:  # nor does the system know one, as in a container that is run under any user id
        os.environ["HOME"] = str(_CACHE / "home")


def __getattr__(name: str) -> Any:
    if name != "defs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hbac_assets.definitions import defs

    return defs


def __dir__() -> list[str]:
    return ["defs"]
