"""The competition's six classes and their columns, in its order; the categories of agreement."""

CLASSES = ("Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other")
VOTE_COLUMNS = tuple(f"{name.lower()}_vote" for name in CLASSES)
PROBABILITY_COLUMNS = tuple(f"{name.lower()}_probability" for name in CLASSES)

AGREEMENTS = ("idealized", "proto", "edge", "mixed")
"""Categories of agreement among experts; `competition.metadata.agreement` defines them."""
