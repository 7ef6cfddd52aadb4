"""What happens to a batch of images inside the compiled step: standardisation, MixUp, masks, channels.

All functions are pure JAX with static shapes; keys are JAX random keys.
"""

from typing import TYPE_CHECKING

from hbac_assets.learning.settings import Augmentation, Mask, MixUp

if TYPE_CHECKING:
    from jax import Array

FREQUENCY_AXIS = 1
TIME_AXIS = 2


def standardise(images: "Array") -> "Array":
    """Return (x - mean) / (standard deviation + 1e-6) of each image (B, H, W), in float32."""
    import jax.numpy as jnp

    images = images.astype(jnp.float32)
    mean = images.mean(axis=(1, 2), keepdims=True)
    return (images - mean) / (images.std(axis=(1, 2), keepdims=True) + 1e-6)


def to_channels(images: "Array") -> "Array":
    """Return (B, H, W) as (B, H, W, 3), the channels equal."""
    import jax.numpy as jnp

    return jnp.repeat(images[..., None], 3, axis=-1)


def augment(key: "Array", images: "Array", targets: "Array", augmentation: Augmentation) -> tuple["Array", "Array"]:
    """Apply what `augmentation` asks for to standardised images (B, H, W) and their targets (B, 6)."""
    import jax

    mixup_key, frequency_key, time_key = jax.random.split(key, 3)
    if augmentation.mixup:
        images, targets = mix(mixup_key, images, targets, augmentation.mixup)
    if augmentation.frequency_mask:
        images = mask(frequency_key, images, FREQUENCY_AXIS, augmentation.frequency_mask)
    if augmentation.time_mask:
        images = mask(time_key, images, TIME_AXIS, augmentation.time_mask)
    return images, targets


def mix(key: "Array", images: "Array", targets: "Array", settings: MixUp) -> tuple["Array", "Array"]:
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

    def blend(values: "Array") -> "Array":
        shares = weights.reshape((-1,) + (1,) * (values.ndim - 1))
        return shares * values + (1 - shares) * values[partners]

    return blend(images), blend(targets)


def mask(key: "Array", images: "Array", axis: int, settings: Mask) -> "Array":
    """Set a band across `axis` of each image to zero, the mean of a standardised image (SpecAugment).

    The band's width is a share of the axis drawn uniformly from `settings.size`, rounded to whole pixels; it
    lies anywhere within the image. Applied with probability `settings.probability` for the batch. See Park et
    al. 2019, https://arxiv.org/abs/1904.08779.
    """
    import jax
    import jax.numpy as jnp

    batch_key, width_key, start_key = jax.random.split(key, 3)
    pixels, count = images.shape[axis], (len(images), 1)
    low, high = settings.size
    widths = jnp.round(jax.random.uniform(width_key, count, minval=low, maxval=high) * pixels)
    starts = jnp.floor(jax.random.uniform(start_key, count) * (pixels - widths + 1))
    positions = jnp.arange(pixels)
    hidden = (positions >= starts) & (positions < starts + widths)
    hidden &= jax.random.bernoulli(batch_key, settings.probability)
    return jnp.where(jnp.expand_dims(hidden, 3 - axis), 0.0, images)
