"""The six classes of the competition and the columns that go with them, in its order."""

CLASSES = ("Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other")
VOTE_COLUMNS = tuple(f"{name.lower()}_vote" for name in CLASSES)
PROBABILITY_COLUMNS = tuple(f"{name.lower()}_probability" for name in CLASSES)
