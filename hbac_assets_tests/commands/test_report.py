"""The report of a run, cut to one screen."""

import pytest

from hbac_assets.commands.report import Block


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (5, "0 1 2 3 4"),
        (6, "0 1 2 3 4 5"),  # a line that says that one is left out would take its place
        (7, "0 1 … 2 more 4 5 6"),
        (40, "0 1 … 35 more 37 38 39"),
    ],
)
def test_the_first_and_last_lines_stand_for_many(count, shown):
    block = Block([str(number) for number in range(count)], first=2, last=3)
    assert " ".join(line.strip() for line in block.folded()) == shown
