"""A user's clicks in Dagster's and MLflow's UIs; screenshots are kept in data/browser.

Where docs/results.md gives the clicks, these are followed.
"""

import json
import re
import time

import pytest
from dagster import AssetKey, DagsterInstance

from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.report.browser import LARGE, shows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]
RUN_SECONDS = 900
NAMES = {
    "best member": "mobilenet_v3_small",
    "experiment": "quickstart-miniature",
    "member": "bipolar_resnet",
    "fold": "1",
    "ensemble": "ensemble",
}
ENTRY = """(() => {{
    const named = [...document.querySelectorAll("main *, td, a *")].filter(
        one => one.innerText && one.innerText.trim() === {name} && one.getBoundingClientRect().width > 0);
    const link = named.map(one => one.closest("a")).find(one => one);
    return link || [...named[0].closest("tr").querySelectorAll("span, button, a, div")].filter(
        one => one.innerText.trim() === "[Show Markdown]").at(-1);
}})()"""
"""An asset's link, or what opens the picture of an entry in the table of an asset."""
IMAGES = (
    "[...document.images].filter(one => one.src.startsWith('data:') && one.complete && one.naturalWidth > 300).length"
)
BESIDE_MATERIALIZE = """(() => {
    const box = [...document.querySelectorAll("button")].find(one => one.innerText.trim() === "Materialize")
        .getBoundingClientRect();
    return document.elementFromPoint(box.right + 12, box.y + box.height / 2);
})()"""
SETTINGS = {"members: []": "members: [bipolar_resnet]", "folds: []": "folds: [1]", "retrain: false": "retrain: true"}
TYPED = """(() => {{
    const typed = document.querySelector(".CodeMirror").CodeMirror, before = typed.getValue();
    if (!before.includes({before})) return false;
    typed.setValue(before.replace({before}, {after}));
    return true;
}})()"""
FIRST_ENTRY = "[...document.querySelectorAll('table')].find(one => /^Key\\b/.test(one.innerText)).rows[1].cells[0]"
BOARD = """[...[...document.querySelectorAll("table")].find(one => /^model\\s+KL/.test(one.innerText)).rows]
    .slice(1).map(one => one.cells[1].innerText)"""
EDGES = """["way", "chance", "Definition"].map(words => [...document.querySelectorAll("th, td, div")].filter(
    one => one.innerText && one.innerText.trim() === words).at(-1).getBoundingClientRect()
).map(box => [box.left, box.right])"""
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
COMPARE = """[...document.querySelectorAll("button")].find(one => one.innerText.trim() === "Compare")"""
CURVES = (
    """[...document.querySelectorAll(".js-plotly-plot .scatterlayer .trace, .js-plotly-plot .legend .traces")].length"""
)


def follow(tab, pages, wanted):
    """Click as docs/results.md says, from Dagster's first page on."""
    page = (CHECKOUT / "docs" / "results.md").read_text()
    (path,) = re.findall(rf"^\| {wanted} \| (.*) \| .* \|$", page, re.M)
    for name, value in NAMES.items():
        path = path.replace(f"<{name}>", value)
    tab.open(pages["Dagster"], **LARGE)
    for click in path.split(" → "):
        words = click.strip("*`")
        if click == "the arrow beside *Materialize*":
            tab.sees("Compute details")
            tab.click_until(BESIDE_MATERIALIZE, shows("Open launchpad"))
        elif click.startswith("*"):
            tab.click(words)
        else:
            tab.click_on(ENTRY.format(name=json.dumps(words)))


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


def test_the_best_member_is_the_first_of_the_leaderboard_which_comes_first_and_is_whole(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/ensemble", **LARGE)
    tab.sees("leaderboard")
    tab.sees("behind ")
    (_, way), (_, chance), (beside, _) = tab.value(EDGES)  # the last columns of both tables, and what is beside them
    assert way <= beside
    assert chance <= beside
    keep("ensemble")
    follow(tab, served[1], "the best member")
    tab.wait_for(f"{FIRST_ENTRY}.innerText.trim() === 'leaderboard'")
    scores = [float(score) for score in tab.value(BOARD)]
    assert scores == sorted(scores)
    keep("oof_predictions")
    tab.click("Plots")
    tab.sees("KL, bipolar_resnet, quickstart-miniature on synthetic-")
    tab.wait_for("document.querySelectorAll('canvas').length > 1")
    keep("plots")
    assert tab.errors() == []


@pytest.mark.parametrize(
    ("wanted", "words", "pictures"),
    [
        ("its curves", "Every fold of the member", 1),
        ("those of one fold", "A validation loss that rises", 1),
        ("its worst class", "the class furthest to the right is the worst", 1),
        ("that of the ensemble", "the class furthest to the right is the worst", 1),
        ("the worst errors", "The model or the votes may be wrong", 3),
        ("typical data", "the labelled 10 s of EEG in the double banana", 4),
    ],
)
def test_a_picture_is_found_by_the_clicks_that_are_written_down(tab, served, keep, wanted, words, pictures):
    follow(tab, served[1], wanted)
    tab.sees(words)
    tab.wait_for(f"{IMAGES} >= {pictures}")
    keep(wanted.replace(" ", "-"))
    assert tab.errors() == []


def test_the_grid_has_every_cell_and_no_other(tab, served, keep):
    tab.open(f"{served[1]['Dagster']}/assets/fold_models?view=partitions", **LARGE)
    tab.sees("Materialized (4)")
    tab.sees("Missing (0)")
    tab.click("quickstart-miniature: bipolar_resnet 1")
    tab.sees("validation loss")
    keep("grid")
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
    tab.wait_for(f"!!{CHECKBOX.format(name='bipolar_resnet')}")
    keep("mlflow-scores")
    for name in ("mobilenet_v3_small", "bipolar_resnet"):
        box = CHECKBOX.format(name=name)
        tab.click_until(box, f"{box}.checked")
    tab.click_until(COMPARE, shows("Comparing 2 Runs"))
    tab.wait_for(f"!!{METRIC}")
    keep("mlflow-compare")
    tab.value(f"{METRIC}.click()")  # a mouse would miss it: the table moves under it
    tab.sees("Y-axis")
    tab.wait_for(f"{CURVES} >= 2")
    keep("mlflow-curves")
    assert tab.errors() == []


def test_a_cell_is_trained_again_by_clicks(tab, served, keep):
    project, pages = served
    follow(tab, pages, "to retrain one cell")
    for before, after in SETTINGS.items():
        tab.wait_for(TYPED.format(before=json.dumps(before), after=json.dumps(after)))
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
