"""The page of one experiment."""

from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Lineage
from hbac_assets.report.members import trained_members
from hbac_assets.report.page import Page
from hbac_assets.report.sections.cases import case_sections
from hbac_assets.report.sections.data import SYNTHETIC, data_section
from hbac_assets.report.sections.ensembles import ensembles_section
from hbac_assets.report.sections.experts import experts_section
from hbac_assets.report.sections.leaderboard import leaderboard_section
from hbac_assets.report.sections.limits import limits_section
from hbac_assets.report.sections.quality import quality_sections
from hbac_assets.report.sections.training import speed_section, training_section
from hbac_assets.report.text import experts, interval, is_known, nats, percent
from hbac_assets.results.ensembles import chosen_methods, ensemble_rows
from hbac_assets.results.scores import evaluation
from hbac_assets.scoring.yardsticks import Record
from hbac_assets.store.tables import read_table

OFFSETS = ["label_id", "eeg_label_offset_seconds", "spectrogram_label_offset_seconds"]


def experiment_page(lineage: Lineage) -> str:
    """Return the page of an experiment's results as HTML.

    Raises:
        HbacError: a result is missing, out of date or changed.
    """
    lineage.ensemble.require()
    experiment, submitted = lineage.experiment, lineage.experiment.submitted
    rows, found = read_table(lineage.folds), evaluation(lineage.ensemble)
    kinds = model_kinds(experiment)
    of_models = {one["model"] for one in found.models}
    references = [one for one in evaluation(lineage.oof).models if one["model"] not in of_models]
    kinds |= {one["model"]: "reference" for one in references}
    members = trained_members(lineage)
    predicted = ensemble_rows(lineage, submitted).merge(rows[OFFSETS], on="label_id", validate="one_to_one")
    own = found.record_of(submitted)
    page = Page(
        f"Experiment {experiment.name}",
        [experiment.description, _score(own, chosen_methods(lineage)[submitted])],
        [
            data_section(lineage, rows),
            leaderboard_section(found, kinds, references),
            ensembles_section(lineage),
            training_section(members),
            speed_section(members),
            *quality_sections(found, submitted),
            experts_section(found),
            *case_sections(lineage, predicted, submitted),
            limits_section(_limits(lineage)),
        ],
        warning=SYNTHETIC if lineage.dataset.is_synthetic else "",
    )
    return page.html()


def model_kinds(experiment: Experiment) -> dict[str, str]:
    """Return the kind of each model of an experiment, for charts and tables."""
    return dict.fromkeys(experiment.members, "member") | dict.fromkeys(experiment.ensembles, "ensemble")


def _score(own: Record, method: str) -> str:
    way = f", {percent(own['closed'])} of the way from class prior to floor of votes" if is_known(own["closed"]) else ""
    worth = f", worth {experts(own['experts'])} experts" if is_known(own["experts"]) else ""
    return (
        f"The submitted ensemble, {own['model']}, blended by {method}, scores a KL divergence of "
        f"{nats(own['mean'])} nats {interval(own['low'], own['high'])} on rows that it was not fitted on"
        f"{way}{worth}."
    )


def _limits(lineage: Lineage) -> list[str]:
    best = [name for name, one in lineage.experiment.members.items() if one.scored_epoch == "best"]
    chosen = [f"The scores of {', '.join(best)} without optimism: see Chosen epochs."] if best else []
    return [
        "A score on unseen data. Rows are predicted by models that have not seen their patients, and blends are "
        "chosen on other folds; but the experiment's settings may have been chosen on these "
        "scores.",
        *chosen,
        "Typical rows: hits and misses are the extremes of one model.",
        "The models' inputs: EEG is filtered and shown in one montage for display; members have other inputs.",
        "The speed of other machines: durations are those of the machines that trained, under their load then.",
    ]
