"""The comparison of several experiments on the same data, on the rows that all have predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.errors import HbacError
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.report.members import trained_members
from hbac_assets.report.page import Page, Section, Table
from hbac_assets.report.sections.data import SAMPLING, SYNTHETIC
from hbac_assets.report.sections.experts import experts_section
from hbac_assets.report.sections.leaderboard import leaderboard_section
from hbac_assets.report.sections.limits import limits_section
from hbac_assets.report.sections.side_by_side import side_by_side_sections
from hbac_assets.report.sections.training import speed_section, training_section
from hbac_assets.report.text import interval, nats, whole
from hbac_assets.results.ensembles import chosen_methods, ensemble_rows
from hbac_assets.results.scores import evaluation, scored_table
from hbac_assets.scoring.evaluation import Evaluation, evaluate

SAME = 1e-9
"""Vote fractions that differ by less are equal."""


@dataclass(frozen=True)
class Comparison:
    """The submitted ensembles of several experiments on the rows that all have predicted, with the same votes.

    Attributes:
        lineages: of the experiments.
        found: the evaluation of the ensembles, each named after its experiment.
        rows: the number of rows that each experiment has predicted.
    """

    lineages: Sequence[Lineage]
    found: Evaluation
    rows: Mapping[str, int]


def compare(lineages: Sequence[Lineage]) -> Comparison:
    """Score the submitted ensembles on the rows that all of these experiments have predicted.

    A row with different votes in two experiments, as `one_per_eeg` gives where the votes of an EEG change, is left
    out.

    Args:
        lineages: of different experiments on one data set.

    Raises:
        HbacError: an ensemble is missing, out of date or changed, or no row is left.
    """
    predicted = {}
    for lineage in lineages:
        lineage.ensemble.require()
        rows = ensemble_rows(lineage, lineage.experiment.submitted)
        predicted[lineage.experiment.name] = rows.set_index("label_id")
    first, *others = predicted.values()
    common = first.index
    for other in others:
        common = common.intersection(other.index, sort=False)
    common = common[_voted_alike(predicted, common)]
    if not len(common):
        raise HbacError(
            f"{', '.join(predicted)}: expected rows that all have predicted with the same votes, found none; compare "
            "experiments that sample rows alike"
        )
    table = scored_table(first.loc[common])
    given = {name: rows.loc[common, list(PROBABILITY_COLUMNS)].to_numpy() for name, rows in predicted.items()}
    return Comparison(lineages, evaluate(given, table), {name: len(rows) for name, rows in predicted.items()})


def comparison_page(comparison: Comparison) -> str:
    """Return the page of a comparison as HTML.

    Raises:
        HbacError: a result is missing or changed.
    """
    found, dataset = comparison.found, comparison.lineages[0].dataset
    names = [lineage.experiment.name for lineage in comparison.lineages]
    members = [one for lineage in comparison.lineages for one in trained_members(lineage, lineage.experiment.name)]
    page = Page(
        f"Experiments {', '.join(names)}",
        [
            f"{len(names)} experiments on the data set {dataset.key} (fingerprint {dataset.fingerprint}), each by the "
            f"ensemble that it submits, on the {whole(found.rows)} rows of {whole(found.patients)} patients that all "
            "have predicted and that have the same votes in all.",
        ],
        [
            _experiments(comparison),
            leaderboard_section(found, dict.fromkeys(names, "model")),
            training_section(members),
            speed_section(members),
            *side_by_side_sections(found),
            experts_section(found),
            limits_section(
                [
                    "Performance on rows that not all experiments have predicted, or on unseen data: these data may "
                    "have been used to choose the settings.",
                    "Why one is better: the experiments may differ in many ways at once.",
                ]
            ),
        ],
        warning=SYNTHETIC if dataset.is_synthetic else "",
    )
    return page.html()


def _voted_alike(predicted: Mapping[str, pd.DataFrame], common: pd.Index) -> np.ndarray:
    """Return whether all experiments have the same vote fractions for a row, (N,)."""
    shares = np.stack([rows.loc[common, list(SHARE_COLUMNS)].to_numpy() for rows in predicted.values()])
    return np.asarray((np.ptp(shares, axis=0) < SAME).all(axis=1))


def _experiments(comparison: Comparison) -> Section:
    rows = []
    for lineage in comparison.lineages:
        experiment = lineage.experiment
        own = evaluation(lineage.ensemble).record_of(experiment.submitted)
        rows.append(
            (
                experiment.name,
                nats(own["mean"]),
                interval(own["low"], own["high"]),
                whole(comparison.rows[experiment.name]),
                whole(experiment.folds),
                whole(len(experiment.members)),
                chosen_methods(lineage)[experiment.submitted],
                SAMPLING[experiment.sampling],
                experiment.description,
            )
        )
    table = Table(
        "Each experiment on all of its own rows; these scores are comparable only if the rows are the same.",
        (
            "Experiment", "KL divergence, own rows", "95 % interval", "Own rows", "Folds", "Members", "Blended by",
            "Rows sampled", "Description",
        ),
        rows,
        words=frozenset({6, 7, 8}),
    )  # fmt: skip
    return Section("Experiments", [table])
