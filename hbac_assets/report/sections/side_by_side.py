"""All models of an evaluation side by side, by slice and by class."""

from hbac_assets.labels import CLASSES
from hbac_assets.report.page import Section, Table
from hbac_assets.report.sections.quality import calibration_picture
from hbac_assets.report.text import nats, number, whole
from hbac_assets.scoring.evaluation import Evaluation


def side_by_side_sections(found: Evaluation) -> list[Section]:
    """Return the sections about slices, classes and calibration of all models."""
    models = [one["model"] for one in found.models]
    return [
        Section("Slices", [_slices(found, models)]),
        Section("Classes", [_classes(found, models)]),
        Section("Calibration", sections=[Section(one, [calibration_picture(found, one)]) for one in models]),
    ]


def _slices(found: Evaluation, models: list[str]) -> Table:
    of_model = {(one["model"], one["by"], one["slice"]): one for one in found.slices}
    slices = dict.fromkeys((one["by"], one["slice"]) for one in found.slices)
    rows = [
        (
            f"{by}: {name}",
            whole(of_model[models[0], by, name]["rows"]),
            *(nats(of_model[model, by, name]["mean"]) for model in models),
        )
        for by, name in slices
    ]
    return Table("KL divergence in nats, slice by slice.", ("Slice", "Rows", *models), rows)


def _classes(found: Evaluation, models: list[str]) -> Table:
    of_model = {(one["model"], one["class"]): one for one in found.classes}
    measures = {"part of the divergence": ("kl", nats), "AUROC": ("auroc", _area), "AUPRC": ("auprc", _area)}
    rows = [
        (f"{name}: {measure}", *(form(of_model[model, name][key]) for model in models))
        for name in CLASSES
        for measure, (key, form) in measures.items()
    ]
    return Table(
        "Class by class: the parts of the divergence, which sum to the score; AUROC and AUPRC of one class against the "
        "rest.",
        ("Class", *models),
        rows,
    )


def _area(value: float | None) -> str:
    return number(value, "{:.3f}")
