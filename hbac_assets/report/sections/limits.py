"""The limitations of a page."""

from collections.abc import Sequence

from hbac_assets.report.page import Items, Section

ALWAYS = (
    "Performance at other hospitals, on other devices or on other patients than those of these rows.",
    "A diagnosis. The target is how experts vote, and experts disagree and err.",
    "Whether small differences are real when many models are compared: of twenty comparisons between equally good "
    "models one looks significant.",
    "The uncertainty of intervals themselves: with fewer than twenty patients they are a little too narrow.",
    "The true floor: the page shows estimates from the votes.",
)
RESEARCH = "For research only; not a medical device: not for any decision about a patient."


def limits_section(more: Sequence[str] = ()) -> Section:
    """Return the section; `more` are limitations of this page alone."""
    return Section("What this page does not show", [Items([*more, *ALWAYS, RESEARCH])])
