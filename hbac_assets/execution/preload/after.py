"""Imported last: does work common to all steps once, and freezes the shared objects.

A garbage collection in a step would copy all of that memory, for half a second; Python's documentation of `gc.freeze`
recommends these calls before a fork.
"""

import gc
from contextlib import suppress

with suppress(Exception):  # as in `libraries`
    from hbac_assets.definitions import defs

    defs.get_repository_def()
gc.freeze()
gc.enable()
