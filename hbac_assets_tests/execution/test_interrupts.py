"""A process that does not end after a signal is killed."""

import signal
import subprocess
import sys

import pytest

STUBBORN = """
import time
from hbac_assets.execution import interrupts

interrupts.STEPS_SECONDS, interrupts.RUN_SECONDS = 0.2, 0.5
with interrupts.watched() as watch:
    watch.raise_interrupts()
    try:
        print("begun", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(60)
"""
OBEDIENT = """
import time
from hbac_assets.execution import interrupts

interrupts.STEPS_SECONDS, interrupts.RUN_SECONDS = 0.2, 0.5
try:
    with interrupts.watched() as watch:
        watch.raise_interrupts()
        print("begun", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    print(watch.number)
"""


def signalled(script, *numbers):
    """Return status and output of a script that got signals after it began."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    process.stdout.readline()
    for number in numbers:
        process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_goes_on_after_a_signal_is_ended(number):
    assert signalled(STUBBORN, number) == (128 + number, "\ninterrupted; the same command goes on from here\n")


def test_the_first_of_two_signals_counts():
    status, output = signalled(STUBBORN, signal.SIGTERM, signal.SIGTERM, signal.SIGINT)
    assert status in {130, 143}  # the system may deliver the two kinds in either order
    assert "Traceback" not in output


def test_what_ends_in_time_is_left_alone():
    assert signalled(OBEDIENT, signal.SIGINT) == (0, "2\n")
