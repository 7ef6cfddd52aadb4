"""Resident or streamed: the same images in the same order, and the same training."""

import time
from pathlib import Path

import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning import step
from hbac_assets.learning.image_source import (
    BATCHES_AHEAD,
    Images,
    Resident,
    Streamed,
    as_images,
    open_images,
    read_all,
)
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import Examples, train_cell
from hbac_assets_tests.learning.conftest import easy_examples, pixels

TRAINING, VALIDATION = easy_examples(28, seed=0), easy_examples(10, seed=1)
ARRAY = pixels(TRAINING)
BATCHES = [np.array([3, 1, 3, 20]), np.array([0, 27, 5, 6]), np.array([9, 8, 7, 6])]


def read(row: int) -> np.ndarray:
    """Images come in another order than they were asked for."""
    time.sleep(0.004 - 0.001 * (row % 4))
    return np.asarray(ARRAY[row])


def streamed(examples: Examples) -> Examples:
    array = pixels(examples)
    images = open_images(lambda row: array[row], len(array), (32, 32), allowed_bytes=0)
    assert isinstance(images.source, Streamed)
    return Examples(images, examples.targets)


@pytest.mark.parametrize("allowed_bytes", [0, 10**9])
def test_batches_are_the_images_that_the_numbers_say(allowed_bytes: int) -> None:
    images = open_images(read, len(ARRAY), (32, 32), allowed_bytes)
    for numbers, batch in zip(BATCHES, images.batches(BATCHES), strict=True):
        assert batch.dtype == np.float16
        np.testing.assert_array_equal(batch, ARRAY[numbers])
    ((several,),) = [list(images.batches([np.stack(BATCHES)]))]
    np.testing.assert_array_equal(several, ARRAY[np.stack(BATCHES)])


@pytest.mark.parametrize("allowed_bytes", [0, 10**9])
def test_a_subset_counts_its_own_rows(allowed_bytes: int) -> None:
    odd = np.arange(len(ARRAY)) % 2 == 1
    subset = open_images(read, len(ARRAY), (32, 32), allowed_bytes).subset(odd).subset(np.array([5, 2, 0]))
    assert len(subset) == 3
    (batch,) = subset.batches([np.array([2, 0])])
    np.testing.assert_array_equal(batch, ARRAY[[1, 11]])


def test_images_that_fit_are_resident_and_others_streamed() -> None:
    needed = len(ARRAY) * 32 * 32 * 2
    for allowed_bytes, kind, words in (
        (needed, Resident, "within the 0 MB that free memory allows: resident on the device"),
        (needed - 1, Streamed, "more than the 0 MB that free memory allows: streamed from the store"),
    ):
        images = open_images(read, len(ARRAY), (32, 32), allowed_bytes)
        assert isinstance(images.source, kind)
        assert images.placement == f"28 images of 0 MB, {words}"


def test_the_limit_of_resident_images_follows_from_free_memory() -> None:
    assert isinstance(open_images(read, len(ARRAY), (32, 32)).source, Resident)
    too_many = open_images(read, 10**6, (400, 300))
    assert isinstance(too_many.source, Streamed)
    assert too_many.placement.startswith("1000000 images of 240000 MB, more than the ")


def test_no_more_is_read_than_a_few_batches_ahead() -> None:
    seen = []

    def note(row: int) -> np.ndarray:
        seen.append(row)
        return np.asarray(ARRAY[0])

    images = open_images(note, 1000, (32, 32), allowed_bytes=0)
    batches = images.batches(np.arange(1000).reshape(250, 4))
    next(batches)
    time.sleep(0.2)
    assert len(seen) <= 4 * (BATCHES_AHEAD + 1)


def test_an_image_that_comes_twice_in_a_batch_is_read_once() -> None:
    seen = []

    def note(row: int) -> np.ndarray:
        seen.append(row)
        return np.asarray(ARRAY[row])

    (batch,) = open_images(note, len(ARRAY), (32, 32), allowed_bytes=0).batches([np.array([7, 3, 7, 7])])
    np.testing.assert_array_equal(batch, ARRAY[[7, 3, 7, 7]])
    assert sorted(seen) == [3, 7]


@pytest.mark.parametrize("allowed_bytes", [0, 10**9])
def test_an_image_that_cannot_be_read_ends_it(allowed_bytes: int) -> None:
    def fail(row: int) -> np.ndarray:
        if row == 5:
            raise HbacError("5.npy: missing")
        return read(row)

    with pytest.raises(HbacError, match=r"5\.npy: missing"):
        list(open_images(fail, len(ARRAY), (32, 32), allowed_bytes).batches(BATCHES))


def test_all_images_as_one_array() -> None:
    np.testing.assert_array_equal(read_all(read, len(ARRAY), (32, 32)), ARRAY)
    assert read_all(read, 0, (32, 32)).shape == (0, 32, 32)


def train(settings: MemberSettings, training: Examples, validation: Examples, folder: Path) -> np.ndarray:
    train_cell(settings, training, validation, folder, on_epoch=lambda record: None)
    return np.concatenate([np.ravel(weight) for weight in load_model(folder / "last.keras").get_weights()])


@pytest.fixture(scope="module")
def everything(settings: MemberSettings) -> MemberSettings:
    """A member that looks at its images in every way."""
    normalised = settings.preprocessing.model_copy(update={"normalisation": "data_wide"})
    return settings.model_copy(update={"preprocessing": normalised, "batchnorm_statistics": "reestimated", "epochs": 2})


@pytest.fixture(scope="module")
def resident_weights(everything: MemberSettings, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return train(everything, TRAINING, VALIDATION, tmp_path_factory.mktemp("resident"))


def test_streamed_training_gives_the_same_bits(
    everything: MemberSettings, resident_weights: np.ndarray, tmp_path: Path
) -> None:
    weights = train(everything, streamed(TRAINING), streamed(VALIDATION), tmp_path)
    np.testing.assert_array_equal(weights, resident_weights)
    model, images = load_model(tmp_path / "last.keras"), streamed(VALIDATION).images
    assert isinstance(images, Images)
    np.testing.assert_array_equal(predict(model, images, 4), predict(model, as_images(pixels(VALIDATION)), 4))


def test_several_steps_in_one_program_are_the_same_training(
    everything: MemberSettings, resident_weights: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an epoch's four steps, the second program of three has but one to do.

    Sums in another order are 1e-7 apart; Adam makes more of it where gradients are nearly zero.
    """
    monkeypatch.setitem(step.STEPS_AT_ONCE, "cpu", 3)
    weights = train(everything, TRAINING, VALIDATION, tmp_path / "resident")
    np.testing.assert_allclose(weights, resident_weights, atol=5e-5)
    again = train(everything, streamed(TRAINING), streamed(VALIDATION), tmp_path / "streamed")
    np.testing.assert_array_equal(again, weights)
