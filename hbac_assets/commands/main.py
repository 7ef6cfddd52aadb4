"""The command line of `hbac`: its subcommands and exit statuses.

Exit status: 0 on success, 1 after an error, reported in one line, 2 for wrong usage, 130 after Ctrl-C, 143 after
SIGTERM. Ctrl-C ends `ui` successfully.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Protocol

from hbac_assets.commands import bundle, compare, predict, run, score, store, ui
from hbac_assets.commands.subcommands import add_subcommand
from hbac_assets.commands.variables import set_variables
from hbac_assets.errors import HbacError
from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE


class Command(Protocol):
    """The module of a subcommand; its docstring is its help, whose first line appears in the list of subcommands."""

    __doc__: str | None

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommand's options; one whose `dest` is the name of an environment variable sets that variable."""

    def main(self, options: argparse.Namespace) -> int:
        """Run the subcommand and return the exit status.

        Raises:
            HbacError: an error that the user can fix.
        """


COMMANDS: dict[str, Command] = {
    "run": run,
    "predict": predict,
    "bundle": bundle,
    "score": score,
    "compare": compare,
    "store": store,
    "ui": ui,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the subcommand that `arguments` (by default those of this process) name; return the exit status."""
    options = command_line().parse_args(arguments)
    set_variables(options)
    try:
        return COMMANDS[options.command].main(options)
    except HbacError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{INTERRUPTED_MESSAGE}", file=sys.stderr)
        return 128 + signal.SIGINT


def command_line() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        "hbac", description="Harmful brain activity classification, from EEG to submission."
    )
    subcommands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        command.add_options(add_subcommand(subcommands, name, command.__doc__ or ""))
    return parser
