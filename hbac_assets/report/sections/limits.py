"""What a page does not show."""

from collections.abc import Sequence

from hbac_assets.report.page import Items, Section

ALWAYS = (
    "How good a model is for other hospitals, devices or patients than those of these rows.",
    "What is wrong with a patient. The target is how experts vote, and experts disagree and err.",
    "Whether small differences are real when many models are compared: of twenty comparisons between equally good "
    "models one looks like more than chance.",
    "The uncertainty of intervals themselves: with fewer than twenty patients they are a little too narrow.",
    "The true floor: what is shown are estimates from the votes.",
)
RESEARCH = "This is research, and no medical device: not for any decision about a patient."


def limits_section(more: Sequence[str] = ()) -> Section:
    """Return the section; `more` is what holds for this page alone."""
    return Section("What this page does not show", [Items([*more, *ALWAYS, RESEARCH])])
