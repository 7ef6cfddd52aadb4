"""Any page, whatever its texts, is one self-contained file with headings and tables in order."""

import io
import re

import pytest
from PIL import Image

from hbac_assets import figures
from hbac_assets.figures import few_colours_png, new_axes, svg
from hbac_assets.report.charts import label
from hbac_assets.report.page import Items, Page, Picture, Section, Table, Text
from hbac_assets.report.text import experts, interval, nats, percent, signed, verdict, whole
from hbac_assets_tests.report.pages import require_self_contained, shows

NASTY = "<script>alert('a&b')</script> \" onerror=\"x {{ 7 * 7 }} </style> $\\frac{1}{0}$ --> 脳波"


def drawn(text):
    figure, axes = new_axes(4, 2, label(text))
    axes.plot([0, 1], [1, 0], label=label(text))
    axes.set_xlabel(label(text))
    axes.legend()
    return figure


@pytest.fixture(scope="module")
def html():
    table = Table(NASTY, ("name", NASTY), [(NASTY, NASTY), ("two", "2")], marked=frozenset({1}))
    picture = Picture(svg(drawn(NASTY)), NASTY, NASTY, 300)
    part = Section(NASTY, [Text(NASTY), Items([NASTY])])
    return Page(NASTY, [NASTY], [Section("First", [table]), Section("Second", [picture], [part])], NASTY).html()


@pytest.fixture(scope="module")
def page(html):
    return require_self_contained(html)


def test_no_text_becomes_markup(html):
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_every_text_is_escaped_wherever_it_stands(page):
    assert page.headings == [(1, " ".join(NASTY.split())), (2, "First"), (2, "Second"), (3, NASTY)]
    assert page.table("<script>").header == ["name", NASTY]
    assert page.table("<script>").rows[0] == [NASTY, NASTY]
    (image,) = page.images
    assert image["alt"] == NASTY
    assert page.text.count(NASTY) == 11
    labels = [attributes["aria-label"] for tag, attributes in page.tags if attributes.get("role") == "group"]
    assert NASTY in labels


def test_highlighted_rows_are_marked(page):
    rows = [attributes for tag, attributes in page.tags if tag == "tr"]
    assert [row.get("class") for row in rows] == [None, None, "marked"]


def test_pictures_are_the_same_bytes_for_the_same_content():
    assert svg(drawn("one")) == svg(drawn("one"))
    assert svg(drawn("one")) != svg(drawn("two"))
    assert b"<dc:date>" not in svg(drawn("one"))
    few = Image.open(io.BytesIO(few_colours_png(drawn("one"), 16)), formats=["PNG"])
    assert len(few.getcolors()) <= 16


def test_names_in_figures_are_short_and_no_formulas():
    assert label("$a$") == r"\$a\$"
    assert label("a" * 36) == "a" * 36
    assert label("begin" + "-" * 40 + "end") == "begin" + "-" * 12 + "…" + "-" * 15 + "end"


def test_shades_grow_with_the_value():
    table = Table("t", ("a", "b", "c"), [("x", "0", "1")], shades=[[0.0, 1.0]])
    assert [table.style(0, column).split()[1] for column in (1, 2)] == ["shade-0", "shade-10"]


def test_numbers_and_what_is_not_known():
    assert [nats(0.123456), signed(0.1), percent(0.1234), whole(12345.0), interval(0.1, 0.2)] == [
        "0.1235", "+0.1000", "12.3%", "12,345", "[0.1000, 0.2000]",
    ]  # fmt: skip
    assert [percent(-1e-9), signed(-1e-9)] == ["0.0%", "+0.0000"]
    for missing in (None, float("nan")):
        assert {nats(missing), percent(missing), whole(missing), interval(missing, 1.0), experts(missing)} == {"–"}
    assert [experts(9.0), experts(1.26), verdict(None), verdict(True), verdict(False)] == [
        "9 or more", "1.3", "–", "may be chance", "more than chance",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value", "equal"),
    [
        ("0.1235", 0.12346, True),
        ("0.1235", 0.12356, False),
        ("12.3%", 0.1234, True),
        ("–", None, True),
        ("–", 0.0, False),
    ],
)
def test_the_tests_tell_whether_a_cell_shows_a_value(text, value, equal):
    assert shows(text, value) == equal


def luminance(colour):
    """The relative luminance of a colour (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_and_marks_stand_out_from_what_is_behind_them():
    """Words by 4.5 to 1 and the marks that charts use most by 3 to 1, as WCAG 2.2 asks for."""
    style = Page("", [], []).html()
    colours = dict(re.findall(r"--(\w+): (#\w{6});", style))
    (darkest,) = re.findall(r"\.shade-10 { background: rgb\((\d+), (\d+), (\d+)\)", style)
    for words in ("ink", "soft", "link"):
        assert contrast(colours[words], "#ffffff") >= 4.5
    for behind in (colours["mark"], colours["warning"], "#" + "".join(f"{int(part):02x}" for part in darkest)):
        assert contrast(colours["ink"], behind) >= 4.5
    for marks in (figures.BLUE, figures.VERMILION, figures.GREEN, figures.GREY):
        assert contrast(marks, "#ffffff") >= 3
