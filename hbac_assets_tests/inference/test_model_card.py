"""The model card states a bundle's training data, its scores and its forbidden uses."""

from pathlib import Path

import pytest

from hbac_assets.inference.model_card import model_card
from hbac_assets_tests.inference.small_bundle import write_bundle


@pytest.mark.parametrize("data", ["synthetic-01234567", "kaggle-01234567"])
def test_the_card_has_data_scores_and_limits(tmp_path: Path, data: str) -> None:
    description = write_bundle(tmp_path)
    for member in description["members"].values():
        member["backbone"] = "mobilenet_v3_small"
    score = {"model": "both", "mean": 0.56789, "low": 0.5, "high": 0.625, "prior": 1.2, "rows": 344}
    alone = {"model": "eeg", "mean": 0.7, "low": None, "high": None, "prior": 1.2, "rows": 344}
    card = model_card(
        description
        | {
            "experiment": "mine",
            "ensemble": "both",
            "scores": [score, alone],
            "differences": {"one": 1e-7, "two": 3e-7},
        }
        | {"data": {"name": data, "rows": 344, "patients": 86}}
    )
    assert "| both | 0.5679 [0.500, 0.625] | 1.2000 | 344 |" in card
    assert "| eeg | 0.7000 | 1.2000 | 344 |" in card
    assert "| kaggle | mobilenet_v3_small | 10 min of the spectrogram |" in card
    assert "| eeg | mobilenet_v3_small | 50 s of EEG |" in card
    assert "not a medical device" in card
    assert "Not for diagnosis" in card
    assert "344 labelled windows of 86 patients" in card
    assert "weights kaggle 0.250, eeg 0.750" in card
    assert "to within 3e-07" in card
    assert ("These data are synthetic" in card) == data.startswith("synthetic")
