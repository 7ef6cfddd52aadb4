"""The tables of a data set: those of the competition, and the truth."""

import numpy as np
import pandas as pd

from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.synthetic.recordings import Recording
from hbac_assets.synthetic.votes import consensus


def train_table(recordings: list[Recording]) -> pd.DataFrame:
    """Return train.csv: one row for each labelled moment of the training recordings."""
    table = pd.concat([_rows(recording) for recording in recordings], ignore_index=True)
    return table.assign(spectrogram_sub_id=table.groupby("spectrogram_id").cumcount())


def test_table(recordings: list[Recording]) -> pd.DataFrame:
    """Return test.csv: one row for each test recording."""
    rows = [(recording.spectrogram_id, recording.excerpts[0].eeg_id, recording.patient.id) for recording in recordings]
    return pd.DataFrame(rows, columns=["spectrogram_id", "eeg_id", "patient_id"])


def sample_submission(test: pd.DataFrame) -> pd.DataFrame:
    """Return sample_submission.csv: every class equally likely."""
    return pd.DataFrame({"eeg_id": test["eeg_id"], **dict.fromkeys(VOTE_COLUMNS, 1 / len(CLASSES))})


def truth_table(recordings: list[Recording]) -> pd.DataFrame:
    """Return ids, true probabilities and votes of every labelled moment of the recordings."""
    table = train_table(recordings)
    probabilities = [excerpt.probabilities for recording in recordings for excerpt in recording.excerpts]
    table[list(PROBABILITY_COLUMNS)] = np.concatenate(probabilities)
    ids = ["eeg_id", "eeg_sub_id", "spectrogram_id", "label_id", "patient_id"]
    return table[[*ids, *PROBABILITY_COLUMNS, *VOTE_COLUMNS]]


def _rows(recording: Recording) -> pd.DataFrame:
    excerpts = recording.excerpts
    rows = [len(excerpt.offsets) for excerpt in excerpts]
    votes = np.concatenate([excerpt.votes for excerpt in excerpts])
    return pd.DataFrame(
        {
            "eeg_id": np.repeat([excerpt.eeg_id for excerpt in excerpts], rows),
            "eeg_sub_id": np.concatenate([np.arange(count) for count in rows]),
            "eeg_label_offset_seconds": np.concatenate([excerpt.offsets for excerpt in excerpts]).astype(float),
            "spectrogram_id": recording.spectrogram_id,
            "spectrogram_sub_id": 0,
            "spectrogram_label_offset_seconds": np.concatenate(
                [recording.spectrogram_start + excerpt.spectrogram_offsets for excerpt in excerpts]
            ).astype(float),
            "label_id": np.concatenate([excerpt.label_ids for excerpt in excerpts]),
            "patient_id": recording.patient.id,
            "expert_consensus": consensus(votes),
            **dict(zip(VOTE_COLUMNS, votes.T, strict=True)),
        }
    )
