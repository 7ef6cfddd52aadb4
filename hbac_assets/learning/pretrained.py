"""Published weights by keras-cv's presets, from Kaggle's model hub or kagglehub's cache."""

import threading
from typing import TYPE_CHECKING, Any

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    import keras

PATIENCE_SECONDS = 20


def load_pretrained(backbone_class: Any, preset: str, **constants: Any) -> "keras.Model":
    """Return the backbone of a keras-cv preset with its weights, `constants` overriding its configuration.

    Raises:
        HbacError: the preset is not in kagglehub's cache and the hub cannot be reached.
    """
    _require_configuration(preset, backbone_class.presets[preset]["kaggle_handle"])
    try:
        return backbone_class.from_preset(preset, load_weights=True, **constants)
    except OSError as error:
        raise _unavailable(preset, error) from error


def _require_configuration(preset: str, handle: str) -> None:
    """Fetch the preset's small configuration file, or raise within `PATIENCE_SECONDS`.

    The hub's client has no timeout for a network that drops packets, hence the thread.
    """
    failures: list[Exception] = []

    def fetch() -> None:
        import kagglehub  # type: ignore[import-untyped]

        try:
            kagglehub.model_download(handle.removeprefix("kaggle://"), "config.json")
        except Exception as error:
            failures.append(error)

    attempt = threading.Thread(target=fetch, daemon=True)
    attempt.start()
    attempt.join(PATIENCE_SECONDS)
    if attempt.is_alive():
        raise _unavailable(preset, TimeoutError(f"no answer within {PATIENCE_SECONDS} s"))
    if failures:
        raise _unavailable(preset, failures[0])


def _unavailable(preset: str, cause: Exception) -> HbacError:
    reason = type(cause).__name__ if not isinstance(cause, TimeoutError) else str(cause)
    return HbacError(
        f"pretrained: the weights {preset!r} are not cached and Kaggle's model hub cannot be reached "
        f"({reason}); connect to the network once, or set pretrained: none"
    )
