"""The references that models are compared with on the same rows: class prior and band powers."""

import numpy as np
import pandas as pd

from hbac_assets.assets.prediction import require_unchanged
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.learning.inputs.kaggle import cut_window
from hbac_assets.lineage import Lineage
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.references import (
    CLASS_PRIOR,
    LOGISTIC_REGRESSION,
    band_powers,
    class_prior,
    logistic_regression,
)
from hbac_assets.store.tables import read_table


def reference_rows(lineage: Lineage) -> pd.DataFrame:
    """Return the out-of-fold rows of the class prior and of logistic regression on plain band powers.

    Raises:
        HbacError: an array of the store is missing or differs from its table.
    """
    rows = read_table(lineage.folds)
    arrays = lineage.stored_arrays(None)
    if not any(arrays in lineage.member_inputs(member) for member in lineage.experiment.members):
        # If a member uses them, the same arrays were compared when its images were made.
        require_unchanged(arrays, rows[arrays.id])
    shares, folds = rows[list(SHARE_COLUMNS)].to_numpy(), rows["fold"].to_numpy()
    windows = zip(rows["spectrogram_id"], rows["spectrogram_label_offset_seconds"], strict=True)
    folder = lineage.spectrogram_folder()
    features = np.stack([band_powers(cut_window(folder / f"{one}.npy", offset)) for one, offset in windows])
    return pd.concat(
        [
            oof_rows(rows, CLASS_PRIOR, class_prior(shares, folds)),
            oof_rows(rows, LOGISTIC_REGRESSION, logistic_regression(features, shares, folds)),
        ]
    )
