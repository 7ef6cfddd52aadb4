import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hbac_assets.learning.search.pictures import search_history, search_importances

TRIALS = pd.DataFrame(
    {
        "trial": range(1, 9),
        "batch": [1, 1, 1, 1, 2, 2, 2, 2],
        "outcome": ["complete", "diverged", "complete", "complete", "pruned", "diverged", "complete", "pruned"],
        "loss": [1.2, np.nan, 1.1, 1.3, 1.4, 90.0, 0.9, 1.3],
    }
)
SHARES = {"peak": 0.7, "dropout": 0.3}


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture), formats=["PNG"]).convert("RGB"))


@pytest.mark.parametrize(
    "change",
    [
        {"loss": [*TRIALS["loss"][:6], 0.8, 1.3]},
        {"outcome": [*TRIALS["outcome"][:7], "complete"]},
        {"batch": [1, 1, 1, 1, 1, 2, 2, 2]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_history_shows_losses_outcomes_and_batches(change):
    one, other = (pixels(search_history(trials, "b1")) for trials in (TRIALS, TRIALS.assign(**change)))
    assert one.shape == other.shape
    assert (one != other).any()


@pytest.mark.parametrize("outcome", ["diverged", "pruned"])
def test_a_history_without_a_complete_trial_can_be_drawn(outcome):
    assert pixels(search_history(TRIALS.assign(outcome=outcome, loss=np.nan), "b1")).std() > 0


def test_importances_are_bars_or_the_reason_why_there_are_none():
    shown = pixels(search_importances(SHARES, "b1"))
    assert (shown != pixels(search_importances({"peak": 0.6, "dropout": 0.4}, "b1"))).any()
    none = pixels(search_importances({}, "b1"))
    assert none.std() > 0
    assert (shown != none).any()
