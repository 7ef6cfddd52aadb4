"""Imported last: what each step would do again is done once, and what all of them share is frozen.

A step that looked for garbage among it would copy all of that memory, for half a second; Python's documentation of
`gc.freeze` recommends these calls before a fork.
"""

import gc
from contextlib import suppress

with suppress(Exception):  # as in `libraries`
    from hbac_assets.definitions import defs

    defs.get_repository_def()
gc.freeze()
gc.enable()
