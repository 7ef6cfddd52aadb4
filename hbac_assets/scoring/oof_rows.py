"""The rows of the out-of-fold table: of members, ensembles and references."""

import numpy as np
import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.scoring.metric import kl_divergence

ID_COLUMNS = [
    "label_id",
    "eeg_id",
    "eeg_sub_id",
    "spectrogram_id",
    "spectrogram_sub_id",
    "patient_id",
    "fold",
]


def oof_rows(rows: pd.DataFrame, model: str, probabilities: np.ndarray) -> pd.DataFrame:
    """Return the rows that `oof_predictions` stores for `rows`, predicted by `model` with (N, 6) `probabilities`."""
    predicted = pd.DataFrame(probabilities, index=rows.index, columns=list(PROBABILITY_COLUMNS), dtype="float64")
    kept = rows[[*ID_COLUMNS, *SHARE_COLUMNS, "vote_count", "agreement"]]
    divergence = kl_divergence(kept[list(SHARE_COLUMNS)].to_numpy(), predicted.to_numpy())
    return pd.concat([kept, predicted], axis=1).assign(kl=divergence, member=model)
