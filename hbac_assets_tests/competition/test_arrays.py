"""The array of one recording."""

import errno
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.arrays import EegFacts, convert_eeg, convert_spectrogram, write_npy
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.competition.tables import MIDDLE
from hbac_assets.signals.eeg_arrays import Recipe
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS
from hbac_assets.signals.waveform import waveform
from hbac_assets.signals.waveform_recipe import WaveformRecipe
from hbac_assets.store.files import file_digest


def test_a_spectrogram_is_frequency_first_without_gaps(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    spectrogram.loc[:31, "RL_0.59"] = np.nan
    spectrogram.to_parquet(tmp_path / "7.parquet", index=False)
    conversion = convert_spectrogram(tmp_path / "7.parquet", tmp_path / "new" / "7.npy")

    array = np.load(tmp_path / "new" / "7.npy", allow_pickle=False)
    np.testing.assert_array_equal(array, spectrogram[list(SPECTROGRAM_COLUMNS)].fillna(0).to_numpy().T)
    assert (array.dtype, array.shape, array.flags.c_contiguous) == (np.float32, (400, 320), True)
    assert conversion.columns == 320
    assert conversion.nan_share == pytest.approx(32 / (400 * 320))
    assert conversion.digest == file_digest(tmp_path / "new" / "7.npy")


def test_npy_is_what_numpy_would_write(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(400, 310)).astype(np.float32)
    write_npy(tmp_path / "ours.npy", array)
    np.save(tmp_path / "theirs.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_full_disk_has_its_error_number() -> None:
    with pytest.raises(OSError, match="No space left") as error:
        write_npy(Path("/dev/full"), np.ones((400, 300), np.float32))
    assert error.value.errno == errno.ENOSPC


RECIPE = EegRecipe(size=(16, 32))


def test_an_eeg_becomes_a_spectrogram_for_each_window(tmp_path: Path, eeg: pd.DataFrame) -> None:
    eeg.loc[:99, "O2"] = np.nan
    eeg.to_parquet(tmp_path / "7.parquet", index=False)
    facts = convert_eeg(tmp_path / "7.parquet", tmp_path / "new" / "7.npy", RECIPE, [0, 4, 10])

    array = np.load(tmp_path / "new" / "7.npy", allow_pickle=False)
    assert (array.dtype, array.shape, array.flags.c_contiguous) == (np.float32, (3, 64, 32), True)
    for spectrogram, offset in zip(array, (0, 4, 10), strict=True):
        window = eeg.to_numpy()[200 * offset :][:10_000]
        np.testing.assert_allclose(spectrogram, eeg_spectrogram(window, RECIPE), atol=1e-5)
    assert np.abs(array[0] - array[1]).max() > 0.1
    assert facts.nan_share == pytest.approx(100 / (19 * 12_000))
    assert facts.missing == [pytest.approx(100 / (19 * 10_000)), 0, 0]
    assert facts.digest == hashlib.sha256((tmp_path / "new" / "7.npy").read_bytes()).hexdigest()


def test_an_eeg_becomes_the_waveforms_of_each_window(tmp_path: Path, eeg: pd.DataFrame) -> None:
    eeg.to_parquet(tmp_path / "7.parquet", index=False)
    recipe = WaveformRecipe(rate=50, seconds=10)
    facts = convert_eeg(tmp_path / "7.parquet", tmp_path / "7.npy", recipe, [0, 4, 20])
    array = np.load(tmp_path / "7.npy", allow_pickle=False)
    assert (array.dtype, array.shape, array.flags.c_contiguous) == (np.float16, (3, 18, 500), True)
    for waveforms, offset in zip(array[:2], (0, 4), strict=True):
        np.testing.assert_array_equal(waveforms, waveform(eeg.to_numpy()[200 * offset :][:10_000], recipe))
    assert not array[2].any()  # the window reaches beyond the recording
    assert facts.missing == [0, 0, None]


def test_a_window_without_a_signal_in_the_middle_has_none_for_waveforms(tmp_path: Path, eeg: pd.DataFrame) -> None:
    """Samples outside the part that a recipe uses do not count."""
    eeg.loc[4_000:5_999, :] = np.nan
    eeg.to_parquet(tmp_path / "7.parquet", index=False)
    recipes: tuple[Recipe, ...] = WaveformRecipe(seconds=10), WaveformRecipe(seconds=20), RECIPE
    missing = [
        convert_eeg(tmp_path / "7.parquet", tmp_path / f"{number}.npy", recipe, [0]).missing[0]
        for number, recipe in enumerate(recipes)
    ]
    assert missing == pytest.approx([1, 0.5, 0.2])
    assert missing[0] == 1
    assert not np.load(tmp_path / "0.npy", allow_pickle=False).any()
    assert np.load(tmp_path / "1.npy", allow_pickle=False).any()


def test_of_windows_without_a_signal_or_beyond_the_end_it_is_said(tmp_path: Path, eeg: pd.DataFrame) -> None:
    source = tmp_path / "7.parquet"
    eeg = pd.concat([eeg, eeg], ignore_index=True).assign(Cz=5.0)
    eeg.loc[:9_999, :] = np.nan
    eeg.loc[10_000:14_999, "O1"] = np.nan
    eeg.to_parquet(source, index=False)
    facts = convert_eeg(source, tmp_path / "7.npy", RECIPE, [0, 25, 50, 75])
    nothing_of_half, half_of_one, one = 0.5, 0.5 / 19, 1 / 19
    assert facts.missing[0] == 1
    assert facts.missing[1] == pytest.approx((nothing_of_half * 17 + 1 + 1) / 19)
    assert facts.missing[2] == pytest.approx(half_of_one + one)
    assert facts.missing[3] is None
    array = np.load(tmp_path / "7.npy", allow_pickle=False)
    assert not array[[0, 3]].any()
    assert array[1].any()


def test_the_middle_is_used_where_no_offset_is_given(tmp_path: Path, eeg: pd.DataFrame) -> None:
    source = tmp_path / "7.parquet"
    eeg.to_parquet(source, index=False)
    convert_eeg(source, tmp_path / "middle.npy", RECIPE, [MIDDLE])
    convert_eeg(source, tmp_path / "offset.npy", RECIPE, [5])
    np.testing.assert_array_equal(np.load(tmp_path / "middle.npy"), np.load(tmp_path / "offset.npy"))


def test_a_recording_shorter_than_a_window_lies_in_its_middle(
    tmp_path: Path, eeg: pd.DataFrame, spectrogram: pd.DataFrame
) -> None:
    eeg.head(9_000).to_parquet(tmp_path / "7.parquet", index=False)
    with pytest.raises(RecordingError, match="at least 10000 rows"):
        convert_eeg(tmp_path / "7.parquet", tmp_path / "7.npy", RECIPE, [MIDDLE])
    facts = convert_eeg(tmp_path / "7.parquet", tmp_path / "7.npy", RECIPE, [MIDDLE], least_samples=1)
    assert facts.missing == [pytest.approx(0.1)]
    padded = np.pad(eeg.head(9_000).to_numpy(), ((500, 500), (0, 0)), constant_values=np.nan)
    np.testing.assert_allclose(np.load(tmp_path / "7.npy")[0], eeg_spectrogram(padded, RECIPE), atol=1e-5)

    spectrogram.head(100).to_parquet(tmp_path / "8.parquet", index=False)
    short = convert_spectrogram(tmp_path / "8.parquet", tmp_path / "8.npy", least_columns=1)
    array = np.load(tmp_path / "8.npy")
    assert (short.columns, short.gaps, array.shape) == (300, "0-99 200-299", (400, 300))
    np.testing.assert_array_equal(array[:, 100:200], spectrogram[list(SPECTROGRAM_COLUMNS)].head(100).to_numpy().T)


def test_gaps_are_columns_without_any_power(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    spectrogram.iloc[:3, 1:] = np.nan
    spectrogram.iloc[10:11, 1:] = 0
    spectrogram.iloc[20, 5:] = np.nan
    spectrogram.iloc[-2:, 1:] = 0
    spectrogram.to_parquet(tmp_path / "7.parquet", index=False)
    assert convert_spectrogram(tmp_path / "7.parquet", tmp_path / "7.npy").gaps == "0-2 10-10 318-319"


@pytest.mark.parametrize("denoising", [None, "db8"])
def test_the_number_of_workers_changes_no_bit(tmp_path: Path, eeg: pd.DataFrame, denoising: str | None) -> None:
    sources = [tmp_path / f"{number}.parquet" for number in range(6)]
    for number, source in enumerate(sources):
        (eeg * (number + 1)).to_parquet(source, index=False)
    recipe = EegRecipe(denoising=denoising)
    converter = Converter("eeg_id", EegFacts, lambda source, target: convert_eeg(source, target, recipe, [0, 2]), "1")
    one, _ = convert_all(sources, tmp_path / "one", converter, 1)
    many, _ = convert_all(sources, tmp_path / "many", converter, 3)
    assert one["digest"].nunique() > 1
    pd.testing.assert_frame_equal(one, many)


def test_of_the_labelled_seconds_each_spectrogram_is_that_of_the_middle(tmp_path: Path, eeg: pd.DataFrame) -> None:
    recipe = RECIPE.of_label()
    eeg.loc[4_000:5_999, "O2"] = np.nan
    eeg.to_parquet(tmp_path / "7.parquet", index=False)
    facts = convert_eeg(tmp_path / "7.parquet", tmp_path / "7.npy", recipe, [0, 10, MIDDLE, 12])
    array = np.load(tmp_path / "7.npy", allow_pickle=False)
    for spectrogram, first in zip(array, (4_000, 6_000, 5_000), strict=False):
        expected = eeg_spectrogram(eeg.to_numpy()[first : first + 2_000], recipe)
        np.testing.assert_allclose(spectrogram, expected, atol=1e-5)
    # The last window ends after the recording, although its middle does not.
    assert facts.missing == [pytest.approx(1 / 19), 0, pytest.approx(0.5 / 19), None]
    assert not array[3].any()
