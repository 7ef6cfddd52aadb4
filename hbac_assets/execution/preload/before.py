"""Imported first: sets up a separate process group, and disables garbage collection during the imports.

The run's own process handles a terminal's Ctrl-C and forwards it to the steps, once. Otherwise their children,
including Dagster's helpers, would print tracebacks.
"""

import gc
import os

os.setpgid(0, 0)
gc.disable()
