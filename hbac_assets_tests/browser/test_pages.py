"""A user's clicks in Dagster's and MLflow's UIs; screenshots are kept in data/browser."""

import json
import time

import pytest
from dagster import AssetKey, DagsterInstance

from hbac_assets_tests.report.browser import LARGE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]
RUN_SECONDS = 900
IMAGES = (
    "[...document.images].filter(one => one.src.startsWith('data:') && one.complete && one.naturalWidth > 300).length"
)
BESIDE_MATERIALIZE = """(() => {
    const box = [...document.querySelectorAll("button")].find(one => one.innerText.trim() === "Materialize")
        .getBoundingClientRect();
    return document.elementFromPoint(box.right + 12, box.y + box.height / 2);
})()"""
CELL = {"ops": {"trained_models": {"config": {"members": ["bipolar_resnet"], "folds": [1], "retrain": True}}}}
EDGES = """["way", "chance", "Definition"].map(words => [...document.querySelectorAll("th, td, div")].filter(
    one => one.innerText && one.innerText.trim() === words).at(-1).getBoundingClientRect()
).map(box => [box.left, box.right])"""
VALIDATED = """[...document.querySelectorAll("button")].some(
    one => one.innerText.trim() === "Scaffold all default config" && !one.disabled)"""
"""Typed configuration lacks defaults, which Dagster reports after validating it."""
CHECKBOX = """(() => {{
    const link = [...document.querySelectorAll(".ag-row a")].find(one => one.innerText.trim() === "{name}");
    const row = link.closest(".ag-row").getAttribute("row-index");
    return [...document.querySelectorAll(`.ag-row[row-index="${{row}}"] input[type=checkbox]`)].find(
        one => one.getBoundingClientRect().width > 0);
}})()"""
METRIC = """(() => {
    const metrics = [...document.querySelectorAll('a[href^="#/metric?"]')];
    const found = metrics.find(one => one.innerText.trim() === "val_loss");
    if (!found) metrics.at(-1).scrollIntoView();  // the table has only the rows that are near
    return found;
})()"""
CURVES = (
    """[...document.querySelectorAll(".js-plotly-plot .scatterlayer .trace, .js-plotly-plot .legend .traces")].length"""
)


def test_the_graph_shows_the_chain(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/asset-groups", **LARGE)
    for group in ("data", "models", "results"):
        tab.sees(group)
    assert tab.text().index("data") < tab.text().index("models") < tab.text().index("results")
    keep("graph")
    tab.open(f"{served[1]['Dagster']}/locations/hbac_assets/asset-groups/models/lineage", **LARGE)
    tab.sees("trained_models")
    tab.sees("fold_models")
    keep("graph-models")
    assert tab.errors() == []


def test_the_run_stands_on_the_timeline(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/overview/timeline", **LARGE)
    tab.sees("whole_chain")
    keep("timeline")
    tab.open(f"{served[1]['Dagster']}/locations/__repository__@hbac_assets/jobs/whole_chain/runs", **LARGE)
    tab.sees("experiment: quickstart-miniature")
    tab.sees("data: synthetic-")
    tab.sees("commit: ")
    keep("runs")
    assert tab.errors() == []


def test_the_leaderboard_comes_first_and_is_whole(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/ensemble", **LARGE)
    tab.sees("leaderboard")
    tab.sees("behind ")
    (_, way), (_, chance), (beside, _) = tab.value(EDGES)  # the last columns of both tables, and what is beside them
    assert way <= beside
    assert chance <= beside
    keep("ensemble")
    tab.open(f"{served[1]['Dagster']}/assets/oof_predictions", **LARGE)
    tab.sees("leaderboard")
    keep("oof_predictions")
    tab.click("Plots")
    tab.sees("KL, bipolar_resnet, quickstart-miniature on synthetic-")
    tab.wait_for("document.querySelectorAll('canvas').length > 1")
    keep("plots")
    assert tab.errors() == []


def test_the_gallery_shows_eeg_of_every_class(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/competition_data", **LARGE)
    tab.sees("typical EEG of each class")
    tab.click("[Show Markdown]")
    tab.wait_for(f"{IMAGES} >= 4")
    keep("gallery")
    assert tab.errors() == []


def test_a_cell_of_the_grid_shows_its_curves(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/fold_models?view=partitions", **LARGE)
    tab.sees("Materialized (4)")
    tab.sees("Missing (0)")
    tab.click("quickstart-miniature: bipolar_resnet 1")
    tab.sees("validation loss")
    keep("grid")
    tab.click("[Show Markdown]")
    tab.wait_for(f"{IMAGES} >= 1")
    keep("loss-curves")
    assert tab.errors() == []


def test_a_check_says_that_it_passed(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/fold_assignments?view=checks", **LARGE)
    tab.click("patients_in_one_fold")
    tab.sees("patients in two folds")
    tab.sees("Passed")
    keep("check")
    assert tab.errors() == []


def test_two_members_are_compared_by_their_curves(tab, served, keep):
    tab.open(served[1]["newest experiment"], **LARGE)
    tab.sees("oof_kl")
    keep("mlflow-scores")
    for name in ("mobilenet_v3_small", "bipolar_resnet"):
        tab.click_on(CHECKBOX.format(name=name))
    tab.click("Compare")
    tab.sees("Comparing 2 Runs")
    keep("mlflow-compare")
    tab.wait_for(f"!!{METRIC}")
    tab.value(f"{METRIC}.click()")  # a mouse would miss it: the table moves under it
    tab.sees("Y-axis")
    tab.wait_for(f"{CURVES} >= 2")
    keep("mlflow-curves")
    assert tab.errors() == []


def test_a_cell_is_trained_again_by_clicks(tab, served, keep):
    project, pages = served
    tab.open(f"{pages['Dagster']}/assets/trained_models", **LARGE)
    tab.sees("Compute details")
    tab.click_until(BESIDE_MATERIALIZE, "Open launchpad")
    tab.click("Open launchpad")
    tab.wait_for("!!document.querySelector('.CodeMirror')")
    tab.sees("No errors")
    tab.value(f"document.querySelector('.CodeMirror').CodeMirror.setValue({json.dumps(json.dumps(CELL))})")
    tab.wait_for(VALIDATED)
    tab.sees("No errors")
    keep("launchpad")
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        before = instance.get_latest_materialization_event(AssetKey("fold_models")).timestamp
        (earlier,) = instance.get_runs(limit=1)
        tab.click("Materialize", within="button", place=-1)
        while (run := instance.get_runs(limit=1)[0]).run_id == earlier.run_id:
            time.sleep(1)
        tab.open(f"{pages['Dagster']}/runs/{run.run_id}", **LARGE)
        tab.wait_for("/\\b(Success|Failure)\\b/.test(document.body.innerText)", RUN_SECONDS)
        keep("launched")
        assert instance.get_run_by_id(run.run_id).is_success
        event = instance.get_latest_materialization_event(AssetKey("fold_models"))
        assert event.timestamp > before
        assert event.asset_materialization.partition == "quickstart-miniature: bipolar_resnet 1"
    assert tab.errors() == []
