"""Imported first by the process that steps are forked from: a group of its own, out of reach of a terminal's Ctrl-C.

It is for the run's own process to hear, which passes it on to the steps, once. Otherwise whatever they have started,
Dagster's own helpers among it, would print a traceback.
"""

import os

os.setpgid(0, 0)
