"""The site is built without a warning, fetches nothing from elsewhere, and can be searched from the disk."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.report.browser import CHROMIUM, chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("mkdocs") is None, reason="no MkDocs: it is in the dependency group docs (`make docs`)"
    ),
]
FETCHED = (
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//|<link\b[^>]*\bhref=\"?(?:https?:)?//"
    r"|@import|url\(\"?//"
)
SEARCH = """(() => {
    document.querySelector("[data-md-toggle=search]").click()
    const field = document.querySelector("input.md-search__input")
    field.dispatchEvent(new Event("focus"))
    field.value = "%s"
    field.dispatchEvent(new Event("keyup", { bubbles: true }))
    return true
})()"""
RESULTS = "[...document.querySelectorAll('.md-search-result__link')].map(one => one.href)"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        [*command, "--config-file", "documentation/mkdocs.yml"],
        cwd=CHECKOUT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    return folder


def test_no_page_fetches_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert [page.name for page in pages if re.search(FETCHED, page.read_text(encoding="utf-8"))] == []
    assert re.search(FETCHED, '<script src="https://unpkg.com/x">')


def test_the_generated_parts_are_on_the_page(site):
    settings = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    assert 'id="membersettings"' in settings
    assert "made from the code:" not in settings
    assert (site / "contributing.html").is_file()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: Debian's package chromium has one")
def test_the_search_works_from_the_disk_and_from_any_depth(site, tmp_path):
    with chromium(tmp_path) as tab:
        for page in ("index.html", "reference/settings.html"):
            tab.open((site / page).as_uri(), 1280, phone=False)
            tab.value(SEARCH % "mixup")
            assert tab.wait_for(f"{RESULTS}.length"), "the search found nothing"
            found = tab.value(RESULTS)
            assert any(link.startswith((site / "reference" / "settings.html").as_uri()) for link in found)
            assert all(url.startswith("file:") for url in tab.fetched())
            assert tab.complaints() == []
