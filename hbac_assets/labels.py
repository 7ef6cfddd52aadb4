"""The six classes of the competition and the columns that go with them, in its order; how experts can agree."""

CLASSES = ("Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other")
VOTE_COLUMNS = tuple(f"{name.lower()}_vote" for name in CLASSES)
PROBABILITY_COLUMNS = tuple(f"{name.lower()}_probability" for name in CLASSES)

AGREEMENTS = ("idealized", "proto", "edge", "mixed")
"""Categories of agreement among experts; `competition.metadata.agreement` defines them."""
