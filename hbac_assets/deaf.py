"""Imported first by the process that steps are forked from: Ctrl-C is for the run's own process to hear.

That one passes it on to the steps. Without this, a Ctrl-C while the other modules are imported prints their tracebacks.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
