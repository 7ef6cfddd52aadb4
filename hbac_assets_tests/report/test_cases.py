"""The choice of single rows, and their recordings."""

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.metadata import SHARE_COLUMNS, enrich
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.recordings.montage_plot import MARGIN_SECONDS
from hbac_assets.report.cases import Case, most_certain_hits, opened, typical_rows, worst_misses
from hbac_assets.report.charts.cases import case_picture, gallery_picture
from hbac_assets.report.page import Page
from hbac_assets.report.sections.cases import _section
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets_tests.report.pages import require_self_contained

SURE, UNSURE = 0.9, 0.4


def rows(*cases):
    """Return predicted rows: patient, classes that share the votes, predicted class, its probability."""
    shares, given = np.zeros((len(cases), 6)), np.zeros((len(cases), 6))
    for number, (_, voted, predicted, probability) in enumerate(cases):
        shares[number, list(voted)] = 1 / len(voted)
        given[number] = (1 - probability) / 5
        given[number, predicted] = probability
    frame = pd.DataFrame(np.hstack([shares, given]), columns=[*SHARE_COLUMNS, *PROBABILITY_COLUMNS])
    patients = [patient for patient, *_ in cases]
    return frame.assign(label_id=range(len(cases)), patient_id=patients, kl=kl_divergence(shares, given))


def labels(frame):
    return frame["label_id"].tolist()


def test_hits_are_the_most_certain_correct_rows_one_per_patient():
    table = rows((1, [0], 0, 0.6), (2, [1], 1, 0.95), (2, [2], 2, 0.99), (3, [3], 4, 0.999), (4, [0, 1], 0, 0.98))
    assert labels(most_certain_hits(table, 3)) == [2, 0]
    assert labels(most_certain_hits(table, 1)) == [2]


def test_misses_are_the_costliest_wrong_rows_one_per_patient():
    """Not the row of a tie of which one half is predicted, however much it costs."""
    table = rows((1, [0], 1, 0.6), (2, [1], 2, 0.95), (2, [2], 3, 0.99), (3, [3], 3, 0.21), (4, [0, 1], 0, 0.999))
    assert labels(worst_misses(table, 3)) == [2, 0]
    assert labels(worst_misses(rows((1, [0, 1], 2, 0.5)), 3)) == [0]


def test_without_hits_or_misses_the_page_says_so():
    empty = worst_misses(rows((1, [0], 0, SURE)), 3)
    assert empty.empty
    assert _section("Misses", "Rows that cost most.", []).blocks[0].text == "There are none. Rows that cost most."


def row(**more):
    shares = dict.fromkeys(SHARE_COLUMNS, 0.0) | {SHARE_COLUMNS[1]: 1.0}
    given = dict.fromkeys(PROBABILITY_COLUMNS, 0.1) | {PROBABILITY_COLUMNS[2]: 0.5}
    ids = {name: more.pop(name, f"<b>{name}</b>") for name in ("label_id", "eeg_id", "spectrogram_id", "patient_id")}
    return pd.Series({**ids, "fold": 0, "vote_count": 3, "kl": 2.3026, **shares, **given, **more})


def test_ids_are_texts_like_any_other():
    case = Case(row(eeg_label_offset_seconds=4), None, "<i>", np.ones((400, 300), np.float32))
    page = require_self_contained(Page("title", [], [_section("Misses", "Rows.", [case])]).html())
    assert (
        "Label <b>label_id</b>: EEG <b>eeg_id</b> from 24 s on, spectrogram <b>spectrogram_id</b>, patient" in page.text
    )
    assert "Votes of 3 experts; KL divergence 2.3026." in page.text
    assert page.headings[-1] == (3, "1. LPD by the experts, GPD by the model")
    assert "No EEG, since <i>" in page.text


@pytest.fixture
def recording(tmp_path):
    """Write an EEG whose sample k of electrode e is k + e / 100, of so many seconds."""

    def write(seconds):
        samples = np.arange(seconds * EEG_RATE, dtype=np.float32)
        columns = {name: samples + number / 100 for number, name in enumerate(EEG_COLUMNS)}
        folder = tmp_path / "train_eegs"
        folder.mkdir(exist_ok=True)
        pd.DataFrame(columns).to_parquet(folder / "7.parquet")

    return write


class Spectrograms:
    """What `opened` asks of a lineage."""

    def __init__(self, folder):
        self.folder = folder
        self.dataset = self

    def spectrogram_folder(self):
        return self.folder


@pytest.mark.parametrize(("seconds", "there"), [(60, 14), (40, 14), (30, 8)])
def test_the_labelled_seconds_are_cut_with_margins_and_padded_where_the_recording_ends(
    seconds, there, recording, tmp_path
):
    recording(seconds)
    np.save(tmp_path / "9.npy", np.arange(400 * 310, dtype=np.float32).reshape(400, 310))
    offsets = {"eeg_label_offset_seconds": 4, "spectrogram_label_offset_seconds": 20}
    case = opened(Spectrograms(tmp_path), row(eeg_id=7, spectrogram_id=9, **offsets))
    assert case.missing == ""
    assert case.eeg_start == 24
    assert case.eeg.shape == ((10 + 2 * MARGIN_SECONDS) * EEG_RATE, len(ELECTRODES))
    known = ~np.isnan(case.eeg).any(axis=1)
    assert known.sum() == there * EEG_RATE
    assert case.eeg[0, 3] == pytest.approx(22 * EEG_RATE + 0.03, rel=1e-5)
    assert case.power[0, 0] == 10
    assert case.power.shape == (400, 300)
    figure = case_picture(case)
    eeg, *chains = (axes for part in figure.subfigs for axes in part.axes)
    assert eeg.get_xlim() == pytest.approx((24, 34))
    assert eeg.get_xlabel() == "time in the EEG, s; all of it labelled"
    assert "µV" in eeg.texts[0].get_text()
    assert chains[3].get_xlabel() == "time in the labelled window, min"
    marks = [line.get_xdata()[0] * 60 for line in chains[0].lines]
    assert marks == pytest.approx([295, 305])


def test_typical_rows_are_those_that_experts_agree_on_most_one_of_each_patient():
    votes = np.zeros((5, 6), dtype=int)
    votes[:, 1] = [3, 9, 9, 2, 12]  # LPD, with dissent in the last
    votes[4, 0] = 2
    rows = enrich(pd.DataFrame(votes, columns=list(VOTE_COLUMNS))).assign(
        expert_consensus="LPD", label_id=range(5), patient_id=[7, 7, 8, 9, 10]
    )
    (found,) = typical_rows(rows, 3).items()
    assert found[0] == "LPD"
    assert found[1]["label_id"].tolist() == [1, 2, 3]


def test_a_gallery_has_the_votes_and_any_prediction_above_the_recordings():
    row = pd.Series(dict.fromkeys(SHARE_COLUMNS, 1 / 6) | {"eeg_label_offset_seconds": 0})
    predicted = pd.concat([row, pd.Series(dict.fromkeys(PROBABILITY_COLUMNS, 1 / 6))])
    power = np.ones((400, 300), np.float32)
    for one, bars in ((row, 6), (predicted, 12)):
        votes, *others = gallery_picture(Case(one, None, "none", power), "title").axes
        assert len(votes.patches) == bars
        assert votes.get_ylabel() == "fraction"
        assert len(others) == 5


def test_without_an_eeg_there_is_the_spectrogram_alone(tmp_path):
    np.save(tmp_path / "9.npy", np.ones((400, 300), np.float32))
    offsets = {"eeg_label_offset_seconds": 0, "spectrogram_label_offset_seconds": 0}
    case = opened(Spectrograms(tmp_path), row(eeg_id=7, spectrogram_id=9, **offsets))
    assert (case.eeg, case.missing) == (None, "there is no file train_eegs/7.parquet")
    assert len(case_picture(case).axes) == 5  # four chains and their scale
