"""The ensembles of an experiment: the scores of each blending method, and the chosen ones."""

import pandas as pd

from hbac_assets.experiments.ensembles import BEST
from hbac_assets.lineage import Lineage
from hbac_assets.scoring.nested import Recipe

ROWS, METHODS = "oof.parquet", "methods.csv"


def methods_table(lineage: Lineage) -> pd.DataFrame:
    """Return ensemble, method, calibration, patient_context, chosen, rows, patients, and nested KL: mean, low, high.

    `chosen` marks the method and calibration of the submission. The last row of an ensemble is its own score: that of
    the choice if there was one, whose method or calibration is then best, and with the patient's other recordings if
    they are used.
    """
    return pd.read_csv(lineage.ensemble.path / METHODS)


def ensemble_rows(lineage: Lineage, ensemble: str) -> pd.DataFrame:
    """Return the out-of-fold rows of an ensemble, as `scoring.oof_rows` makes them."""
    oof = pd.read_parquet(lineage.ensemble.path / ROWS)
    return oof[oof["member"] == ensemble].reset_index(drop=True)


def chosen_methods(lineage: Lineage) -> dict[str, str]:
    """Return the method and calibration of each ensemble."""
    methods = methods_table(lineage)
    methods["patient_context"] = methods.groupby("ensemble")["patient_context"].transform("any")
    chosen = methods[methods["chosen"]]
    return dict(zip(chosen["ensemble"], method_labels(chosen), strict=True))


def method_labels(methods: pd.DataFrame) -> list[str]:
    """Return the labels of the rows of the table of methods."""
    labels = []
    for row in methods.to_dict("records"):
        method, calibration = row["method"], row["calibration"]
        both_chosen = method == calibration == BEST
        label = BEST if both_chosen else str(Recipe(method, calibration))
        labels.append(f"{label} + patient context" if row["patient_context"] else label)
    return labels
