"""The blending of members, with choices, variants and published values that qualify the scores."""

from hbac_assets.lineage import Lineage
from hbac_assets.report.page import Section, Table, Text
from hbac_assets.report.text import interval, nats, signed, verdict
from hbac_assets.results.ensembles import method_labels, methods_table
from hbac_assets.results.optimism import chosen_epochs
from hbac_assets.results.published import comparisons, remark
from hbac_assets.results.scores import overall_kl
from hbac_assets.results.test_time import kept_gains


def ensembles_section(lineage: Lineage) -> Section:
    """Return the section of an experiment's ensembles."""
    parts = [*_published(lineage), *_optimism(lineage), *_test_time(lineage)]
    return Section("Ensembles", [_methods(lineage)], parts)


def _methods(lineage: Lineage) -> Table:
    methods = methods_table(lineage)
    rows = [
        (
            f"{one['ensemble']}: {label}",
            nats(one["mean"]),
            interval(one["low"], one["high"]),
            "yes" if one["chosen"] else "",
        )
        for one, label in zip(methods.to_dict("records"), method_labels(methods), strict=True)
    ]
    return Table(
        "Every blending method, scored on rows that it was not fitted on. The last row of an ensemble is its own "
        "score: if the method is chosen, that of a choice made for each fold on the others. Used: the method of the "
        "submission.",
        ("Ensemble and method", "KL divergence", "95 % interval", "Used"),
        rows,
        words=frozenset({3}),
        marked=frozenset(number for number, one in enumerate(methods["chosen"]) if one),
    )


def _published(lineage: Lineage) -> list[Section]:
    experiment, synthetic = lineage.experiment, lineage.dataset.is_synthetic
    found = comparisons(experiment, overall_kl(lineage.oof, lineage.ensemble), synthetic=synthetic)
    if not found:
        return []
    rows = [(one.name, f"{one.published:g}", one.what_that_was, nats(one.here), one.what_that_is) for one in found]
    table = Table(
        "Published results of a model and its score here. They are different quantities.",
        ("Model", "Published", "Definition, published", "Here", "Definition, here"),
        rows,
        words=frozenset({2, 4}),
    )
    text = remark(experiment, synthetic=synthetic)
    return [Section("Published and here", [*([Text(text)] if text else []), table])]


def _optimism(lineage: Lineage) -> list[Section]:
    rows = [
        (member, nats(one.on_scored_fold), nats(one.on_other_folds), signed(one.optimism))
        for member, one in chosen_epochs(lineage).items()
    ]
    if not rows:
        return []
    table = Table(
        "Members that predict with the epoch of lowest validation loss, chosen on the rows that score it. Optimism: "
        "how much higher the loss is for an epoch chosen on the other folds.",
        ("Member", "Validation loss, chosen on the scored fold", "Chosen on the other folds", "Optimism"),
        rows,
    )
    return [Section("Chosen epochs", [table])]


def _test_time(lineage: Lineage) -> list[Section]:
    rows = [
        (
            member,
            nats(one.before),
            nats(one.after),
            signed(one.gain),
            interval(one.low, one.high, "{:+z.4f}"),
            verdict(one.may_be_chance),
        )
        for member, one in kept_gains(lineage.oof).items()
    ]
    if not rows:
        return []
    table = Table(
        "Members that predict the mean over variants of each image. Gain: the decrease of the divergence.",
        ("Member", "KL divergence without", "With variants", "Gain", "95 % interval", "Verdict"),
        rows,
        words=frozenset({5}),
    )
    return [Section("Test-time augmentation", [table])]
