"""The bundle as an MLflow model with windows as nested lists in JSON, MLflow's default for arrays.

MLflow stores this file with the model and runs it to load the model.
"""

from pathlib import Path
from typing import Any

import mlflow  # noqa: TID253  (nothing here imports this file)

from hbac_assets.inference.bundle import open_bundle
from hbac_assets.signals.window import Window


class JsonModel(mlflow.pyfunc.PythonModel):
    """Arrays of windows by name in, probabilities (N, 6) out."""

    def load_context(self, context: Any) -> None:
        """Open the bundle."""
        self.predictor = open_bundle(Path(context.artifacts["bundle"]))

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return the probabilities."""
        windows = [
            Window(**dict(zip(model_input, arrays, strict=True))) for arrays in zip(*model_input.values(), strict=True)
        ]
        return self.predictor.predict(windows).probabilities


mlflow.models.set_model(JsonModel())
