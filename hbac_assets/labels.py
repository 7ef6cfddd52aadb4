"""The six classes and the vote columns of the competition, in its order."""

CLASSES = ("Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other")
VOTE_COLUMNS = tuple(f"{name.lower()}_vote" for name in CLASSES)
