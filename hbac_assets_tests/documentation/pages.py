"""The project's pages as text, with the marks of the reference filled in, and queries that need no site."""

import re
from functools import cache

from documentation.hooks import TOP_PAGES
from documentation.reference import fill
from hbac_assets_tests.projects import CHECKOUT

DOCS = CHECKOUT / "docs"
PAGES = [CHECKOUT / "README.md", *(CHECKOUT / name for name in TOP_PAGES), *sorted(DOCS.rglob("*.md"))]
CODE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)


@cache
def whole(page):
    """Return a page with what is made from the code in it."""
    return fill(page.read_text(encoding="utf-8"))


@cache
def prose(page):
    """Return a page without its blocks of code."""
    return CODE.sub("", whole(page))


def links(text):
    """Return the targets of the links and pictures of a text, those to other places left out."""
    targets = re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`\n]*`", "", text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text):
    """Return the anchors of the headings, as GitHub and the site make them."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}
