"""The comparison of experiments: on the rows that all have predicted, with the statistics of `scoring`."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from hbac_assets.commands import compare
from hbac_assets.commands.main import command_line
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.errors import HbacError
from hbac_assets.experiments.loading import FOLDER
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.views import Workspace
from hbac_assets.results.ensembles import ensemble_rows
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.paired import divergences, paired_difference
from hbac_assets_tests.report.ensembles import write_mean
from hbac_assets_tests.report.pages import require_self_contained, shows

NAMES = ["quickstart-miniature", "mine-miniature"]


@pytest.fixture
def two(resources, lineage, tmp_path, monkeypatch):
    """Quickstart, and an experiment of one's own that blends its models otherwise; the environment names their store.

    The second has not predicted the first three rows, and has other votes for the next two.
    """
    file = tmp_path / "mine.yaml"
    content = yaml.safe_load((FOLDER / "quickstart.yaml").read_text()) | {"description": "<b>Mine</b>"}
    content["ensembles"] = {"both": {"members": list(content["members"]), "method": "mean"}}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    choice = ExperimentChoice(name=str(file), miniature=True)
    other = Workspace(resources["competition"], resources["store"], choice).lineage()
    shutil.copytree(lineage.experiment_folder, other.experiment_folder)

    def spoil(rows):
        rows = rows.iloc[3:].reset_index(drop=True)
        shares = rows[list(SHARE_COLUMNS)].to_numpy(copy=True)
        shares[0] = shares[0, ::-1] / 2 + 1 / 12
        most, least = shares[1].argmax(), shares[1].argmin()
        shares[1, [most, least]] = shares[1, [least, most]]  # the other classes have as many as before
        rows[list(SHARE_COLUMNS)] = shares
        return rows

    write_mean(other, spoil)
    monkeypatch.setenv("HBAC_STORE", resources["store"].folder)
    monkeypatch.setenv("HBAC_MINIATURE", "1")
    monkeypatch.setenv("HBAC_SYNTHETIC_RECORDINGS", str(resources["competition"].synthetic_recordings))
    return file, [lineage, other]


def common_rows(lineages):
    """The rows that count, of each experiment."""
    parts = [ensemble_rows(one, one.experiment.submitted) for one in lineages]
    kept = parts[1]["label_id"].iloc[2:]
    return [part[part["label_id"].isin(kept)].reset_index(drop=True) for part in parts]


def run(*arguments):
    options = command_line().parse_args(["compare", *map(str, arguments)])
    return compare.main(options)


def test_two_experiments_on_the_rows_that_both_have_predicted(two, tmp_path, capsys):
    file, lineages = two
    target = tmp_path / "page.html"
    assert run("quickstart", file, "--html", target) == 0
    printed = capsys.readouterr().out
    page = require_self_contained(target.read_text())

    parts = common_rows(lineages)
    assert len(parts[0]) == len(parts[1]) == len(ensemble_rows(lineages[0], "ensemble")) - 5
    of_all = [len(ensemble_rows(one, one.experiment.submitted)) for one in lineages]
    assert f"of these rows: {of_all[0]} of {NAMES[0]}, {of_all[1]} of {NAMES[1]}" in printed
    assert f"KL divergence of the {len(parts[0])} rows, {parts[0]['patient_id'].nunique()} patients" in printed
    kl = {
        name: kl_divergence(part[list(SHARE_COLUMNS)].to_numpy(), part[list(PROBABILITY_COLUMNS)].to_numpy()).mean()
        for name, part in zip(NAMES, parts, strict=True)
    }
    best, other = sorted(kl, key=kl.get)
    columns = list(SHARE_COLUMNS), list(PROBABILITY_COLUMNS)
    of = {name: divergences(part, *columns) for name, part in zip(NAMES, parts, strict=True)}
    behind = paired_difference(of[other], of[best])
    for name in NAMES:
        assert re.search(rf"^  {name} +{kl[name]:.4f} ", printed, re.MULTILINE)
    assert f"{behind.value:.4f} [{behind.low:.4f}, {behind.high:.4f}]" in printed

    board = {one["Model"]: one for one in page.table("Scores in nats").records()}
    assert all(shows(board[name]["KL divergence"], kl[name]) for name in NAMES)
    low, high = board[other]["95 % interval of that"].strip("[]").split(", ")
    for cell, value in ((board[other]["Behind the best"], behind.value), (low, behind.low), (high, behind.high)):
        assert shows(cell, value)
    experiments = page.table("Each experiment").records()
    assert [one["Experiment"] for one in experiments] == NAMES
    own = [json.loads(one.ensemble.manifest_path.read_text())["facts"]["evaluation"]["models"] for one in lineages]
    for record, lineage, models, rows in zip(experiments, lineages, own, of_all, strict=True):
        (of_submitted,) = (one for one in models if one["model"] == lineage.experiment.submitted)
        assert shows(record["KL divergence, own rows"], of_submitted["mean"])
        assert shows(record["Own rows"], rows)
    assert experiments[1]["Blended by"] == "mean"
    assert experiments[1]["Description"] == "<b>Mine</b>"
    slices = page.table("KL divergence in nats, slice by slice").records()
    few = np.array(parts[0]["vote_count"] < 3)
    (row,) = (one for one in slices if one["Slice"] == "votes: <3")
    assert shows(row["Rows"], few.sum())
    assert shows(row[best], of[best]["kl"][few].mean())
    classes = page.table("Class by class").records()
    assert len(classes) == 3 * len(CLASSES)
    assert sum(float(one[best]) for one in classes[::3]) == pytest.approx(kl[best], abs=6 * 5e-5 + 1e-9)
    assert {one["Member"] for one in page.table("Every fold").records()} == {
        f"{name}: {member}" for name in NAMES for member in lineages[0].experiment.members
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quickstart"], "hbac compare: expected two different experiments or more, found quickstart-miniature; name"),
        (["quickstart", "quickstart"], "expected two different experiments or more, found quickstart-miniature, quick"),
        (["quickstart", "odu"], r"odu-miniature/folds\.parquet: not made yet: materialize fold_assignments first"),
        (["quickstart", "nothing"], "HBAC_EXPERIMENT: expected one of .*, found 'nothing'"),
        (["quickstart", "{mine}", "--html", "{mine}/no/page.html"], "--html: expected a file in a folder that exists"),
    ],
)  # fmt: skip
def test_incomparable_experiments_are_refused_in_one_line(arguments, said, two):
    file, _ = two
    with pytest.raises(HbacError, match=said) as caught:
        run(*(one.format(mine=file) for one in arguments))
    assert "\n" not in str(caught.value)


def test_without_a_row_in_common_there_is_nothing_to_compare(two):
    file, (_, other) = two
    write_mean(other, lambda rows: rows.iloc[:0])
    with pytest.raises(HbacError, match="quickstart-miniature, mine-miniature: expected rows that all have predicted"):
        run("quickstart", file)
