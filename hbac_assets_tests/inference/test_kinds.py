"""Every kind of input makes the same array of a window as of the stored recording."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.arrays import convert_eeg, convert_spectrogram
from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.competition.windows import MIDDLE, eeg_window, spectrogram_window
from hbac_assets.inference.bundle import frozen
from hbac_assets.learning.inputs.kind import Arrays, Source, Stored
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import EEG_COLUMNS
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets.signals.window import Window

RECIPE = EegRecipe(size=(16, 32), denoising="db8")
OFFSETS = {"eeg_label_offset_seconds": [0, 8], "spectrogram_label_offset_seconds": [0, 60]}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A spectrogram of 11 min and an EEG of 58 s with gaps, as parquet files called 7."""
    random = np.random.default_rng(0)
    power = random.lognormal(size=(330, 400)).astype(np.float32)
    power[40:50, :100] = power[320:] = np.nan
    table = pd.DataFrame(power, columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(330))
    table.to_parquet(tmp_path / "spectrogram.parquet")
    eeg = random.normal(0, 40, (11_600, 20)).cumsum(axis=0).astype(np.float32) % 300
    eeg[500:900, 3] = eeg[:, 7] = np.nan
    pd.DataFrame(eeg, columns=list(EEG_COLUMNS)).to_parquet(tmp_path / "eeg.parquet")
    return tmp_path


def stored(raw: Path, rows: pd.DataFrame, sources: tuple[Source, ...]) -> Stored:
    """The arrays that the conversions make."""
    offsets = OFFSETS["eeg_label_offset_seconds"]
    windows = pd.DataFrame({"eeg_id": 7, "offset_seconds": offsets, "position": range(len(offsets))})
    arrays = {}
    for number, source in enumerate(sources):
        folder = raw / f"arrays_{number}"
        folder.mkdir()
        if source is None:
            convert_spectrogram(raw / "spectrogram.parquet", folder / "7.npy")
        else:
            convert_eeg(raw / "eeg.parquet", folder / "7.npy", source, offsets)
        arrays[source] = Arrays(folder, rows if source is None else windows)
    return arrays


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_becomes_the_array_of_its_row(raw: Path, kind: str) -> None:
    """And so it does with the settings as a bundle holds them."""
    eeg_recipe = {"eeg": RECIPE} if "eeg" in KINDS[kind].recipes else {}
    settings = Preprocessing.model_validate({"input": kind, "image_size": (48, 24), "window": 200, **eeg_recipe})
    carried = frozen(settings.model_dump(mode="json"))
    rows = pd.DataFrame({"spectrogram_id": 7, "eeg_id": 7, **OFFSETS})
    read = settings.kind.reader(rows, stored(raw, rows, settings.kind.sources(settings)), settings)
    eeg, power = read_eeg(raw / "eeg.parquet"), read_spectrogram(raw / "spectrogram.parquet")
    for row, places in enumerate(zip(*OFFSETS.values(), strict=True)):
        window = Window(eeg_window(eeg, places[0]), spectrogram_window(power, places[1]))
        found = settings.kind.of_window(window, settings)
        assert found is not None
        np.testing.assert_array_equal(found, read(row))
        np.testing.assert_array_equal(found, KINDS[carried.input].of_window(window, carried))
        assert (found.shape, found.dtype) == (settings.kind.shape(settings), np.float16)


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_that_shows_nothing_is_not_seen(kind: str) -> None:
    settings = Preprocessing.model_validate({"input": kind, "image_size": (48, 24)})
    flat = Window(np.full((10_000, 19), 3, np.float32), np.zeros((400, 300), np.float32))
    missing = Window(np.full((10_000, 19), np.nan, np.float32), np.full((400, 300), np.nan, np.float32))
    for window in (Window(), flat, missing):
        assert settings.kind.of_window(window, settings) is None


def test_where_the_table_gives_no_place_it_is_the_middle() -> None:
    assert eeg_window(np.arange(10_400)[:, None], MIDDLE)[0] == 200
    assert spectrogram_window(np.broadcast_to(np.arange(340.0), (400, 340)), MIDDLE)[0, 0] == 20
