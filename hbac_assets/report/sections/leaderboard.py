"""The leaderboard: all models, with intervals and paired differences."""

from collections.abc import Mapping, Sequence

from hbac_assets.figures import svg
from hbac_assets.report.charts.scores import scores_chart
from hbac_assets.report.page import Block, Picture, Section, Table
from hbac_assets.report.text import experts, interval, is_known, nats, percent, signed, verdict, whole
from hbac_assets.results.scores import leaderboard
from hbac_assets.scoring.evaluation import Evaluation
from hbac_assets.scoring.yardsticks import Record

PAIRED_MODELS, DRAWN_MODELS = 5, 40
"""Numbers of best models that are compared in pairs, and that are drawn."""


def leaderboard_section(found: Evaluation, kinds: Mapping[str, str], references: Sequence[Record] = ()) -> Section:
    """Return the section of all models.

    Args:
        found: their evaluation.
        kinds: the kind of each model by its name, a key of `charts.scores.STYLES`.
        references: records of the references, as in `Evaluation.models`.
    """
    records = sorted([*found.models, *references], key=lambda one: one["mean"])
    blocks: list[Block] = [_picture(records[:DRAWN_MODELS], kinds), _table(found, records)]
    return Section("Leaderboard", [*blocks, *_pairs(found)])


def _picture(records: Sequence[Record], kinds: Mapping[str, str]) -> Picture:
    listed = "; ".join(f"{one['model']} {nats(one['mean'])}" for one in records)
    return Picture(
        svg(scores_chart(records, kinds)),
        "The score of each model; further left is better. Lines are 95 % intervals over patients. Models whose "
        "intervals overlap may still differ significantly, since the difficulty of a row affects both: the table "
        "compares them row by row.",
        f"KL divergence of each model, best first: {listed}. Class prior {nats(records[0]['prior'])}, "
        f"floor {nats(records[0]['floor'])}.",
        720,
    )


def _table(found: Evaluation, records: Sequence[Record]) -> Table:
    behind = {one["model"]: one for one in leaderboard(found).to_dict("records")}
    rows = []
    for one in records:
        other = behind.get(one["model"], {})
        known = is_known(other.get("behind_best"))
        rows.append(
            (
                one["model"],
                nats(one["mean"]),
                interval(one["low"], one["high"]),
                whole(one["rows"]),
                percent(one["closed"]),
                experts(one["experts"]),
                signed(other.get("behind_best")),
                interval(other.get("behind_low"), other.get("behind_high"), "{:+z.4f}"),
                verdict(bool(other["may_be_chance"])) if known else verdict(None),
            )
        )
    best = found.models[0]["model"]
    return Table(
        "Scores in nats, best first. Prior to floor: the way covered from the class prior to the floor of votes. "
        f"Behind: the mean difference from {best} over the rows that both have predicted, with its 95 % interval.",
        (
            "Model", "KL divergence", "95 % interval", "Rows", "Prior to floor", "Worth experts",
            "Behind the best", "95 % interval of that", "Verdict",
        ),
        rows,
        words=frozenset({8}),
        marked=frozenset({[one["model"] for one in records].index(best)}),
    )  # fmt: skip


def _pairs(found: Evaluation) -> list[Table]:
    best = [one["model"] for one in found.models[:PAIRED_MODELS]]
    pairs = [one for one in found.differences if {one["first"], one["second"]} <= set(best)]
    if len(pairs) < 2:  # the leaderboard has it
        return []
    which = "Every pair" if len(found.models) <= PAIRED_MODELS else f"Every pair of the {PAIRED_MODELS} best"
    rows = [
        (
            one["first"],
            one["second"],
            signed(one["difference"]),
            interval(one["low"], one["high"], "{:+z.4f}"),
            whole(one["rows"]),
            percent(one["won"]),
            verdict(one["noise"]),
        )
        for one in pairs
    ]
    return [
        Table(
            f"{which}, row by row. Below 0 the first is better; won: the fraction of the resamples of patients in "
            "which it is.",
            ("First", "Second", "Difference", "95 % interval", "Rows", "Won", "Verdict"),
            rows,
            words=frozenset({1, 6}),
        )
    ]
