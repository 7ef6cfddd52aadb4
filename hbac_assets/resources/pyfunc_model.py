"""A bundle as a model of MLflow, which stores this file with the bundle and runs it when the model is loaded.

It needs the packages of the bundle's requirements.txt and MLflow, not this project.
"""

import sys
from pathlib import Path
from typing import Any

import mlflow  # noqa: TID253  (nothing here imports this file)


class BundleModel(mlflow.pyfunc.PythonModel):
    """A function from windows to probabilities (N, 6).

    The input is the arrays of `Window` that the members use, by name: `eeg` (N, 10000, 19) in µV, `spectrogram`
    (N, 400, 300) in µV²/Hz, NaN where something is missing.
    """

    def load_context(self, context: Any) -> None:
        """Open the bundle with the code that it carries; another bundle of this process keeps its own."""
        folder = Path(context.artifacts["bundle"])
        for name in [name for name in sys.modules if name.partition(".")[0] == "hbac_bundle"]:
            del sys.modules[name]
        sys.path.insert(0, str(folder))
        try:
            from hbac_bundle.inference.bundle import open_bundle
            from hbac_bundle.signals.window import Window
        finally:
            sys.path.remove(str(folder))
        self.window, self.predictor = Window, open_bundle(folder)

    # Without type hints, from which MLflow would derive a schema that replaces the signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return the probabilities of windows."""
        count = len(next(iter(model_input.values())))
        windows = (self.window(**{name: arrays[row] for name, arrays in model_input.items()}) for row in range(count))
        return self.predictor.predict(windows).probabilities


mlflow.models.set_model(BundleModel())
