"""Reading predictions and votes from files of any origin, for scoring.

Nothing is repaired: data that cannot be scored are refused in one line, odd values that can be are counted. Reading the
competition's tables belongs to `hbac_assets.competition`.
"""
