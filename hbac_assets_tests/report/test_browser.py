"""The page of an experiment as Chromium shows and prints it."""

import re

import pytest

from hbac_assets_tests.report.browser import CHROMIUM, chromium

WIDTHS = {"desktop": (1280, False), "phone": (390, True)}
LOADED = "[...document.images].every(one => one.complete && one.naturalWidth > 0) && document.images.length"
SIZES = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
CLIPPED = """[...document.querySelectorAll("main *, header *")].filter(one =>
    !one.closest(".scroll") && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(one => one.outerHTML.slice(0, 80))"""
A_SCREEN = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: Debian's package chromium has one"),
]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.mark.parametrize("screen", WIDTHS)
def test_the_page_is_shown_whole_without_a_complaint(screen, tab, finished):
    url = (finished[0].results / "report.html").as_uri()
    width, phone = WIDTHS[screen]
    tab.open(url, width, phone=phone)
    assert tab.value(LOADED) == 11
    found, fits = tab.value(SIZES)
    assert found == fits  # what is wider scrolls by itself
    assert tab.value(CLIPPED) == []
    assert tab.complaints() == []
    assert tab.fetched() == [url]


def test_the_page_is_printed_on_a_few_sheets(tab, finished):
    tab.open((finished[0].results / "report.html").as_uri(), 1280, phone=False)
    printed = tab.pdf()
    assert printed.startswith(b"%PDF-")
    assert 5 < len(re.findall(rb"/Type */Page\b", printed)) < A_SCREEN
    assert tab.complaints() == []


def test_the_tests_see_what_a_page_would_fetch_say_and_push_out(tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<!DOCTYPE html><meta name=viewport content='width=device-width'><main><img src='there.png'>"
        "<p style='width: 2000px'>wide</p></main><script>console.log('said')</script>"
    )
    tab.open(page.as_uri(), 390, phone=True)
    assert tab.fetched() == [page.as_uri(), (tmp_path / "there.png").as_uri()]
    assert {one["method"] for one in tab.complaints()} >= {"Runtime.consoleAPICalled"}
    assert len(tab.value(CLIPPED)) == 1
    assert tab.value(LOADED) is False
