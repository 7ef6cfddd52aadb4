"""Runs of a command get the origin by which Dagster's UI finds them."""

import pytest
from dagster import RunsFilter, instance_for_test

from hbac_assets.definitions import whole_chain
from hbac_assets.execution.origin import REPOSITORY_TAG, place_run


@pytest.fixture
def instance():
    with instance_for_test() as instance:
        yield instance


def test_a_run_without_a_code_location_gets_that_of_its_job(instance):
    run = instance.create_run_for_job(whole_chain(), tags={"mine": "kept"})
    assert run.remote_job_origin is None
    place_run(instance, run.run_id)
    placed = instance.get_run_by_id(run.run_id)
    assert placed.remote_job_origin.job_name == "whole_chain"
    assert placed.tags["mine"] == "kept"
    assert placed.tags["commit"]
    (found,) = instance.get_runs(RunsFilter(tags={REPOSITORY_TAG: "__repository__@hbac_assets"}))
    assert found.run_id == run.run_id


def test_a_run_that_has_one_keeps_it(instance):
    run = instance.create_run_for_job(whole_chain())
    place_run(instance, run.run_id)
    origin = instance.get_run_by_id(run.run_id).remote_job_origin
    place_run(instance, run.run_id)
    assert instance.get_run_by_id(run.run_id).remote_job_origin == origin
