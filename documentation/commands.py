"""The subcommands of `hbac`, as `--help` shows them."""

import argparse
from collections.abc import Iterator

from hbac_assets.commands.main import command_line

WIDTH = 100


def commands_markdown() -> str:
    """Return a section with the help of each subcommand, and of each of its own actions."""
    return "\n\n".join(
        f"## {parser.prog}\n\n```text\n{_help(parser)}\n```" for parser in parsers(command_line()) if parser.prog
    )


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser, then those of its subcommands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from parsers(one)


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = _formatter
    return parser.format_help().strip()


def _formatter(*, prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=WIDTH)
