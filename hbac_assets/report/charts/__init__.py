"""What the pages draw: a function for each figure, from records to a matplotlib figure."""

from hbac_assets.figures import plain

LONGEST = 36


def label(name: str) -> str:
    """Return the name of a model for a figure, without its middle where it is long."""
    half = LONGEST // 2
    return plain(name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}")
