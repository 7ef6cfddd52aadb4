"""What the array of one recording holds."""

import errno
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.arrays import EegFacts, convert_eeg, convert_spectrogram, write_npy
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.files import file_digest
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS


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
    assert facts.nan_share == pytest.approx(100 / (20 * 12_000))
    assert facts.digest == hashlib.sha256((tmp_path / "new" / "7.npy").read_bytes()).hexdigest()


def test_a_window_beyond_the_end_is_a_fault_of_the_file(tmp_path: Path, eeg: pd.DataFrame) -> None:
    source = tmp_path / "7.parquet"
    eeg.to_parquet(source, index=False)
    with pytest.raises(
        RecordingError,
        match=r"7\.parquet: expected at least 12400 rows, for a label's window begins at 12 s, found 12000; correct",
    ):
        convert_eeg(source, tmp_path / "7.npy", RECIPE, [0, 12])
    assert not (tmp_path / "7.npy").exists()


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
