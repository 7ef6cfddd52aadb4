"""The page of scored prediction files."""

from collections.abc import Mapping, Sequence

from hbac_assets.report.page import Items, Page, Section, Table
from hbac_assets.report.sections.experts import experts_section
from hbac_assets.report.sections.leaderboard import leaderboard_section
from hbac_assets.report.sections.limits import limits_section
from hbac_assets.report.sections.quality import quality_sections
from hbac_assets.report.text import NOT_KNOWN, plural, whole
from hbac_assets.scoring.evaluation import Evaluation
from hbac_assets.scoring.yardsticks import Record

ODDITIES = {
    "rows": "Rows predicted",
    "rows_not_summing_to_1": "Rows that do not sum to 1",
    "rows_with_zero_where_votes_are": "Rows with probability 0 for a class with votes",
}


def scored_files_page(found: Evaluation, oddities: Sequence[Record], files: Sequence[str]) -> str:
    """Return the page of an evaluation as HTML.

    Args:
        found: of the models.
        oddities: of `ReadPredictions`.
        files: that were read, in the order of the list.
    """
    best = found.models[0]["model"]
    page = Page(
        f"Scores of {plural(len(found.models), 'model')}",
        [
            "Predictions from files, scored against expert votes.",
            f"Slices, classes, calibration and confusion are those of the best one, {best}.",
        ],
        [
            _data(found, oddities, files),
            leaderboard_section(found, {one["model"]: "model" for one in found.models}),
            *quality_sections(found, best),
            experts_section(found),
            limits_section(
                [
                    "How the predictions were made: the files do not record whether a model has seen the rows that it "
                    "predicts, nor whether the data are real.",
                    *(f"Without {name}: {effect}." for name, effect in found.missing.items()),
                ]
            ),
        ],
    )
    return page.html()


def _data(found: Evaluation, oddities: Sequence[Record], files: Sequence[str]) -> Section:
    facts: Mapping[str, str] = {
        "Rows with votes": whole(found.rows),
        "Patients": NOT_KNOWN if found.patients is None else whole(found.patients),
    }
    table = Table("The scored rows.", ("What", "Value"), list(facts.items()))
    odd = Table(
        "The rows read of each model; rows that do not sum to 1 are scored unchanged.",
        ("Model", *ODDITIES.values()),
        [(one["model"], *(whole(one[name]) for name in ODDITIES)) for one in oddities],
    )
    return Section("Data", [Items(files), table, odd])
