"""Links between the pages, and to headings, are valid; each page has its place on the site."""

import pytest
import yaml

from documentation.hooks import TOP_PAGES
from hbac_assets_tests.documentation.pages import DOCS, PAGES, anchors, links, prose, whole
from hbac_assets_tests.projects import CHECKOUT


def broken(page, text):
    found = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(prose(target))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_each_link_leads_to_a_file_and_a_heading(page):
    assert broken(page, whole(page)) == []


def test_a_missing_file_and_a_missing_heading_are_seen():
    text = (
        "[a](nowhere.md) ![b](nowhere.png) [c](#nothing) [d](scores.md#divergence) [e](scores.md#no) [f](https://x.y)"
    )
    assert broken(DOCS / "index.md", text) == ["nowhere.md", "nowhere.png", "#nothing", "scores.md#no"]


def places(entries):
    for entry in entries:
        (value,) = entry.values()
        yield from [value] if isinstance(value, str) else places(value)


def test_each_page_has_one_place_on_the_site():
    site = yaml.safe_load((CHECKOUT / "documentation" / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")]
    assert sorted(places(site["nav"])) == sorted([*pages, *TOP_PAGES.values()])


def test_each_page_is_named_on_the_first_one():
    named = {link.partition("#")[0] for link in links(whole(DOCS / "index.md"))}
    assert {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - named - {"index.md", "benchmarks.md"} == set()
