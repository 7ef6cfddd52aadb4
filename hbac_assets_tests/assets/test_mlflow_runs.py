"""MLflow's runs follow the settings of the experiment."""

from dataclasses import replace

import pytest

from hbac_assets.assets.mlflow_runs import open_members, tracked_cell, tracked_member
from hbac_assets.resources.tracking import Tracking


@pytest.fixture
def runs(tmp_path, lineage):
    tracking = Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_folder=str(tmp_path / "mlartifacts"))
    return tracking.open(lineage.experiment.name, lineage.dataset.fingerprint, "d", pytest.fail)


def planned(runs, lineage):
    """Update MLflow's runs as a run with these settings does; return the ids of its members' and cells' runs."""
    open_members(runs, lineage, lineage.experiment.members)
    members = {name: tracked_member(runs, lineage, name) for name in lineage.experiment.members}
    cells = [tracked_cell(runs, lineage, cell, members[cell.member]) for cell in lineage.cells]
    return {tracked.run_id for tracked in (*members.values(), *cells)}


def with_members(lineage, members):
    return replace(lineage, experiment=lineage.experiment.model_copy(update={"members": members}))


def test_the_runs_of_the_present_settings_and_no_others_are_not_superseded(runs, lineage):
    members = lineage.experiment.members
    first, *others = members
    longer = members[first].model_copy(update={"epochs": members[first].epochs + 1})
    whole = planned(runs, lineage)
    changed = planned(runs, with_members(lineage, {**members, first: longer}))
    fewer = planned(runs, with_members(lineage, {name: members[name] for name in others}))
    assert len(whole) == len(changed) > len(fewer) > 0
    for settings, current in (
        (lineage, whole),
        (with_members(lineage, {**members, first: longer}), changed),
        (with_members(lineage, {name: members[name] for name in others}), fewer),
        (lineage, whole),
    ):
        assert planned(runs, settings) == current
        tagged = {run.info.run_id for run in runs._search("") if "superseded" in run.data.tags}
        assert tagged == (whole | changed | fewer) - current


def test_a_member_with_nothing_to_train_is_not_shown_as_running(runs, lineage):
    first, *others = lineage.experiment.members
    for member in lineage.experiment.members:
        tracked_member(runs, lineage, member).finish()
    open_members(runs, lineage, [first, first])
    shown = {run.data.tags["member"]: run.info.status for run in runs._search("")}
    assert shown == {first: "RUNNING", **dict.fromkeys(others, "FINISHED")}
