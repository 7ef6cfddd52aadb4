"""The pages of `docs/reference`, with marks that are replaced by tables generated from the code."""

import re
from collections.abc import Callable

from documentation.assets import assets_markdown
from documentation.commands import commands_markdown
from documentation.settings import settings_markdown
from documentation.store_layout import store_markdown
from documentation.variables import variables_markdown

MADE: dict[str, Callable[[], str]] = {
    "settings": settings_markdown,
    "assets": assets_markdown,
    "variables": variables_markdown,
    "commands": commands_markdown,
    "store": store_markdown,
}
MARK = re.compile(r"^<!-- made from the code: (\w+) -->$", re.M)


def fill(page: str) -> str:
    """Return a page with its marks replaced."""
    return MARK.sub(lambda mark: MADE[mark[1]](), page)
