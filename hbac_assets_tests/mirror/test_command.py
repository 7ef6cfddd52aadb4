"""`hbac store push` and `pull` after a run of the chain: pulled results are current, and a run recomputes nothing."""

import re

import pytest

from hbac_assets.commands import bar
from hbac_assets_tests.mirror.servers import CREDENTIALS
from hbac_assets_tests.projects import HBAC, make_project

pytest.importorskip("obstore", reason="needs the extra mirror")

NEVER_MOVED = ("locks", "competition_data", "experiments")


def manifests(folder):
    """Return the content and modification time of each result's manifest."""
    return {
        path.relative_to(folder): (path.read_text(), path.stat().st_mtime_ns)
        for path in folder.rglob("*.manifest.json")
    }


def contents(folder):
    """Return the content of all files that a mirror copies."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).parts[0] not in NEVER_MOVED
        and not path.name.endswith((".set_aside.csv", "models.parquet"))
    }


@pytest.fixture
def elsewhere(tmp_path):
    """A project with folders of its own, as on another machine."""
    return make_project(tmp_path / "far" / "away")


def push_and_pull(source, target, address, environment):
    """Push from one project and pull to another; return what both printed."""
    variables = {"HBAC_MIRROR": address, **environment}
    printed = []
    for project, action in ((source, "push"), (target, "pull")):
        done = project.command(*HBAC, "store", action, **variables)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    return printed


def test_a_chain_is_pushed_and_pulled_with_its_data_and_all_of_it_is_current(finished, elsewhere, bucket, s3):
    project = finished[0]
    environment = {"AWS_ENDPOINT_URL": s3, **CREDENTIALS}
    pushed, pulled = push_and_pull(project, elsewhere, bucket, environment)
    assert f"are in {bucket}\nof these, " in pushed
    assert "left out, since not current here: inference_bundle\n" in pushed
    assert "0 were here\nnot current in the mirror; hbac run makes them: inference_bundle\n" in pulled
    assert contents(elsewhere.folder / "store") == contents(project.folder / "store")
    assert contents(elsewhere.folder / "synthetic") == contents(project.folder / "synthetic")
    listed = elsewhere.command(*HBAC, "store")
    assert "out of date" not in listed.stdout
    assert "changed" not in listed.stdout

    again, nothing = push_and_pull(project, elsewhere, bucket, environment)
    assert "the mirror had all of it already\n" in again
    assert "pulled 0 artifacts, 0 files, 0.0 kB, of " in nothing


def test_without_results_in_the_mirror_one_line_says_what_is_there(elsewhere, folder_mirror):
    (elsewhere.folder / "mirror").mkdir()
    for variables, line in (
        ({}, "HBAC_MIRROR: expected the address of a mirror, s3://bucket/prefix or file:///folder, found none; set it"),
        (
            {"HBAC_MIRROR": (elsewhere.folder / "mirror").as_uri()},
            "expected results of quickstart-miniature on the synthetic data ",
        ),
    ):
        done = elsewhere.command(*HBAC, "store", "pull", **variables)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert line in done.stderr.splitlines()[-1]
    assert "found no results; correct HBAC_MIRROR" in done.stderr
    assert not (elsewhere.folder / "synthetic").exists()


def test_progress_is_told_in_bytes_with_the_time_left(monkeypatch, capsys):
    monkeypatch.setattr(bar, "LINES_EVERY_SECONDS", 0.0)
    shown = bar.Bar("pushing", bar.bytes_a_second)
    shown(1_000_000, 3_000_000)
    assert re.fullmatch(r"pushing   33%  [0-9.]+ [kMGT]B/s, \d+ s left\n", capsys.readouterr().err)


@pytest.mark.long
def test_a_run_after_a_pull_makes_nothing(finished, elsewhere, folder_mirror):
    push_and_pull(finished[0], elsewhere, folder_mirror, {})
    before = manifests(elsewhere.folder / "store")
    arrays = {path: path.stat().st_mtime_ns for path in (elsewhere.folder / "store").rglob("*.npy")}
    raw = {path: path.stat().st_mtime_ns for path in (elsewhere.folder / "synthetic").rglob("*.parquet")}
    assert before
    assert arrays
    assert raw
    done = elsewhere.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 4 cells to train" in done.stderr
    assert "epoch " not in done.stderr
    assert manifests(elsewhere.folder / "store") == before
    assert {path: path.stat().st_mtime_ns for path in arrays} == arrays
    assert {path: path.stat().st_mtime_ns for path in raw if "truth" not in path.parts} == {
        path: time for path, time in raw.items() if "truth" not in path.parts
    }
