"""Predictions and votes from files of any origin, for scoring them.

Nothing is repaired here: what cannot be scored is refused in one line, what is scored although it is odd is counted.
The competition's own tables are read by `hbac_assets.competition`.
"""
