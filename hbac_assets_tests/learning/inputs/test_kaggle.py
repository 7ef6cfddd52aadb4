from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning.inputs.kaggle import KaggleView, cut_window
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.images import log_power


def load_windows(rows: pd.DataFrame, folder: Path, preprocessing: Preprocessing) -> np.ndarray:
    read = KaggleView().reader(rows, Arrays(folder, rows), preprocessing, preprocessing.image_size)
    return np.stack([read(row) for row in range(len(rows))])


def rows(*places: tuple[int, float]) -> pd.DataFrame:
    return pd.DataFrame(places, columns=["spectrogram_id", "spectrogram_label_offset_seconds"])


@pytest.fixture
def ramp(tmp_path: Path) -> np.ndarray:
    """A recording of 14 min in which every pixel has its own value; stored as 7.npy."""
    spectrogram = np.exp(np.linspace(-3, 7, 400 * 420)).reshape(400, 420).astype(np.float32)
    np.save(tmp_path / "7.npy", spectrogram)
    return spectrogram


def test_the_window_starts_at_the_offset(tmp_path: Path, ramp: np.ndarray) -> None:
    images = load_windows(rows((7, 0), (7, 100)), tmp_path, Preprocessing())
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[0], np.log(ramp[:, :300]))
    np.testing.assert_array_equal(images[1], np.log(ramp[:, 50:350]))


def test_beyond_the_recording_there_are_zeros(tmp_path: Path, ramp: np.ndarray) -> None:
    window = cut_window(tmp_path / "7.npy", 800)
    np.testing.assert_array_equal(window[:, :20], ramp[:, 400:])
    assert window.shape == (400, 300)
    assert not window[:, 20:].any()


def test_a_narrower_window_lies_around_the_labelled_moment(tmp_path: Path, ramp: np.ndarray) -> None:
    image = load_windows(rows((7, 40)), tmp_path, Preprocessing(window=100, image_size=(400, 100)))[0]
    np.testing.assert_array_equal(image, np.log(ramp[:, 120:220]))


def test_clipping_bounds_the_logarithm(tmp_path: Path) -> None:
    spectrogram = np.ones((400, 300), dtype=np.float32)
    spectrogram[0, :2] = 0, 1e9
    np.save(tmp_path / "1.npy", spectrogram)
    image = load_windows(rows((1, 0)), tmp_path, Preprocessing(clip=(-4, 8)))[0]
    np.testing.assert_allclose(image[0, :3], [-4, 8, 0], atol=1e-6)


def test_missing_power_as_zero_and_as_minus_one_is_one_pixel() -> None:
    np.testing.assert_allclose(log_power(np.array([0.0, -1.0]), (-6, 10)), [-6, -6], rtol=1e-6)


def test_averaging_down_by_hand(tmp_path: Path) -> None:
    log_power = np.arange(400 * 300).reshape(400, 300) / 30_000
    np.save(tmp_path / "1.npy", np.exp(log_power).astype(np.float32))
    image = load_windows(rows((1, 0)), tmp_path, Preprocessing(image_size=(100, 60)))[0]
    by_hand = log_power.reshape(100, 4, 60, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(image, by_hand, atol=1e-5)


@pytest.mark.parametrize("offset", [-2, 840, 5000])
def test_a_window_outside_the_recording_is_refused(tmp_path: Path, ramp: np.ndarray, offset: int) -> None:
    with pytest.raises(HbacError, match=rf"7\.npy: .*within the recording's 840 s, found {offset} s"):
        load_windows(rows((7, offset)), tmp_path, Preprocessing())


@pytest.mark.parametrize(
    "array",
    [np.zeros((300, 400), np.float32), np.zeros((400, 300)), np.zeros(400, np.float32)],
    ids=["transposed", "float64", "one axis"],
)
def test_an_array_of_another_kind_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "7.npy", array)
    with pytest.raises(HbacError, match=r"7\.npy: expected float32 \(400, T\), found"):
        load_windows(rows((7, 0)), tmp_path, Preprocessing())


def test_missing_truncated_and_pickled_files_are_named(tmp_path: Path, ramp: np.ndarray) -> None:
    with pytest.raises(HbacError, match=r"8\.npy: missing"):
        load_windows(rows((8, 0)), tmp_path, Preprocessing())
    whole = (tmp_path / "7.npy").read_bytes()
    (tmp_path / "7.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HbacError, match=r"7\.npy: not an \.npy array"):
        load_windows(rows((7, 0)), tmp_path, Preprocessing())
    np.save(tmp_path / "9.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(HbacError, match=r"9\.npy: not an \.npy array"):
        load_windows(rows((9, 0)), tmp_path, Preprocessing())
