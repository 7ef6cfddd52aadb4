"""The chain on two nodes: results and output of one machine, a clean end, and no passwords in public places."""

import re
import subprocess

import pytest

from hbac_assets_tests.cluster.postgresql import PASSWORD
from hbac_assets_tests.cluster.results import require_bits
from hbac_assets_tests.faults.small import EPOCHS, FOLDS
from hbac_assets_tests.projects import LOG
from hbac_assets_tests.resources.postgres import PROGRAMS

pytestmark = pytest.mark.cluster

TIMES = re.compile(r"^\d\d:\d\d:\d\d|\d+ s\b|\d+ min\b|[\d.]+ a second|KL [\d.]+.*|/\S+")
FOLD = re.compile(r"small fold \d")


def lines(said):
    """Return the lines of a run's steps without times and paths, in an order independent of their speed."""
    steps = [line for line in said.splitlines() if re.match(r"\d\d:\d\d:\d\d  \d+/\d+  \S", line)]
    return sorted(FOLD.sub("small fold", TIMES.sub("", line)) for line in steps if "of training" not in line)


@pytest.fixture(scope="module")
def finished(whole_cluster, tmp_path_factory, undisturbed):
    """A project whose chain ran on both nodes, with passwords in the URIs of their environment, and its output."""
    whole_cluster.mend()
    folder = tmp_path_factory.mktemp("secret") / "project"
    shared = whole_cluster.project(folder, undisturbed, empty=True, **whole_cluster.secrets)
    done = shared.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return shared, done


def test_two_nodes_give_the_bits_of_one_machine(finished, undisturbed):
    require_bits(finished[0].project, undisturbed)


def test_both_nodes_are_used_at_once(finished, undisturbed):
    shared, _ = finished
    jobs = [job for job in shared.cluster.jobs() if "train_fold" in job["metadata"]["dagster/op"]]
    assert len(jobs) == FOLDS
    assert len({job["driver_agent_http_address"] for job in jobs}) == 2
    assert max(job["start_time"] for job in jobs) < min(job["end_time"] for job in jobs)


def test_the_terminal_shows_the_lines_of_one_machine(finished, undisturbed):
    here, there = lines((undisturbed.folder / LOG).read_text()), lines(finished[1].stderr)
    assert there == here
    assert "device      Ray at http://10.77.0.1:8265, 2 nodes; 2 models at a time\n" in finished[1].stderr


def test_the_run_and_each_cell_ended_well(finished):
    shared, _ = finished
    assert shared.statuses() == ["SUCCESS"]
    assert sorted(shared.epochs()) == [(fold, epoch) for fold in range(FOLDS) for epoch in range(1, EPOCHS + 1)]
    (grid,) = shared.ask(
        "from dagster import AssetKey\nprint(sorted(instance.get_materialized_partitions(AssetKey('fold_models'))))"
    )
    assert grid == [f"one_small: small {fold}" for fold in range(FOLDS)]
    (runs,) = shared.ask(
        "import mlflow, os\nclient = mlflow.MlflowClient(os.environ['MLFLOW_TRACKING_URI'])\n"
        "one = client.get_experiment_by_name('one_small')\n"
        "runs = client.search_runs([one.experiment_id])\n"
        "print([[r.info.status, r.data.tags.get('fold', ''), len(client.get_metric_history(r.info.run_id, 'val_loss'))]"
        " for r in runs])"
    )
    assert {status for status, _, _ in runs} == {"FINISHED"}
    assert sorted((fold, count) for _, fold, count in runs if count) == [(str(fold), EPOCHS) for fold in range(FOLDS)]


def test_nobody_can_read_a_password(finished):
    shared, done = finished
    cluster, uris = shared.cluster, shared.cluster.secrets.values()
    assert all(PASSWORD in uri for uri in uris)
    places = {"Ray's jobs": str(cluster.jobs()), "the terminal": done.stdout + done.stderr}
    for uri in uris:
        dump = [str(PROGRAMS / "pg_dump"), "--inserts", uri.replace("+psycopg2", "")]
        dumped = cluster.head.command(*dump)
        assert "one_small" in dumped.stdout
        places[f"the database {uri.rpartition('/')[2]}"] = dumped.stdout
    assert [place for place, text in places.items() if PASSWORD in text] == []
    folders = [shared.project.folder, cluster.head.folder, cluster.worker.folder]
    found = subprocess.run(["grep", "-rl", PASSWORD, *map(str, folders)], capture_output=True, text=True, check=False)
    assert found.stdout == ""
