import pytest
from pydantic import ValidationError

from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.recipes import frame_count, hop


def test_the_defaults_are_the_public_recipe() -> None:
    recipe = EegRecipe()
    assert (recipe.transform, recipe.segment_length, recipe.fft_length) == ("mel", 128, 1024)
    assert hop(recipe) == 10_000 // 256
    assert (recipe.frequencies, recipe.size, recipe.denoising) == ((0, 20), (128, 256), None)


@pytest.mark.parametrize(
    ("settings", "key", "complaint"),
    [
        ({"transform": "wavelet"}, "transform", "'mel' or 'stft'"),
        ({"segment_length": 127}, "segment_length", "multiple of 2"),
        ({"segment_length": 10_002}, "segment_length", "less than or equal to 10000"),
        ({"overlap": 128}, "overlap", "expected less than segment_length, 128 samples"),
        ({"overlap": -1}, "overlap", "greater than or equal to 0"),
        ({"fft_length": 100}, "fft_length", "expected segment_length, 128 samples, to 10000"),
        ({"fft_length": 1025}, "fft_length", "multiple of 2"),
        ({"frequencies": [20, 0]}, "frequencies", "the lower one first"),
        ({"frequencies": [0, 120]}, "frequencies", "0 to 100 Hz"),
        ({"frequencies": [-1, 20]}, "frequencies", "0 to 100 Hz"),
        ({"size": [128, 257]}, "size", "expected at most 256 columns"),
        ({"overlap": 0}, "size", "expected at most 78 columns"),
        ({"size": [203, 256]}, "size", "expected at most 202 bands"),
        ({"fft_length": 512}, "size", "expected at most 100 bands"),
        ({"size": [0, 256]}, "size", "greater than 0"),
        ({"denoising": "db99"}, "denoising", "discrete wavelet of PyWavelets: haar, db1 to db38"),
        ({"denoising": "morl"}, "denoising", "discrete wavelet"),
        ({"wavelet": "db8"}, "wavelet", "not permitted"),
        ({"seconds": 20}, "seconds", "50 or 10"),
        ({"seconds": 10}, "size", "expected at most 51 columns"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(settings: dict, key: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        EegRecipe.model_validate(settings)
    (error,) = caught.value.errors()
    assert error["loc"][0] == key
    assert complaint in error["msg"]


def test_a_wrong_setting_is_the_only_one_complained_of() -> None:
    with pytest.raises(ValidationError) as caught:
        EegRecipe.model_validate({"overlap": 128, "size": [128, 300]})
    assert [error["loc"][0] for error in caught.value.errors()] == ["overlap"]


def test_the_most_bands_that_are_allowed_have_no_empty_filter() -> None:
    from hbac_assets.signals.eeg_spectrogram import _tables

    for frequencies, bands in (((0, 20), 202), ((3.3, 7.1), 36), ((0.1, 100), 1020)):
        recipe = EegRecipe.model_validate({"frequencies": frequencies, "size": (bands, 256)})
        assert _tables(recipe).bands.toarray().any(axis=1).all()


def test_the_recipe_of_the_labelled_seconds_has_as_many_frames_closer_together() -> None:
    assert EegRecipe().of_label() == EegRecipe(seconds=10, overlap=121)
    recipe = EegRecipe(transform="stft", overlap=88, size=(64, 250), denoising="db8")
    assert recipe.of_label() == recipe.model_copy(update={"seconds": 10, "overlap": 120})
    assert (frame_count(recipe), frame_count(recipe.of_label())) == (250, 250)
    assert hop(EegRecipe(segment_length=4, overlap=2).of_label()) == 1
    for one in (recipe, EegRecipe()):
        assert EegRecipe.model_validate(one.of_label().model_dump()) == one.of_label()
