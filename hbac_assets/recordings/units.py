"""Units of voltage, as files write them."""

MICROVOLTS = {"nv": 1e-3, "uv": 1.0, "microv": 1.0, "microvolt": 1.0, "microvolts": 1.0, "mv": 1e3, "v": 1e6}
"""What one of the unit is in µV."""

# U+00B5 and U+03BC, the same read from UTF-8 as Latin-1, and what is left of either where only ASCII was allowed.
MICRO = ("Âµ", "Î¼", "µ", "μ", "\ufffd", "?")


def microvolts(unit: str) -> float | None:
    """Return how many µV one of `unit` is, whatever its case and blanks; None where it is no voltage."""
    text = "".join(unit.split())
    for sign in MICRO:
        text = text.replace(sign, "u")
    return MICROVOLTS.get(text.lower())
