"""Imported first: a process group of its own, and no garbage collection until all is imported.

A terminal's Ctrl-C is for the run's own process to hear, which passes it on to the steps, once. Otherwise whatever they
have started, Dagster's own helpers among it, would print a traceback.
"""

import gc
import os

os.setpgid(0, 0)
gc.disable()
