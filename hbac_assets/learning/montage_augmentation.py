"""EEG-specific augmentations, which use the kind of input's channels and durations.

All functions are pure JAX with static shapes; keys are JAX random keys. Images are (B, frequencies, times), series
(B, channels, times). Generic image augmentations belong to `images`.
"""

from jaxtyping import Float

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.inputs.channels import channel_of_lines, mirrored_lines
from hbac_assets.learning.inputs.kind import InputKind
from hbac_assets.learning.settings import ChannelDropout, HemisphereFlip, Preprocessing, TimeShift

Batch = Float[Array, "rows height width"]

LINE_AXIS, TIME_AXIS = 1, 2


def mirrored_images(images: Batch, kind: InputKind) -> Batch:
    """Return the images of the same recordings with left and right electrodes exchanged."""
    return images[:, mirrored_lines(kind, images.shape[LINE_AXIS])]


def flip_hemispheres(key: Array, images: Batch, kind: InputKind, settings: HemisphereFlip) -> Batch:
    """Mirror each image with probability `settings.probability`.

    The classes do not specify the side: lateralized patterns may be left or right (Hirsch et al. 2021, ACNS
    standardized critical care EEG terminology, https://doi.org/10.1097/WNP.0000000000000806).
    """
    import jax
    import jax.numpy as jnp

    flipped = jax.random.bernoulli(key, settings.probability, (len(images), 1, 1))
    return jnp.where(flipped, mirrored_images(images, kind), images)


def drop_channel(key: Array, images: Batch, kind: InputKind, settings: ChannelDropout) -> Batch:
    """Set one channel of each image to zero, in all panels, with probability `settings.probability`.

    Channels are drawn uniformly. After Saeed et al. 2021, https://arxiv.org/abs/2010.13694.
    """
    import jax
    import jax.numpy as jnp

    image_key, channel_key = jax.random.split(key)
    dropped = jax.random.randint(channel_key, (len(images), 1), 0, len(kind.channels))
    hidden = channel_of_lines(kind, images.shape[LINE_AXIS]) == dropped
    hidden &= jax.random.bernoulli(image_key, settings.probability, (len(images), 1))
    return jnp.where(hidden[:, :, None], 0.0, images)


def shift_windows(key: Array, images: Batch, preprocessing: Preprocessing, settings: TimeShift) -> Batch:
    """Move the window of each image by up to `settings.seconds` in either direction.

    The shifts are drawn uniformly, for each image, with probability `settings.probability`.
    """
    import jax

    image_key, shift_key = jax.random.split(key)
    seconds = jax.random.uniform(shift_key, (len(images),), minval=-settings.seconds, maxval=settings.seconds)
    return shifted(
        images, seconds * jax.random.bernoulli(image_key, settings.probability, seconds.shape), preprocessing
    )


def shifted(images: Batch, seconds: Float[Array, " rows"], preprocessing: Preprocessing) -> Batch:
    """Return the windows `seconds` later, in whole columns or samples of each panel.

    Columns beyond the panel repeat its edge: stored arrays hold only the labelled windows.
    """
    import jax.numpy as jnp

    kind = preprocessing.kind
    panels = jnp.split(images, kind.panels, LINE_AXIS)
    lengths = kind.seconds(preprocessing)
    moved = [_moved(panel, seconds / length) for panel, length in zip(panels, lengths, strict=True)]
    return jnp.concatenate(moved, LINE_AXIS)


def _moved(images: Batch, by: Float[Array, " rows"]) -> Batch:
    """Return images shifted towards the start of the time axis, each by a fraction of it."""
    import jax.numpy as jnp

    pixels = images.shape[TIME_AXIS]
    shifts = jnp.round(by * pixels).astype(int)
    sources = jnp.clip(jnp.arange(pixels) + shifts[:, None], 0, pixels - 1)
    return jnp.take_along_axis(images, sources[:, None], TIME_AXIS)
