"""The charts of the pages: functions from records to matplotlib figures."""

from hbac_assets.figures import plain

LONGEST = 36


def label(name: str) -> str:
    """Return the name of a model for a figure; long names lose their middle."""
    half = LONGEST // 2
    return plain(name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}")
