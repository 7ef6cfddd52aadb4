"""Operations on a batch of images inside the compiled step: augmentation, channels.

All functions are pure JAX with static shapes; keys are JAX random keys.
"""

from jaxtyping import Bool, Float, Float32

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.montage_augmentation import TIME_AXIS, drop_channel, flip_hemispheres, shift_windows
from hbac_assets.learning.settings import Augmentation, Cutout, Mask, MixUp, Preprocessing, Translation

Batch = Float[Array, "rows height width"]
Targets = Float[Array, "rows classes"]

FREQUENCY_AXIS = 1

# Folded into a batch's key for them. Values below 5 could collide with the five keys of the split.
FLIP, SHIFT, CHANNEL = 5, 6, 7


def to_channels(images: Batch) -> Float32[Array, "rows height width 3"]:
    """Return (B, H, W) as float32 (B, H, W, 3), the channels equal."""
    import jax.numpy as jnp

    return jnp.repeat(images.astype(jnp.float32)[..., None], 3, axis=-1)


def augment(
    key: Array, images: Batch, targets: Targets, augmentation: Augmentation, preprocessing: Preprocessing
) -> tuple[Batch, Targets]:
    """Apply `augmentation` to zero-centred images (B, H, W) and their targets (B, 6).

    `preprocessing` is the recipe of the images.
    """
    import jax

    mixup_key, frequency_key, time_key, translation_key, cutout_key = jax.random.split(key, 5)
    if flip := augmentation.hemisphere_flip:
        images = flip_hemispheres(jax.random.fold_in(key, FLIP), images, preprocessing.kind, flip)
    if shift := augmentation.time_shift:
        images = shift_windows(jax.random.fold_in(key, SHIFT), images, preprocessing, shift)
    if augmentation.mixup:
        images, targets = mix(mixup_key, images, targets, augmentation.mixup)
    if augmentation.translation:
        images = translate(translation_key, images, augmentation.translation)
    if augmentation.frequency_mask:
        images = mask(frequency_key, images, FREQUENCY_AXIS, augmentation.frequency_mask)
    if augmentation.time_mask:
        images = mask(time_key, images, TIME_AXIS, augmentation.time_mask)
    if augmentation.cutout:
        images = cut_out(cutout_key, images, augmentation.cutout)
    if dropout := augmentation.channel_dropout:
        images = drop_channel(jax.random.fold_in(key, CHANNEL), images, preprocessing.kind, dropout)
    return images, targets


def mix(key: Array, images: Batch, targets: Targets, settings: MixUp) -> tuple[Batch, Targets]:
    """MixUp (Zhang et al. 2018, https://arxiv.org/abs/1710.09412): blend the images of a batch in pairs.

    With probability `settings.probability` for the batch, image i becomes w·x_i + (1 - w)·x_j, and its target
    likewise, with j from a permutation and w from Beta(alpha, alpha), drawn for each image.
    """
    import jax
    import jax.numpy as jnp

    batch_key, weight_key, partner_key = jax.random.split(key, 3)
    weights = jax.random.beta(weight_key, settings.alpha, settings.alpha, (len(images),))
    weights = jnp.where(jax.random.bernoulli(batch_key, settings.probability), weights, 1.0)
    partners = jax.random.permutation(partner_key, len(images))

    def blend(values: Array) -> Array:
        shares = weights.reshape((-1,) + (1,) * (values.ndim - 1))
        return shares * values + (1 - shares) * values[partners]

    return blend(images), blend(targets)


def translate(key: Array, images: Batch, settings: Translation) -> Batch:
    """Shift each image by whole pixels along both axes, and zero-fill the vacated pixels.

    The shifts are drawn uniformly up to `settings.size` of the axes in either direction. Applied with probability
    `settings.probability` for the batch.
    """
    import jax
    import jax.numpy as jnp

    batch_key, *axis_keys = jax.random.split(key, 3)
    applied = jax.random.bernoulli(batch_key, settings.probability)
    for axis, axis_key, fraction in zip((FREQUENCY_AXIS, TIME_AXIS), axis_keys, settings.size, strict=True):
        pixels = images.shape[axis]
        largest = round(fraction * pixels)
        shifts = jax.random.randint(axis_key, (len(images), 1), -largest, largest + 1) * applied
        sources = jnp.arange(pixels) - shifts
        inside = (sources >= 0) & (sources < pixels)
        rows = jnp.expand_dims(jnp.clip(sources, 0, pixels - 1), 3 - axis)
        images = jnp.where(jnp.expand_dims(inside, 3 - axis), jnp.take_along_axis(images, rows, axis), 0.0)
    return images


def mask(key: Array, images: Batch, axis: int, settings: Mask) -> Batch:
    """Set a band across `axis` of each image to zero, the images' mean (SpecAugment).

    The band's width is a fraction of the axis drawn uniformly from `settings.size`, rounded to whole pixels; its
    position is uniform within the image. Applied with probability `settings.probability` for the batch. See Park et
    al. 2019, https://arxiv.org/abs/1904.08779.
    """
    import jax
    import jax.numpy as jnp

    batch_key, band_key = jax.random.split(key)
    hidden = _bands(band_key, len(images), images.shape[axis], settings.size)
    hidden &= jax.random.bernoulli(batch_key, settings.probability)
    return jnp.where(jnp.expand_dims(hidden, 3 - axis), 0.0, images)


def cut_out(key: Array, images: Batch, settings: Cutout) -> Batch:
    """Set rectangles of each image to zero, the images' mean.

    Each side is a fraction of its axis drawn uniformly from `settings.size`; the positions are uniform within the
    image, and rectangles may overlap. Applied with probability `settings.probability` for the batch. After DeVries &
    Taylor 2017, https://arxiv.org/abs/1708.04552, whose squares have one size and may cross the border.
    """
    import jax
    import jax.numpy as jnp

    batch_key, *rectangle_keys = jax.random.split(key, 1 + settings.rectangles)
    applied = jax.random.bernoulli(batch_key, settings.probability)
    count, height, width = images.shape
    for rectangle_key in rectangle_keys:
        frequency_key, time_key = jax.random.split(rectangle_key)
        lines = _bands(frequency_key, count, height, settings.size)
        columns = _bands(time_key, count, width, settings.size)
        images = jnp.where(lines[:, :, None] & columns[:, None, :] & applied, 0.0, images)
    return images


def _bands(key: Array, count: int, pixels: int, size: tuple[float, float]) -> Bool[Array, "{count} {pixels}"]:
    """Return masks (count, pixels) of each image's band on an axis, its width a fraction from `size`."""
    import jax
    import jax.numpy as jnp

    width_key, start_key = jax.random.split(key)
    low, high = size
    widths = jnp.round(jax.random.uniform(width_key, (count, 1), minval=low, maxval=high) * pixels)
    starts = jnp.floor(jax.random.uniform(start_key, (count, 1)) * (pixels - widths + 1))
    positions = jnp.arange(pixels)
    return (positions >= starts) & (positions < starts + widths)
