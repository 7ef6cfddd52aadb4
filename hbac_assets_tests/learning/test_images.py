import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hbac_assets.learning.images import (
    FREQUENCY_AXIS,
    TIME_AXIS,
    augment,
    cut_out,
    mask,
    mix,
    to_channels,
    translate,
)
from hbac_assets.learning.settings import Augmentation, Cutout, Mask, MixUp, Preprocessing, Translation

ALWAYS = {"probability": 1.0}


def noise(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), dtype=np.float32)


def test_three_equal_channels() -> None:
    images = noise(2, 4, 5)
    np.testing.assert_array_equal(to_channels(images), np.stack([images] * 3, axis=-1))
    assert to_channels(images.astype(np.float16)).dtype == np.float32


@pytest.mark.parametrize(("axis", "pixels"), [(FREQUENCY_AXIS, 50), (TIME_AXIS, 100)])
def test_a_mask_is_one_band_across_its_axis(axis: int, pixels: int) -> None:
    images = noise(64, 50, 100)
    masked = np.asarray(mask(jax.random.key(3), images, axis, Mask(size=(0.06, 0.1), **ALWAYS)))
    hidden = masked == 0
    np.testing.assert_array_equal(masked[~hidden], images[~hidden])
    lines = hidden.all(axis=3 - axis)  # (image, position on the masked axis)
    np.testing.assert_array_equal(lines, hidden.any(axis=3 - axis))
    widths = lines.sum(axis=1)
    assert widths.min() >= np.floor(0.06 * pixels)
    assert widths.max() <= np.ceil(0.1 * pixels)
    starts = lines.argmax(axis=1)
    for line, start, width in zip(lines, starts, widths, strict=True):
        assert line[start : start + width].all()
    assert len(set(starts.tolist())) > 20  # each image its own place


def test_a_mask_stays_within_the_image_and_reaches_its_ends() -> None:
    places = [
        np.asarray(mask(jax.random.key(seed), jnp.ones((64, 4, 10)), TIME_AXIS, Mask(size=(0.3, 0.3), **ALWAYS)))
        for seed in range(4)
    ]
    hidden = np.concatenate(places)[:, 0] == 0
    assert (hidden.sum(axis=1) == 3).all()
    assert hidden[:, 0].any()
    assert hidden[:, -1].any()


def test_a_translation_moves_each_image_as_a_whole() -> None:
    height, width, rows = 20, 30, 64
    images = jnp.arange(1, height * width + 1, dtype=np.float32).reshape(1, height, width).repeat(rows, axis=0)
    moved = np.asarray(translate(jax.random.key(3), images, Translation(size=(0.1, 0.2), **ALWAYS)))
    shifts = set()
    for image in moved:
        row, column = (int(axis[0]) for axis in np.nonzero(image))  # the first pixel that is not moved in
        source_row, source_column = divmod(int(image[row, column]) - 1, width)
        down, right = row - source_row, column - source_column
        shifts.add((down, right))
        expected = np.zeros_like(image)
        expected[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = images[
            0, max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)
        ]
        np.testing.assert_array_equal(image, expected)
    assert {down for down, _ in shifts} == set(range(-2, 3))
    assert {right for _, right in shifts} == set(range(-6, 7))


def test_cutout_hides_a_rectangle_within_its_bounds() -> None:
    images = noise(200, 40, 60)
    cut = np.asarray(cut_out(jax.random.key(3), images, Cutout(size=(0.1, 0.25), **ALWAYS)))
    hidden = cut == 0
    np.testing.assert_array_equal(cut[~hidden], images[~hidden])
    lines, columns = hidden.any(axis=2), hidden.any(axis=1)
    np.testing.assert_array_equal(hidden, lines[:, :, None] & columns[:, None, :])
    for side, pixels in ((lines, 40), (columns, 60)):
        widths = side.sum(axis=1)
        assert (widths.min(), widths.max()) == (0.1 * pixels, 0.25 * pixels)
        assert side[:, 0].any()
        assert side[:, -1].any()
        for line, start, width in zip(side, side.argmax(axis=1), widths, strict=True):
            assert line[start : start + width].all()


def test_cutout_hides_as_many_rectangles_as_it_says() -> None:
    images, size = jnp.ones((200, 50, 50)), (0.1, 0.1)
    hidden = [
        (np.asarray(cut_out(jax.random.key(3), images, Cutout(rectangles=rectangles, size=size, **ALWAYS))) == 0)
        for rectangles in (1, 3)
    ]
    assert (hidden[0].sum(axis=(1, 2)) == 25).all()
    assert hidden[1].sum(axis=(1, 2)).max() == 75
    assert hidden[1].sum(axis=(1, 2)).mean() > 65  # a few overlap


def test_mixup_blends_targets_as_it_blends_images() -> None:
    """Images that equal their targets show it: blended alike, they are equal afterwards."""
    targets = jnp.asarray(np.random.default_rng(1).dirichlet(np.ones(6), size=32), dtype=np.float32)
    images, mixed = mix(jax.random.key(3), jnp.repeat(targets[:, None, :], 5, axis=1), targets, MixUp(**ALWAYS))
    np.testing.assert_allclose(images[:, 2], mixed, atol=1e-6)
    np.testing.assert_allclose(np.sum(mixed, axis=1), 1, atol=1e-6)
    assert not np.allclose(mixed, targets)
    np.testing.assert_array_less(np.max(mixed, axis=0), np.max(targets, axis=0) + 1e-6)


def test_mixup_weights_are_of_the_beta_distribution() -> None:
    first = np.arange(4000) % 2 == 0
    _, mixed = mix(
        jax.random.key(3),
        jnp.zeros((4000, 1, 1)),
        jnp.stack([first, ~first], 1).astype(np.float32),
        MixUp(alpha=2.0, **ALWAYS),
    )
    blended = np.asarray(mixed)[:, 0]
    weights = blended[(blended > 0) & (blended < 1)]  # of pairs with different targets
    assert weights.mean() == pytest.approx(1 / 2, abs=0.02)
    assert weights.var() == pytest.approx(1 / 20, abs=0.005)  # Beta(2, 2)


@pytest.mark.parametrize("kind", ["mixup", "translation", "frequency_mask", "time_mask", "cutout"])
def test_probability_is_of_the_batch(kind: str) -> None:
    images, targets = noise(8, 20, 20), jnp.eye(6)[np.arange(8) % 6]
    sometimes = Augmentation.model_validate({kind: {"probability": 0.25}})
    changed = [
        not np.array_equal(augment(jax.random.key(seed), images, targets, sometimes, Preprocessing())[0], images)
        for seed in range(60)
    ]
    assert 5 <= sum(changed) <= 27
    never = Augmentation.model_validate({kind: {"probability": 0.0}})
    np.testing.assert_array_equal(augment(jax.random.key(3), images, targets, never, Preprocessing())[0], images)


@pytest.mark.parametrize("kind", ["translation", "frequency_mask", "time_mask", "cutout"])
def test_masks_and_shifts_leave_the_targets_unchanged(kind: str) -> None:
    images, targets = noise(8, 20, 20), jnp.eye(6)[np.arange(8) % 6]
    always = Augmentation.model_validate({kind: ALWAYS | {"size": (0.2, 0.2)}})
    changed, same = augment(jax.random.key(3), images, targets, always, Preprocessing())
    assert not np.array_equal(changed, images)
    np.testing.assert_array_equal(same, targets)


def test_without_augmentation_nothing_changes() -> None:
    images, targets = noise(4, 6, 6), jnp.eye(4, 6)
    same_images, same_targets = augment(jax.random.key(3), images, targets, Augmentation(), Preprocessing())
    np.testing.assert_array_equal(same_images, images)
    np.testing.assert_array_equal(same_targets, targets)
