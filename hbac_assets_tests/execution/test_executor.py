"""The executor has the configuration of Dagster's multiprocess executor, and no other."""

import json
import sys

import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterInvalidConfigError, validate_run_config

from hbac_assets.definitions import whole_chain
from hbac_assets.resources.store import Store
from hbac_assets_tests.projects import make_project

STARTS_AND_ENDS = {DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS}


def execution(**config):
    return {"execution": {"config": config}}


@pytest.mark.parametrize(
    "config",
    [
        {"max_concurrent": 1},
        {"retries": {"disabled": {}}},
        {"tag_concurrency_limits": [{"key": "heavy", "limit": 1}]},
    ],
)
def test_what_its_name_promises_can_be_configured(config):
    validate_run_config(whole_chain(), execution(**config))


@pytest.mark.parametrize("key", ["max_concurent", "start_method"])
def test_a_key_that_it_does_not_know_is_refused(key):
    with pytest.raises(DagsterInvalidConfigError, match=key):
        validate_run_config(whole_chain(), execution(**{key: 1}))


def test_no_more_steps_run_side_by_side_than_it_says(fresh):
    select = ("--select", "*fold_assignments")
    config = json.dumps(execution(max_concurrent=1))
    done = fresh.command("dagster", "asset", "materialize", *select, "--config-json", config)
    assert done.returncode == 0, done.stderr
    with DagsterInstance.from_config(fresh.environment["DAGSTER_HOME"]) as instance:
        (record,) = instance.get_run_records(limit=1)
        log = instance.all_logs(record.dagster_run.run_id, of_type=STARTS_AND_ENDS)
    kinds = [entry.get_dagster_event().event_type for entry in sorted(log, key=lambda entry: entry.timestamp)]
    steps = len(kinds) // 2
    assert steps > 2
    assert kinds == [DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS] * steps


def test_nobody_frees_anything_while_a_run_lasts_not_even_between_its_steps(tmp_path):
    project, store = make_project(tmp_path / "project"), tmp_path / "another store"
    store.mkdir()
    done = project.command(sys.executable, "-m", "hbac_assets_tests.execution.guarding", str(store))
    assert done.returncode == 0, done.stderr
    lock = Store(folder=str(store)).users_lock
    assert done.stdout == f"{store}: expected a store in which nothing runs, found {lock} held; let it end\n"
    assert not (project.folder / "store").exists()
    with Store(folder=str(store)).undisturbed():
        pass
