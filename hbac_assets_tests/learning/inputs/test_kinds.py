"""Members' images of a row: Kaggle's spectrogram, the EEG's, or both stacked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from hbac_assets.errors import HbacError
from hbac_assets.learning.image_source import read_all
from hbac_assets.learning.inputs.eeg import EegView
from hbac_assets.learning.inputs.kaggle import KaggleView
from hbac_assets.learning.inputs.kind import Arrays, Stored
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets_tests.learning.recordings import eeg_table, images_of, spectrogram_table

RECIPE = EegRecipe(size=(16, 32))
ROWS = pd.DataFrame(
    {
        "spectrogram_id": [7, 7, 7],
        "spectrogram_label_offset_seconds": [0, 4, 0],
        "eeg_id": [41, 41, 40],
        "eeg_label_offset_seconds": [6, 0, 0],
    }
)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """A spectrogram of 11 min, an EEG with two windows and one with one, whose pixels all differ."""
    rng = np.random.default_rng(0)
    eegs, spectrograms = tmp_path / "mel-0", tmp_path / "spectrograms"
    eegs.mkdir()
    spectrograms.mkdir()
    for eeg_id, count in ((41, 2), (40, 1)):
        np.save(eegs / f"{eeg_id}.npy", rng.uniform(-1, 1, (count, 64, 32)).astype(np.float32))
    np.save(spectrograms / "7.npy", rng.lognormal(size=(400, 330)).astype(np.float32))
    windows = pd.DataFrame({"eeg_id": [40, 41, 41], "offset_seconds": [0, 0, 6], "position": [0, 0, 1]})
    return {None: Arrays(spectrograms, ROWS), RECIPE: Arrays(eegs, windows)}


def load_images(rows: pd.DataFrame, stored: Stored, preprocessing: Preprocessing) -> np.ndarray:
    return read_all(preprocessing.kind.reader(rows, stored, preprocessing), len(rows), preprocessing.image_size)


def array(stored: Stored, eeg_id: int) -> np.ndarray:
    return np.asarray(np.load(stored[RECIPE].folder / f"{eeg_id}.npy"))


def preprocessing(**settings: object) -> Preprocessing:
    return Preprocessing.model_validate({"eeg": RECIPE, "image_size": (64, 32), **settings})


def test_an_eeg_image_is_the_window_of_its_label(stored: Stored) -> None:
    images = load_images(ROWS, stored, preprocessing(input="eeg", normalisation="data_wide"))
    assert images.dtype == np.float16
    expected = np.stack([array(stored, 41)[1], array(stored, 41)[0], array(stored, 40)[0]])
    np.testing.assert_array_equal(images, expected.astype(np.float16))


def test_it_is_averaged_down_or_spread_to_the_size_of_the_image(stored: Stored) -> None:
    small = load_images(ROWS, stored, preprocessing(input="eeg", image_size=(32, 8), normalisation="data_wide"))
    np.testing.assert_allclose(small[2], array(stored, 40)[0].reshape(32, 2, 8, 4).mean(axis=(1, 3)), atol=1e-3)
    large = load_images(ROWS, stored, preprocessing(input="eeg", image_size=(128, 64), normalisation="data_wide"))
    np.testing.assert_allclose(large[2], array(stored, 40)[0].repeat(2, axis=0).repeat(2, axis=1), atol=1e-3)


@pytest.mark.parametrize("change", [{"window": 100}, {"clip": (-1.0, 1.0)}], ids=str)
def test_window_and_clip_are_kaggles(stored: Stored, change: dict) -> None:
    one, other = (load_images(ROWS, stored, preprocessing(input="eeg", **more)) for more in ({}, change))
    np.testing.assert_array_equal(one, other)
    one, other = (load_images(ROWS, stored, preprocessing(input="both", **more)) for more in ({}, change))
    assert (one[:, :32] != other[:, :32]).any()
    np.testing.assert_array_equal(one[:, 32:], other[:, 32:])


def test_both_have_kaggles_above_and_the_eegs_below_each_standardised(stored: Stored) -> None:
    settings = preprocessing(input="both")
    images = load_images(ROWS, stored, settings).astype(np.float32)
    upper = KaggleView().reader(ROWS, stored[None], settings, (32, 32))
    lower = EegView().reader(ROWS, stored[RECIPE], settings, (32, 32))
    for found, read in ((images[:, :32], upper), (images[:, 32:], lower)):
        values = np.stack([read(row) for row in range(len(ROWS))]).astype(np.float32)
        mean, deviation = (getattr(values, name)(axis=(1, 2), keepdims=True) for name in ("mean", "std"))
        np.testing.assert_allclose(found, (values - mean) / deviation, atol=5e-3)


def test_without_the_eeg_it_is_kaggles_alone(stored: Stored) -> None:
    settings = Preprocessing(image_size=(64, 32), normalisation="data_wide")
    read = KaggleView().reader(ROWS, stored[None], settings, settings.image_size)
    images = load_images(ROWS, {None: stored[None]}, settings)
    np.testing.assert_array_equal(images, np.stack([read(row) for row in range(len(ROWS))]).astype(np.float16))


@pytest.mark.parametrize("kind", ["kaggle", "eeg"])
def test_per_image_each_is_standardised_by_itself(stored: Stored, kind: str) -> None:
    settings = preprocessing(input=kind, eeg=RECIPE if kind == "eeg" else None)
    data_wide = settings.model_copy(update={"normalisation": "data_wide"})
    images, values = (load_images(ROWS, stored, one).astype(np.float32) for one in (settings, data_wide))
    mean, deviation = (getattr(values, name)(axis=(1, 2), keepdims=True) for name in ("mean", "std"))
    np.testing.assert_allclose(images, (values - mean) / deviation, atol=5e-3)


def test_a_window_without_a_spectrogram_is_named(stored: Stored) -> None:
    later = ROWS.assign(eeg_label_offset_seconds=[6, 2, 0])
    with pytest.raises(HbacError, match=r"mel-0: no window of EEG 41 from 2 s on; materialize eeg_spectrograms again"):
        load_images(later, stored, preprocessing(input="eeg"))


def test_missing_and_wrong_arrays_are_named(stored: Stored) -> None:
    np.save(stored[RECIPE].folder / "40.npy", np.zeros((1, 32, 64), np.float32))
    with pytest.raises(HbacError, match=r"40\.npy: expected float32 \(windows, 64, 32\), found float32 \(1, 32, 64\)"):
        load_images(ROWS, stored, preprocessing(input="eeg"))
    (stored[RECIPE].folder / "40.npy").unlink()
    with pytest.raises(HbacError, match=r"40\.npy: missing; materialize eeg_spectrograms"):
        load_images(ROWS, stored, preprocessing(input="eeg"))


def test_the_recipe_is_the_public_one_unless_given_and_none_for_kaggles() -> None:
    assert Preprocessing().eeg is None
    assert Preprocessing(input="eeg").eeg == Preprocessing(input="both").eeg == EegRecipe()
    for settings in (Preprocessing(), preprocessing(input="eeg"), preprocessing(input="both")):
        assert Preprocessing.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("settings", "key", "complaint"),
    [
        ({"input": "kaggle"}, "eeg", "expected none with input kaggle"),
        ({"input": "eg"}, "input", "expected one of kaggle, eeg, both, eeg_10, eeg_50_10, kaggle_eeg_50_10, waveform"),
        ({"input": "eeg_10", "eeg": {"seconds": 10, "overlap": 121}}, "eeg", "seconds: expected none"),
        ({"input": "kaggle_eeg_50_10"}, "image_size", "a number of frequencies that 3 divides"),
        ({"input": "both", "image_size": (63, 32)}, "image_size", "a number of frequencies that 2 divides"),
        ({"input": "both", "normalisation": "data_wide"}, "normalisation", "per_image with input both"),
    ],
)
def test_inputs_that_cannot_be(settings: dict, key: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        preprocessing(**settings)
    (error,) = caught.value.errors()
    assert error["loc"] == (key,)
    assert complaint in error["msg"]


def test_of_the_eeg_alone_the_normalisation_can_be_data_wide() -> None:
    assert preprocessing(input="eeg", normalisation="data_wide", image_size=(63, 32)).normalisation == "data_wide"


@pytest.mark.parametrize(
    ("kind", "views"), [("eeg_50_10", ("eeg", "eeg_10")), ("kaggle_eeg_50_10", ("kaggle", "eeg", "eeg_10"))]
)
def test_views_are_stacked_in_the_order_of_the_name(kind: str, views: tuple[str, ...], tmp_path: Path) -> None:
    eeg, spectrogram, width = eeg_table(), spectrogram_table(), 40
    alone = [
        images_of(eeg, spectrogram, Preprocessing(input=view, image_size=(16, width)), tmp_path / view)
        for view in views
    ]
    size = 16 * len(views), width
    together = images_of(eeg, spectrogram, Preprocessing(input=kind, image_size=size), tmp_path / kind)
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))
    assert len({image.tobytes() for image in alone}) == len(views)


def test_the_labelled_seconds_alone_are_in_their_view(tmp_path: Path) -> None:
    """What is before the label, in a window that begins at 0 s, is not in `eeg_10`, and is in `eeg`."""
    eeg, spectrogram = eeg_table(), spectrogram_table()
    before = eeg.copy()
    before.iloc[:4_000] *= 2
    for kind, same in (("eeg_10", True), ("eeg", False)):
        settings = Preprocessing(input=kind, image_size=(16, 40))
        one = images_of(eeg, spectrogram, settings, tmp_path / f"{kind}-one")[0]
        other = images_of(before, spectrogram, settings, tmp_path / f"{kind}-other")[0]
        assert np.array_equal(one, other) == same
