"""Hooks of MkDocs (https://www.mkdocs.org/user-guide/configuration/#hooks)."""

import re
from pathlib import Path
from typing import Any

from documentation.reference import fill

TOP = Path(__file__).parents[1]
TOP_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the project's top level, and their paths on the site."""

BESIDE = ("iframe-worker.js", "site.css")
"""Files of this folder that the pages load, as `mkdocs.yml` names them."""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the top level, whose links start there, and the assets of pages."""
    from mkdocs.structure.files import File

    for source, page in TOP_PAGES.items():
        text = (TOP / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=re.sub(r"\]\(docs/", "](", text)))
    for name in BESIDE:
        text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        files.append(File.generated(config, f"assets/{name}", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in the generated parts, and point links to the top level at its pages."""
    for source, place in TOP_PAGES.items():
        up = "../" * page.file.src_uri.count("/")
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(source)}", f"]({up}{place}", markdown)
    return fill(markdown)
