"""Numbers as a page shows them. None and NaN stand for what is not known, and become a dash; 0 has no sign."""

import math

NOT_KNOWN = "–"
MOST_EXPERTS = 9
"""Of `scoring.experts`: as good as nine or better."""


def is_known(value: float | None) -> bool:
    """Tell whether there is a number."""
    return value is not None and not math.isnan(value)


def number(value: float | None, form: str) -> str:
    """Return a number in a format of `str.format`, such as `{:.2f}`."""
    return form.format(value) if is_known(value) else NOT_KNOWN


def nats(value: float | None) -> str:
    """Return a divergence."""
    return number(value, "{:.4f}")


def signed(value: float | None) -> str:
    """Return a difference of divergences."""
    return number(value, "{:+z.4f}")


def percent(value: float | None) -> str:
    """Return a fraction."""
    return number(value, "{:z.1%}")


def interval(low: float | None, high: float | None, form: str = "{:.4f}") -> str:
    """Return both bounds."""
    return f"[{number(low, form)}, {number(high, form)}]" if is_known(low) and is_known(high) else NOT_KNOWN


def whole(value: float | None) -> str:
    """Return a count."""
    return number(value, "{:,.0f}")


def experts(value: float | None) -> str:
    """Return how many experts a model is worth."""
    if value is not None and value >= MOST_EXPERTS:
        return f"{MOST_EXPERTS} or more"
    return number(value, "{:.1f}")


def verdict(noise: bool | None) -> str:
    """Return what an interval says of a difference."""
    return NOT_KNOWN if noise is None else "may be chance" if noise else "more than chance"


def plural(count: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
