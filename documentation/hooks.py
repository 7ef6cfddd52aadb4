"""What MkDocs calls while it builds the site (https://www.mkdocs.org/user-guide/configuration/#hooks)."""

import re
from pathlib import Path
from typing import Any

from documentation.reference import fill

TOP = Path(__file__).parents[1]
TOP_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the project's top level, and where they are on the site."""

SHIM = "iframe-worker.js"
"""Lets the search work where the site is opened from disk; `mkdocs.yml` names it, too."""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the top level, whose links start there, and the script of the search."""
    from mkdocs.structure.files import File

    for source, page in TOP_PAGES.items():
        text = (TOP / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=re.sub(r"\]\(docs/", "](", text)))
    script = Path(__file__).with_name(SHIM).read_text(encoding="utf-8")
    files.append(File.generated(config, f"assets/{SHIM}", content=script))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in what is made from the code, and let links to the top level lead to its pages."""
    for source, place in TOP_PAGES.items():
        up = "../" * page.file.src_uri.count("/")
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(source)}", f"]({up}{place}", markdown)
    return fill(markdown)
