"""The training of the members: losses, parameters, speed."""

from collections.abc import Sequence
from statistics import median

import pandas as pd

from hbac_assets.figures import svg
from hbac_assets.report.charts.training import loss_chart
from hbac_assets.report.members import Member
from hbac_assets.report.page import Picture, Section, Table
from hbac_assets.report.text import nats, number, whole
from hbac_assets.results.history import lowest_epoch


def training_section(members: Sequence[Member]) -> Section:
    """Return the section of losses and parameters."""
    return Section("Training", [_picture(members), _losses(members), _parameters(members)])


def speed_section(members: Sequence[Member]) -> Section:
    """Return the section of durations."""
    rows = []
    for member in members:
        epochs = pd.concat(member.histories)
        took = [cell["seconds"] for cell in member.cells]
        where = dict.fromkeys(_machine(cell["environment"]) for cell in member.cells)
        rows.append(
            (
                member.name,
                whole(len(took)),
                number(sum(took), "{:,.1f}"),
                number(sum(took) / len(took), "{:,.1f}"),
                number(median(epochs["seconds"]), "{:,.2f}"),
                number(median(epochs["images_per_second"]), "{:,.1f}"),
                "; ".join(where),
            )
        )
    table = Table(
        "Durations of the trainings in seconds. A model: from its first row to its stored weights, including "
        "compilation; of a resumed one, only the last part. An epoch: with validation, without compilation. "
        "Images a second: training only. Both are medians over all epochs and folds.",
        ("Member", "Models", "All models (s)", "A model (s)", "An epoch (s)", "Images a second", "On"),
        rows,
        words=frozenset({6}),
    )
    return Section("Speed", [table])


def _picture(members: Sequence[Member]) -> Picture:
    listed = "; ".join(
        f"{member.name}, fold {number}: {nats(cell['val_loss'])} in epoch {cell['scored_epoch']}"
        for member in members
        for number, cell in enumerate(member.cells)
    )
    stages = " A vertical line begins a stage." if any(len(one.settings.all_stages) > 1 for one in members) else ""
    return Picture(
        svg(loss_chart(members)),
        "The losses of every fold over the epochs. Rising validation loss with falling training loss is overfitting; "
        "distant lines are folds that differ. Training is on augmented images, so that its loss may stay above "
        f"validation.{stages}",
        f"Loss curves of each member on each fold. Validation loss of the scored epoch: {listed}.",
        780,
    )


def _losses(members: Sequence[Member]) -> Table:
    rows = []
    for member in members:
        for fold, (history, cell) in enumerate(zip(member.histories, member.cells, strict=True)):
            lowest = lowest_epoch(history)
            rows.append(
                (
                    member.name,
                    whole(fold),
                    whole(cell["training_rows"]),
                    whole(cell["validation_rows"]),
                    whole(len(history)),
                    whole(cell["scored_epoch"]),
                    nats(cell["val_loss"]),
                    whole(lowest["epoch"]),
                    nats(lowest["val_loss"]),
                )
            )
    return Table(
        "Every fold: the epoch whose weights predict, and the one of lowest validation loss, in nats.",
        (
            "Member", "Fold", "Training rows", "Validation rows", "Epochs", "Scored epoch", "Validation loss",
            "Best epoch", "Lowest validation loss",
        ),
        rows,
    )  # fmt: skip


def _parameters(members: Sequence[Member]) -> Table:
    rows: list[tuple[str, ...]] = []
    for member in members:
        counts = member.cells[0]["parameters"]
        settings = member.settings
        rows.append(
            (
                member.name,
                settings.backbone,
                settings.preprocessing.input,
                settings.pretrained,
                settings.target,
                *(whole(counts[name]) for name in ("total", "trainable", "non_trainable", "backbone")),
            )
        )
    return Table(
        "The members. Parameters: weights learned by training (trainable), or estimated from the training rows "
        "(not trainable, such as the running statistics of batch normalisation).",
        (
            "Member", "Backbone", "Input", "Pretrained on", "Target", "Parameters", "Trainable", "Not trainable",
            "In the backbone",
        ),
        rows,
        words=frozenset({1, 2, 3, 4}),
    )  # fmt: skip


def _machine(environment: dict[str, object]) -> str:
    """Return the machine on which a model was trained."""
    device, count = environment["device"], environment.get("devices", 1)  # earlier models used one
    cores = f", {environment['cores']} cores" if device == "cpu" else ""
    return f"{device}{f' × {count}' if count != 1 else ''}{cores}, {environment['precision']}"
