"""The references for models: the floor of votes, and predictions from the votes of a few experts."""

from hbac_assets.figures import svg
from hbac_assets.report.charts.scores import POINTS, experts_chart
from hbac_assets.report.page import Picture, Section, Table, Text
from hbac_assets.report.text import experts, nats, whole
from hbac_assets.scoring.evaluation import Evaluation


def experts_section(found: Evaluation) -> Section:
    """Return the section of an evaluation."""
    parts = [*_floor(found), *_experts(found)]
    if parts:
        return Section("Floor and experts", sections=parts)
    text = Text("Unknown: the floor needs the votes of rows with two or more, the experts rows with ten or more.")
    return Section("Floor and experts", [text])


def _floor(found: Evaluation) -> list[Section]:
    if not found.floor:
        return []
    rows = [
        (
            "all rows" if one["slice"] == "all" else f"{one['slice']} votes",
            whole(one["rows"]),
            nats(one["grassberger"]),
            nats(one["dirichlet"]),
            nats(one["middle"]),
        )
        for one in found.floor
    ]
    table = Table(
        "The floor of votes in nats: Grassberger's estimate is mostly too high, that of a Dirichlet distribution "
        "mostly too low; their midpoint is used.",
        ("Rows by number of votes", "Rows", "Grassberger", "Dirichlet", "Middle"),
        rows,
    )
    text = Text(
        "The floor is the score of an observer who knows the true probability of each class: not 0, since the experts "
        "who voted are a sample. It is a mean over rows and does not bound the score of a single row."
    )
    return [Section("The floor of votes", [text, table])]


def _experts(found: Evaluation) -> list[Section]:
    if not found.experts:
        return []
    drawn = found.models[: len(POINTS)]
    listed = "; ".join(f"{one['model']} {experts(one['experts'])}" for one in drawn)
    picture = Picture(
        svg(experts_chart(found.experts, drawn)),
        "How well the votes of a few experts predict the next vote, on rows with ten votes or more. A model is placed "
        "where the curve equals its score, and is worth that many experts; further right is better.",
        f"The divergence falls with the number of experts. Worth of the models in experts: {listed}.",
        720,
    )
    curve = Table(
        "The divergence of a number of experts, in nats.",
        ("Experts", *(whole(one["votes"]) for one in found.experts)),
        [("KL divergence", *(nats(one["kl"]) for one in found.experts))],
    )
    models = Table(
        "The models on the same rows.",
        ("Model", "KL divergence, ten votes or more", "Worth experts"),
        [(one["model"], nats(one["kl_many_votes"]), experts(one["experts"])) for one in found.models],
    )
    return [Section("Worth in experts", [picture, curve, models])]
