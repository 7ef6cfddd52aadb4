"""Units of voltage in the spellings of files."""

MICROVOLTS = {"nv": 1e-3, "uv": 1.0, "microv": 1.0, "microvolt": 1.0, "microvolts": 1.0, "mv": 1e3, "v": 1e6}
"""One of the unit in µV."""

# U+00B5 and U+03BC, the same as UTF-8 misread as Latin-1, and their ASCII replacements.
MICRO = ("Âµ", "Î¼", "µ", "μ", "\ufffd", "?")


def microvolts(unit: str) -> float | None:
    """Return one `unit` in µV, ignoring case and blanks; None if it is no voltage."""
    text = "".join(unit.split())
    for sign in MICRO:
        text = text.replace(sign, "u")
    return MICROVOLTS.get(text.lower())
