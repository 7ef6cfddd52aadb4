"""Several clients of one MLflow server, which keeps their artifacts."""

import pytest
from mlflow import MlflowClient

from hbac_assets.lineage import Cell
from hbac_assets.resources.tracking import Tracking
from hbac_assets_tests.faults.servers import free_port, mlflow_server
from hbac_assets_tests.resources.test_tracking import HISTORY

CELL = Cell("b2", 0)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URI of a server, and its folder."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    with mlflow_server(folder, port):
        yield f"http://127.0.0.1:{port}", folder


def log_cell(uri, folder, experiment, warn, fingerprint="f"):
    """Log a cell as a client whose own files lie in `folder`; return its id."""
    runs = Tracking(uri=uri, artifact_folder=str(folder / "mlartifacts")).open(experiment, "data", "d", warn)
    tracked = runs.cell(CELL, "", fingerprint, {"epochs": 3}, {})
    tracked.log_epochs(HISTORY)
    tracked.log_picture(b"\x89PNG", "loss_curves.png", "Falling is good.")
    tracked.log_model(model(), "b2__fold_0")
    tracked.finish()
    assert runs.is_finished(fingerprint)
    return tracked.run_id


def model():
    import keras

    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])


def test_the_server_keeps_the_artifacts_of_all_clients(server, tmp_path):
    import mlflow

    uri, folder = server
    ids = [log_cell(uri, tmp_path / name, "kept", pytest.fail, name) for name in ("first", "second")]
    assert not list(tmp_path.iterdir())
    client = MlflowClient(uri)
    assert client.get_experiment_by_name("kept").artifact_location.startswith("mlflow-artifacts:")
    for number in ids:
        run = client.get_run(number)
        assert run.info.status == "FINISHED"
        assert [one.path for one in client.list_artifacts(number)] == ["loss_curves.png"]
        assert list((folder / "server-artifacts").rglob(f"{number}/**/loss_curves.png"))
        loaded = mlflow.keras.load_model(run.data.tags["model_uri"])
        assert loaded.count_params() == model().count_params()


def test_artifacts_of_another_machine_are_told_and_cost_nothing_else(server, tmp_path):
    uri, _ = server
    client, elsewhere = MlflowClient(uri), tmp_path / "elsewhere"
    client.create_experiment("made elsewhere", artifact_location=(elsewhere / "mlartifacts").as_uri())
    told = []
    number = log_cell(uri, tmp_path / "here", "made elsewhere", told.append)
    (line,) = told
    assert line.startswith(f"MLflow at {uri}: the experiment made elsewhere keeps pictures, tables and models in file:")
    assert "\n" not in line
    assert not list(tmp_path.iterdir())
    run = client.get_run(number)
    assert run.info.status == "FINISHED"
    assert len(client.get_metric_history(number, "val_loss")) == len(HISTORY)

    elsewhere.mkdir()
    runs = Tracking(uri=uri, artifact_folder=str(tmp_path)).open("made elsewhere", "data", "d", pytest.fail)
    assert not runs.is_finished("f")
    assert log_cell(uri, tmp_path / "here", "made elsewhere", pytest.fail) == number
    assert [one.path for one in client.list_artifacts(number)] == ["loss_curves.png"]


def test_an_experiment_that_was_deleted_stays_so_until_the_user_has_decided(server, tmp_path):
    uri, _ = server
    client = MlflowClient(uri)
    log_cell(uri, tmp_path, "deleted", pytest.fail)
    number = client.get_experiment_by_name("deleted").experiment_id
    client.delete_experiment(number)
    told = []
    log_cell(uri, tmp_path, "deleted", told.append)
    (line,) = told
    restore = f"mlflow experiments restore --experiment-id {number}"
    assert f"the experiment deleted is deleted there; bring it back with `{restore}`" in line
    assert "\n" not in line
    assert client.get_experiment(number).lifecycle_stage == "deleted"
    client.restore_experiment(number)
    log_cell(uri, tmp_path, "deleted", pytest.fail)
