"""Numbers as text for pages; None and NaN, for unknown values, become a dash, and 0 has no sign."""

import math

NOT_KNOWN = "–"
MOST_EXPERTS = 9
"""The largest worth that `scoring.experts` gives: nine or more."""


def is_known(value: float | None) -> bool:
    """Return whether there is a number."""
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
    """Return both bounds in brackets."""
    return f"[{number(low, form)}, {number(high, form)}]" if is_known(low) and is_known(high) else NOT_KNOWN


def whole(value: float | None) -> str:
    """Return a count."""
    return number(value, "{:,.0f}")


def experts(value: float | None) -> str:
    """Return the worth of a model in experts."""
    if value is not None and value >= MOST_EXPERTS:
        return f"{MOST_EXPERTS} or more"
    return number(value, "{:.1f}")


def verdict(noise: bool | None) -> str:
    """Return the conclusion of an interval on a difference."""
    return NOT_KNOWN if noise is None else "may be chance" if noise else "more than chance"


def plural(count: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
