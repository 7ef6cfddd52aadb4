"""A terminal for commands under test, as a person sees it."""

import os
import pty
import re
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

from hbac_assets.commands.terminal import ERASE
from hbac_assets_tests.projects import CHECKOUT

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_in_terminal(
    command: tuple[str, ...], environment: dict[str, str], columns: int = 80, folder: Path = CHECKOUT
) -> tuple[int, str]:
    """Run a command whose input and output are a terminal; return its exit status and all that it wrote."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    process = subprocess.Popen(
        command, cwd=folder, env={"TERM": "xterm"} | environment, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    written = bytearray()
    with suppress(OSError):  # of a terminal that nobody writes to any more
        while read := os.read(master, 65536):
            written += read
    os.close(master)
    return process.wait(), written.decode().replace("\r\n", "\n")


def seen(written: str) -> list[str]:
    """Return the lines that stay, without their colours; the last one has no end yet."""
    return [COLOUR.sub("", line.rpartition(ERASE)[2]) for line in written.split("\n")]


def passed(written: str) -> list[str]:
    """Return what stood in the moving line, one after the other, without colours."""
    return [COLOUR.sub("", part).partition("\n")[0] for part in written.split(ERASE)[1:]]
