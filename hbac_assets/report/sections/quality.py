"""Strengths and weaknesses of a model: slices, classes, calibration, confusion."""

from collections.abc import Sequence

from hbac_assets.figures import svg
from hbac_assets.labels import CLASSES
from hbac_assets.report.charts.scores import reliability_chart, slices_chart
from hbac_assets.report.page import Block, Picture, Section, Table, Text
from hbac_assets.report.text import interval, is_known, nats, number, percent, signed, whole
from hbac_assets.scoring.evaluation import Evaluation
from hbac_assets.scoring.yardsticks import Record


def quality_sections(found: Evaluation, model: str) -> list[Section]:
    """Return the sections about one model of an evaluation."""
    return [
        _slices(found, model),
        _classes(found, model),
        Section("Calibration", [calibration_picture(found, model)]),
        _confusion(found, model),
    ]


def _of(records: Sequence[Record], model: str) -> list[Record]:
    return [one for one in records if one["model"] == model]


def _slices(found: Evaluation, model: str) -> Section:
    mine = _of(found.slices, model)
    listed = "; ".join(f"{one['by']} {one['slice']} {nats(one['mean'])}" for one in mine)
    picture = Picture(
        svg(slices_chart(found.slices, model)),
        f"{model} on subsets of the rows, with 95 % intervals over patients. Slices with few votes have a high floor, "
        "whatever the model: compare models within a slice, and slices of votes by the way from prior to floor.",
        f"KL divergence of {model} by slice: {listed}.",
        720,
    )
    rows = [
        (
            f"{one['by']}: {one['slice']}",
            whole(one["rows"]),
            whole(one["patients"]),
            nats(one["mean"]),
            interval(one["low"], one["high"]),
            signed(one["excess"]),
            interval(one["excess_low"], one["excess_high"], "{:+z.4f}"),
            percent(one.get("closed")),
        )
        for one in mine
    ]
    names = [(one["by"], one["slice"]) for one in mine]
    worst = frozenset(names.index((one["by"], one["slice"])) for one in _of(found.worst, model))
    table = Table(
        "Slices. Excess: how much higher than over all other rows. Marked: the worst slices, whose excess has an "
        "interval above 0.",
        (
            "Slice", "Rows", "Patients", "KL divergence", "95 % interval", "Excess", "95 % interval of that",
            "Prior to floor",
        ),
        rows,
        marked=worst,
    )  # fmt: skip
    return Section("Slices", [picture, table])


def _classes(found: Evaluation, model: str) -> Section:
    rows = [
        (
            one["class"],
            whole(one["rows"]),
            nats(one["kl"]),
            number(one["auroc"], "{:.3f}"),
            number(one["auprc"], "{:.3f}"),
        )
        for one in _of(found.classes, model)
    ]
    table = Table(
        f"{model}, class by class. The parts of the divergence sum to the score. AUROC and AUPRC: one class against "
        "the rest, where the class with the most votes is the true one; rows with a tie are left out.",
        ("Class", "Rows with this majority", "Part of the divergence", "AUROC", "AUPRC"),
        rows,
    )
    return Section("Classes", [table])


def calibration_picture(found: Evaluation, model: str) -> Picture:
    """Return the reliability of a model, class by class."""
    mine = _of(found.reliability, model)
    listed = "; ".join(
        f"{one['class']} from {number(one['bin'], '{:.1f}')}: predicted {number(one['predicted'], '{:.2f}')}, voted "
        f"{number(one['voted'], '{:.2f}')} in {one['rows']} rows"
        for one in mine
    )
    return Picture(
        svg(reliability_chart(found.reliability, model)),
        "Where the model gives a class a probability of 0.3, do three of ten experts vote for it? On the dashed line "
        "they do; below it the model is too sure of the class, above it too cautious. Small points are few rows and "
        "vary by chance.",
        f"Reliability of {model} by class and bin of the prediction. {listed}.",
        720,
    )


def _confusion(found: Evaluation, model: str) -> Section:
    values = found.confusion[model]
    rows = [
        (f"{name} voted", *(number(value, "{:.2f}") for value in row))
        for name, row in zip(CLASSES, values, strict=True)
    ]
    table = Table(
        f"The mean prediction of {model} where experts vote for a class, each row of the data weighted by the "
        "fraction of its votes for it; darker is more.",
        ("Experts", *CLASSES),
        rows,
        shades=[[value if is_known(value) else 0.0 for value in row] for row in values],
    )
    blocks: list[Block] = [
        Text("Experts disagree, so that even a perfect model is far from a diagonal of ones."),
        table,
    ]
    return Section("Confusion", blocks)
