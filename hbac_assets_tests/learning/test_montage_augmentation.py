"""EEG-specific augmentations, on images from files whose electrodes and seconds all differ."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.images import augment, cut_out, mask, mix, translate
from hbac_assets.learning.inputs.channels import channel_of_lines
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.montage_augmentation import mirrored_images, shifted
from hbac_assets.learning.network import Network
from hbac_assets.learning.settings import Augmentation, Cutout, Mask, MemberSettings, MixUp, Preprocessing, Translation
from hbac_assets.learning.step import build_optimizer, compile_steps, initial_state
from hbac_assets_tests.learning.recordings import eeg_table, exchanged, images_of, spectrogram_table

SIZE = (48, 40)
ALWAYS = {"probability": 1.0}
CHANNELWISE = ("hemisphere_flip", "time_shift", "channel_dropout")


def preprocessing(kind: str, **settings: Any) -> Preprocessing:
    return Preprocessing.model_validate({"input": kind, "image_size": SIZE, **settings})


def noise(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), dtype=np.float32)


def targets(rows: int) -> jax.Array:
    return jnp.eye(6)[np.arange(rows) % 6]


@pytest.mark.parametrize("kind", KINDS)
def test_a_flip_is_the_image_of_the_recording_with_left_and_right_exchanged(kind: str, tmp_path: Path) -> None:
    settings = preprocessing(kind)
    eeg, spectrogram = eeg_table(), spectrogram_table()
    original = jnp.asarray(images_of(eeg, spectrogram, settings, tmp_path / "original"))
    other = images_of(exchanged(eeg), exchanged(spectrogram), settings, tmp_path / "exchanged")
    flipped = mirrored_images(original, settings.kind)
    np.testing.assert_allclose(flipped, other, atol=2e-3)  # a unit of float16 in the last place
    replaced = np.abs(flipped - original).max(axis=2) > 0.1
    midline = np.arange(replaced.shape[1]) >= 16 if kind == "waveform" else False
    np.testing.assert_array_equal(replaced, ~np.broadcast_to(midline, replaced.shape))
    np.testing.assert_array_equal(mirrored_images(flipped, settings.kind), original)


@pytest.mark.parametrize("kind", ["kaggle", "eeg", "waveform"])
def test_without_a_scale_of_its_own_the_flip_is_exact(kind: str, tmp_path: Path) -> None:
    unscaled = {} if kind == "waveform" else {"normalisation": "data_wide", "image_size": (100, 64)}
    settings = preprocessing(kind, **unscaled)
    eeg, spectrogram = eeg_table(), spectrogram_table()
    original = jnp.asarray(images_of(eeg, spectrogram, settings, tmp_path / "original"))
    other = images_of(exchanged(eeg), exchanged(spectrogram), settings, tmp_path / "exchanged")
    np.testing.assert_array_equal(mirrored_images(original, settings.kind), other)


def test_as_many_images_are_flipped_as_it_says_each_by_itself() -> None:
    settings, images = preprocessing("both"), noise(400, *SIZE)
    flipping = Augmentation.model_validate({"hemisphere_flip": {"probability": 0.3}})
    found, same = augment(jax.random.key(3), images, targets(400), flipping, settings)
    mirrored = mirrored_images(images, settings.kind)
    flipped = (found == mirrored).all(axis=(1, 2))
    np.testing.assert_array_equal(flipped, (found != images).any(axis=(1, 2)))
    assert 90 < flipped.sum() < 150
    np.testing.assert_array_equal(same, targets(400))


@pytest.mark.parametrize("kind", KINDS)
def test_one_channel_is_dropped_in_all_views(kind: str) -> None:
    settings = preprocessing(kind)
    images = noise(400, settings.kind.shape(settings)[0], SIZE[1])
    channels = len(settings.kind.channels)
    dropping = Augmentation.model_validate({"channel_dropout": {"probability": 0.5}})
    found = np.asarray(augment(jax.random.key(3), images, targets(400), dropping, settings)[0])
    hidden = found == 0
    np.testing.assert_array_equal(found[~hidden], images[~hidden])
    lines = hidden.all(axis=2)
    np.testing.assert_array_equal(lines, hidden.any(axis=2))
    dropped = lines.any(axis=1)
    assert 160 < dropped.sum() < 240
    per_panel = lines[dropped].reshape(dropped.sum(), settings.kind.panels, channels, -1)
    assert (per_panel.all(axis=3) == per_panel.any(axis=3)).all()  # whole chains
    assert (per_panel == per_panel[:, :1]).all()  # the same one in every view
    chains = per_panel[:, 0, :, 0]
    assert (chains.sum(axis=1) == 1).all()
    assert (chains.mean(axis=0) > 0.5 / channels).all()


def test_lines_are_of_the_chain_that_is_silenced(tmp_path: Path) -> None:
    """An electrode of one chain alone changes the lines of that chain, and no other, in every view of the EEG."""
    settings = preprocessing("eeg", normalisation="data_wide")
    eeg, spectrogram = eeg_table(), spectrogram_table()
    original = images_of(eeg, spectrogram, settings, tmp_path / "original")
    for number, electrode in enumerate(("T3", "T4", "C3", "C4")):
        loud = eeg.assign(**{electrode: eeg[electrode] * 3 + eeg["EKG"]})
        other = images_of(loud, spectrogram, settings, tmp_path / electrode)
        changed = (other != original).any(axis=(0, 2))
        np.testing.assert_array_equal(changed, channel_of_lines(settings.kind, SIZE[0]) == number)


def test_lines_of_waveforms_are_of_the_derivations_of_an_electrode(tmp_path: Path) -> None:
    settings, eeg = preprocessing("waveform"), eeg_table()
    original = images_of(eeg, spectrogram_table(), settings, tmp_path / "original")
    for electrode in ("Fp1", "T4", "Cz"):
        loud = eeg.assign(**{electrode: eeg[electrode] * 3 + eeg["EKG"]})
        other = images_of(loud, spectrogram_table(), settings, tmp_path / electrode)
        changed = (other != original).any(axis=(0, 2))
        of_channels = np.array([electrode in pair for pair in settings.kind.channels])
        np.testing.assert_array_equal(changed, of_channels[channel_of_lines(settings.kind, 18)])


def test_a_shift_of_waveforms_is_the_window_of_later_samples(tmp_path: Path) -> None:
    settings = preprocessing("waveform", waveform={"rate": 50, "seconds": 20})
    first, later = images_of(eeg_table(), spectrogram_table(), settings, tmp_path / "images").astype(np.float32)
    images, shift = jnp.asarray(first[None]), jnp.full(1, 4.0)
    moved = np.asarray(shifted(images, shift, settings))[0]
    np.testing.assert_allclose(moved[:, :800], later[:, :800], atol=5e-3)  # 4 s are 200 samples
    assert np.abs(first - later).max() > 1
    assert (moved[:, 800:] == first[:, -1:]).all()
    back = np.asarray(shifted(images, -shift, settings))[0]
    np.testing.assert_array_equal(back[:, 200:], first[:, :-200])


def test_a_shift_is_the_window_of_later_seconds(tmp_path: Path) -> None:
    """Frames each 0.2 s, so that the 4 s between both windows are 20 columns; the loudest moment is in both of them."""
    recipe = {"overlap": 88, "size": (16, 250)}
    settings = preprocessing("both", eeg=recipe, window=250, image_size=(128, 250), clip=(-20, 20))
    eeg = eeg_table()
    eeg.iloc[5000:5020] *= 50
    first, later = images_of(eeg, spectrogram_table(), settings, tmp_path / "images").astype(np.float32)
    images, shift = jnp.asarray(first[None]), jnp.full(1, 4.0)
    moved = np.asarray(shifted(images, shift, settings))[0]
    kaggle, of_eeg = slice(0, 64), slice(64, 128)
    # Kaggle's window of 500 s moves by two columns. At the ends of the EEG's, frames reach beyond it.
    for there in ((kaggle, slice(0, 248)), (of_eeg, slice(2, 228))):
        found, expected = ((image[there] - image[there].mean()) / image[there].std() for image in (moved, later))
        np.testing.assert_allclose(found, expected, atol=0.01)
    assert (moved[of_eeg, 230:] == first[of_eeg, -1:]).all()  # what is not stored is like the edge
    back = np.asarray(shifted(images, -shift, settings))[0]
    np.testing.assert_array_equal(back[of_eeg, 20:], first[of_eeg, :-20])
    np.testing.assert_array_equal(back[kaggle, 2:], first[kaggle, :-2])


def test_each_image_moves_by_itself_within_the_seconds() -> None:
    settings = preprocessing("eeg", image_size=(8, 50))
    images = jnp.broadcast_to(jnp.arange(50.0), (400, 8, 50))
    moving = Augmentation.model_validate({"time_shift": {"seconds": 3.0, "probability": 0.75}})
    found, _ = augment(jax.random.key(3), images, targets(400), moving, settings)
    shifts = np.asarray(found)[:, 0, 25] - 25
    assert set(shifts) == set(range(-3, 4))
    assert (np.asarray(found)[:, :, 25] == shifts[:, None] + 25).all()
    assert 130 < (shifts == 0).sum() < 210  # a quarter, and of the others the shifts below half a column


def test_earlier_augmentations_draw_as_before() -> None:
    images = noise(16, *SIZE)
    every = Augmentation(mixup=MixUp(), translation=Translation(), frequency_mask=Mask(), time_mask=Mask())
    every = every.model_copy(update={"cutout": Cutout()})
    for seed in range(4):
        found, mixed = augment(jax.random.key(seed), images, targets(16), every, Preprocessing())
        keys = jax.random.split(jax.random.key(seed), 5)
        expected, expected_targets = mix(keys[0], images, targets(16), MixUp())
        expected = translate(keys[3], expected, Translation())
        expected = mask(keys[2], mask(keys[1], expected, 1, Mask()), 2, Mask())
        np.testing.assert_array_equal(found, cut_out(keys[4], expected, Cutout()))
        np.testing.assert_array_equal(mixed, expected_targets)


def test_a_step_with_every_image_flipped_is_one_on_the_mirrored_images() -> None:
    settings = {"backbone": "tiny", "preprocessing": {"input": "both", "image_size": [16, 6]}}
    plain = MemberSettings.model_validate(settings)
    flipping = MemberSettings.model_validate(settings | {"augmentation": {"hemisphere_flip": ALWAYS}})
    images = noise(8, 16, 6)
    with weights_drawn_by_numpy():
        layers = [keras.Input((16, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(6, activation="softmax")]
        network = Network(keras.Sequential(layers))

    def weights(member: MemberSettings, batch: jax.Array) -> np.ndarray:
        optimizer = build_optimizer(network, member.optimizer)
        state = jax.device_put(jax.tree.map(np.array, initial_state(network, optimizer)))
        steps, rates = compile_steps(network, optimizer, member), np.full(1, 0.1, dtype=np.float32)
        state, _ = steps(state, (batch[None], targets(8)[None]), rates, np.uint32(1), 0, 1)
        return np.asarray(state.weights)

    flipped, mirrored = weights(flipping, images), weights(plain, mirrored_images(images, plain.preprocessing.kind))
    np.testing.assert_array_equal(flipped, mirrored)
    assert not np.allclose(flipped, weights(plain, images))


def test_random_draws_are_independent() -> None:
    """Flipped images are not the moved ones, and so on: over many batches, what is done to the first image of each."""
    settings, images = preprocessing("eeg"), noise(4, 8, 10)
    keys = jax.random.split(jax.random.key(0), 300)
    done = []
    for name in (*CHANNELWISE, "translation", "cutout"):
        chosen = Augmentation.model_validate({name: {"seconds": 10} if name == "time_shift" else {}})

        def first(key: jax.Array, chosen: Augmentation = chosen) -> jax.Array:
            return (augment(key, images, targets(4), chosen, settings)[0] != images)[0].any()

        done.append(jax.jit(jax.vmap(first))(keys))
    correlations = np.corrcoef(np.array(done))
    assert np.abs(correlations - np.eye(len(done))).max() < 0.25


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            {"preprocessing": {"image_size": [62, 32]}, "augmentation": {"hemisphere_flip": {}}},
            "a number of frequencies that 4 divides, so that no line shows two of the 4 chains .* found 62",
        ),
        (
            {"preprocessing": {"input": "both", "image_size": [60, 32]}, "augmentation": {"channel_dropout": {}}},
            "a number of frequencies that 8 divides",
        ),
        (
            {"preprocessing": {"input": "eeg"}, "augmentation": {"time_shift": {"seconds": 21}}},
            "shifts of 0.167 s, its resolution, to 20 s, .* labelled 10 s in all that input eeg shows, found 21",
        ),
        (
            {"preprocessing": {"image_size": [64, 48]}, "augmentation": {"time_shift": {"seconds": 2}}},
            "expected shifts of 12.5 s, its resolution, to 295 s.* input kaggle shows, found 2",
        ),
        (
            {"preprocessing": {"window": 5, "image_size": [64, 5]}, "augmentation": {"time_shift": {}}},
            "expected no shift with input kaggle, which shows 10 s: the label is of 10 s",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        MemberSettings.model_validate({"backbone": "tiny", **settings})


def test_without_them_heights_are_free() -> None:
    odd = {"preprocessing": {"image_size": [63, 48]}, "augmentation": {"time_shift": {"seconds": 20}, "mixup": {}}}
    assert MemberSettings.model_validate({"backbone": "tiny", **odd}).preprocessing.image_size == (63, 48)
