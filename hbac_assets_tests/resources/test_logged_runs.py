"""The results that MLflow runs refer to, until they are deleted; on a real SQLite store."""

import socket

import pytest
from mlflow import MlflowClient

from hbac_assets.errors import HbacError
from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.references import LoggedRun
from hbac_assets.lineage import Cell
from hbac_assets.resources.logged_runs import logged_runs
from hbac_assets.resources.tracking import Tracking

DATA, OTHER = "0123456789abcdef", "89abcdef89abcdef"


def log(tracking, experiment, data, members=("small",)):
    """Log what a run of the chain would, and return the ids of its runs by what they are."""
    runs = tracking.open(experiment, data, "d1", pytest.fail)
    ids = {}
    for member in members:
        parent = runs.member(member, "f1", {}, {})
        ids[member] = parent.run_id
        for fold in (0, 10):
            ids[member, fold] = runs.cell(Cell(member, fold), parent.run_id, f"f{fold}", {}, {}).run_id
    ids["ensemble"] = runs.ensemble("both", "f2", {}, {"members": ", ".join(members)}).run_id
    search = runs.search("small", "f3", {}, {})
    ids["trial"] = runs.trial("small", 1, search.run_id, "f3", {}, {}).run_id
    return ids


def model(experiment, data, member, fold):
    return LoggedRun(experiment, data, Kind.MODEL, member, fold)


def test_runs_refer_to_what_they_logged_until_they_are_deleted(tmp_path):
    tracking = Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_folder=str(tmp_path / "artifacts"))
    assert logged_runs(tracking.uri, [DATA[:8]]) == []
    assert not (tmp_path / "mlflow.db").exists()
    ids = log(tracking, "mine", DATA, ("small", "large"))
    log(tracking, "theirs", OTHER)
    mine = [model("mine", DATA, member, fold) for member in ("small", "large") for fold in (0, 10)]
    rest = [LoggedRun("mine", DATA, Kind.ENSEMBLE), *2 * [LoggedRun("mine", DATA, Kind.SEARCH)]]
    assert sorted(logged_runs(tracking.uri, [DATA[:8]]), key=str) == sorted([*mine, *rest], key=str)
    assert len(logged_runs(tracking.uri, [DATA[:8], OTHER[:8]])) == len(mine) + len(rest) + 5
    assert logged_runs(tracking.uri, ["00000000"]) == []

    client = MlflowClient(tracking.uri)
    for one in (("small", 10), "small", "ensemble"):
        client.delete_run(ids[one])
    left = [one for one in mine if (one.member, one.fold) != ("small", 10)]
    assert sorted(logged_runs(tracking.uri, [DATA[:8]]), key=str) == sorted([*left, *rest[1:]], key=str)
    (experiment,) = client.search_experiments(filter_string="name = 'mine'")
    client.rename_experiment(experiment.experiment_id, "renamed")
    assert {one.experiment for one in logged_runs(tracking.uri, [DATA[:8]])} == {"renamed"}
    client.delete_experiment(experiment.experiment_id)
    assert logged_runs(tracking.uri, [DATA[:8]]) == []


def test_more_runs_than_a_page_holds_all_count(monkeypatch):
    class Page(list):
        token = ""

    pages = {None: ("a", "1"), "1": ("b", "2"), "2": ("c", "")}

    def search(token):
        name, following = pages[token]
        page = Page([name])
        page.token = following
        return page

    from hbac_assets.resources.logged_runs import _pages

    assert list(_pages(search)) == ["a", "b", "c"]


def test_a_database_that_is_none_is_told_in_one_line_without_its_password(tmp_path):
    (tmp_path / "mlflow.db").write_text("nothing of the kind")
    with pytest.raises(HbacError, match=r"^MLflow at sqlite:///\S+: expected the list of runs.* MLFLOW_TRACKING_URI$"):
        logged_runs(f"sqlite:///{tmp_path}/mlflow.db", ["01234567"])


@pytest.mark.slow
def test_a_server_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://me:secret@127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(
            HbacError, match=r"^MLflow at http://me:\*\*\*@127\.0\.0\.1:\d+: expected the list of runs"
        ) as told:
            logged_runs(uri, ["01234567"])
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
