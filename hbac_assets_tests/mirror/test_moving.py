"""Pulled results are current, whatever interrupts a push or pull; current results are never replaced."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inventory.scan import scan
from hbac_assets.lineage import Dataset, Lineage
from hbac_assets.mirror import objects
from hbac_assets.mirror.commit import Commit, list_commits, read_commit, write_commit
from hbac_assets.mirror.objects import Mirror, open_mirror
from hbac_assets.mirror.pulling import best_plan, pull, pull_raw
from hbac_assets.mirror.pushing import push
from hbac_assets.store.files import TEMPORARY_MARK, write_json
from hbac_assets_tests.faults.disks import small_disk
from hbac_assets_tests.inventory import stores
from hbac_assets_tests.projects import CHECKOUT

pytest.importorskip("obstore", reason="needs the extra mirror")

MINE = stores.experiment("mine", "small", "eeg_small")


def push_all(folder, experiment=MINE, data=None):
    lineage = stores.lineage(folder, experiment, data)
    return push(open_mirror(write=True), lineage, scan(stores.places(folder)))


def plan_for(folder, experiment=MINE, data=None):
    mirror = open_mirror(write=False)
    lineage = stores.lineage(folder, experiment, data)
    return mirror, best_plan(mirror, list_commits(mirror), lambda commit: lineage)


def pull_all(folder, experiment=MINE, data=None):
    mirror, plan = plan_for(folder, experiment, data)
    pull_raw(mirror, plan.commit, (data or stores.dataset(folder)).folder)
    pull(mirror, plan)
    return plan


def of_mine(folder):
    """Return the files of the experiment and its upstream artifacts that a mirror copies."""
    moved = {}
    for name, content in stores.tree(folder).items():
        kept = not name.startswith(("cache", "store/locks", "store/competition_data", "store/experiments"))
        if kept and "/gone/" not in name and not name.endswith(("models.parquet", "mine.yaml")):
            moved[name] = content
    return moved


def states(folder, experiment=MINE):
    return [artifact.state() for artifact in stores.lineage(folder, experiment).artifacts]


def test_what_is_pushed_is_current_where_it_is_pulled_and_a_second_push_creates_nothing(project, address, tmp_path):
    said = []
    lineage = stores.lineage(project, MINE)
    pushed = push(open_mirror(write=True), lineage, scan(stores.places(project)), lambda *done: said.append(done))
    assert pushed.left_out == []
    assert pushed.new
    assert pushed.created > 20
    assert (
        said[-1][0]
        == said[-1][1]
        == sum(len(content) for content in of_mine(project).values())
        - sum(one.manifest_path.stat().st_size for one in lineage.artifacts)
    )
    again = push_all(project)
    assert (again.created, again.new) == (0, False)
    assert len(list_commits(open_mirror(write=False))) == 1

    elsewhere = tmp_path / "elsewhere"
    plan = pull_all(elsewhere)
    assert plan.kept == plan.missing == []
    assert set(states(elsewhere)) == {"current"}
    assert all(artifact.is_current() for artifact in stores.lineage(elsewhere, MINE).artifacts)
    assert stores.tree(elsewhere) == of_mine(project)
    recording = Path("synthetic") / stores.TRAIN / "train_eegs" / "1.parquet"
    assert (elsewhere / recording).stat().st_mtime_ns == (project / recording).stat().st_mtime_ns

    before = {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}
    plan = pull_all(elsewhere)
    assert plan.wanted == plan.missing == []
    assert {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")} == before
    assert push_all(elsewhere).created == 0


def test_locks_leftovers_and_foreign_files_stay_at_home(project, folder_mirror):
    left = project / "store" / stores.KEY / "mine" / ".oof.0a1b2c3d.partial.parquet"
    cell = project / "store" / stores.KEY / "mine" / "models" / "small" / "fold_0"
    stores.write(left, cell / "notes.txt", cell.with_name("fold_0.checkpoint.npz"), project / "store" / "notes.txt")
    commit = push_all(project).commit
    named = [*commit.raw, *(path for one in commit.artifacts.values() for path in one.files)]
    assert not [name for name in named if TEMPORARY_MARK in name or "lock" in name or "note" in name or "npz" in name]
    assert not [name for name in named if name.startswith("/")]


def test_of_the_competitions_data_no_recording_is_pushed(project, folder_mirror):
    raw = project / "download"
    stores.write(raw / "train.csv", raw / "train_eegs" / "1.parquet")
    kaggle = Dataset("kaggle", raw, "ab" * 8, "cd" * 8)
    lineage = stores.lineage(project, MINE, kaggle)
    stores.make(lineage)
    commit = push_all(project, data=kaggle).commit
    assert commit.raw == {}
    named = [path for one in commit.artifacts.values() for path in one.files]
    assert not [name for name in named if name.endswith((".npy", "index.json"))]
    mirror = open_mirror(write=False)
    mirrored = {b"".join(mirror.read(name)) for name in mirror.list("objects")}
    arrays = list(lineage.dataset_folder.rglob("*.npy"))
    assert arrays
    assert not mirrored & {path.read_bytes() for path in [*arrays, *raw.rglob("*.parquet")]}
    shutil.rmtree(lineage.dataset_folder)
    pull_all(project, data=kaggle)
    assert {artifact.state() for artifact in lineage.artifacts} == {"current"}


def test_what_is_not_current_is_left_out_and_named(project, folder_mirror):
    lineage = stores.lineage(project, MINE)
    (lineage.cell(lineage.cells[0]).path / "best.keras").write_text("another size")
    pushed = push_all(project)
    left = {one.asset for one in pushed.left_out}
    assert left == {
        "trained_models",
        "oof_predictions",
        "ensemble",
        "submission",
        "experiment_report",
        "inference_bundle",
    }
    with pytest.raises(
        HbacError, match="mine: expected results that are current, found none; run the experiment first"
    ):
        push_all(project, stores.experiment("mine", "small", "eeg_small", folds=3))


def test_a_file_that_was_changed_is_not_pushed_under_another_digest(project, folder_mirror):
    lineage = stores.lineage(project, MINE)
    best = lineage.cell(lineage.cells[0]).path / "best.keras"
    best.write_bytes(best.read_bytes()[::-1])
    with pytest.raises(HbacError, match=rf"^{best}: expected the file that its manifest lists, found another"):
        push_all(project)
    assert list_commits(open_mirror(write=False)) == []


class StoppedError(Exception):
    """Stands for anything that interrupts a push or pull."""


@pytest.mark.parametrize("number", [1, 9, 20])
def test_a_push_that_fails_is_no_commit_and_the_next_creates_the_rest(number, project, folder_mirror, monkeypatch):
    created, create = [], Mirror.create

    def failing(mirror, name, content):
        if len(created) == number:
            raise StoppedError
        created.append(name)
        return create(mirror, name, content)

    monkeypatch.setattr(Mirror, "create", failing)
    with pytest.raises(StoppedError):
        push_all(project)
    assert list_commits(open_mirror(write=False)) == []
    monkeypatch.setattr(Mirror, "create", create)
    there = len(open_mirror(write=False).list("objects"))
    assert there == len(set(created))
    pushed = push_all(project)
    assert pushed.created == len({file.object for file in pushed.commit.files}) - there


def test_the_commit_is_the_last_that_is_created(project, folder_mirror, monkeypatch):
    created, create = [], Mirror.create
    monkeypatch.setattr(Mirror, "create", lambda *call: created.append(call[1]) or create(*call))
    push_all(project)
    assert [name for name in created if name.startswith("commits/")] == created[-1:]


KILLED = """
import os, signal, sys
from pathlib import Path
from hbac_assets.mirror.objects import Mirror
from hbac_assets_tests.mirror.test_moving import pull_all, push_all
what, folder, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
method = {"push": "create", "pull": "read"}[what]
calls, original = [], getattr(Mirror, method)
def dying(*arguments):
    calls.append(arguments)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)
setattr(Mirror, method, dying)
{"push": push_all, "pull": pull_all}[what](folder)
"""


def kill_in(what, folder, number):
    command = [sys.executable, "-c", KILLED, what, str(folder), str(number)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr


def test_after_a_killed_push_there_is_no_commit_and_the_next_one_finishes(project, folder_mirror, tmp_path):
    kill_in("push", project, 15)
    assert list_commits(open_mirror(write=False)) == []
    push_all(project)
    pull_all(tmp_path / "elsewhere")
    assert set(states(tmp_path / "elsewhere")) == {"current"}


@pytest.mark.parametrize("number", [3, 14, 27])
def test_after_a_killed_pull_nothing_looks_whole_that_is_not_and_the_next_one_finishes(
    number, project, folder_mirror, tmp_path
):
    push_all(project)
    elsewhere = tmp_path / "elsewhere"
    kill_in("pull", elsewhere, number)
    for artifact in stores.lineage(elsewhere, MINE).artifacts:
        assert artifact.state() != "current" or all(file.is_file() for file in stores.files_of(artifact))
    data = stores.dataset(elsewhere).folder
    assert not (data / "sample_submission.csv").exists() or (data / "train_eegs" / "1.parquet").exists()
    pull_all(elsewhere)
    assert set(states(elsewhere)) == {"current"}
    kept = {name: content for name, content in stores.tree(elsewhere).items() if TEMPORARY_MARK not in name}
    assert kept == of_mine(project)


def test_a_damaged_object_is_named_and_what_came_before_it_stays(project, address, tmp_path, monkeypatch):
    commit = push_all(project).commit
    damaged = commit.artifacts[f"{stores.KEY}/mine/ensemble"].files[f"{stores.KEY}/mine/ensemble/methods.csv"]
    read = Mirror.read
    monkeypatch.setattr(
        Mirror, "read", lambda mirror, name: iter([b"damaged"]) if name == damaged.object else read(mirror, name)
    )
    elsewhere = tmp_path / "elsewhere"
    line = f"^{address}: {damaged.object}: expected content with the SHA-256 in its name, found other: "
    with pytest.raises(HbacError, match=line):
        pull_all(elsewhere)
    lineage = stores.lineage(elsewhere, MINE)
    assert lineage.oof.is_current()
    assert lineage.ensemble.state() == "missing"
    assert not (lineage.ensemble.path / "methods.csv").exists()
    monkeypatch.setattr(Mirror, "read", read)
    assert lineage.oof in pull_all(elsewhere).kept
    assert set(states(elsewhere)) == {"current"}


def test_an_object_of_another_size_is_not_taken_for_the_one(project, folder_mirror):
    commit = push_all(project).commit
    mirror = open_mirror(write=False)
    folder = Path(mirror._store.prefix)
    damaged = commit.files[0]
    (folder / damaged.object).write_bytes(b"cut")
    with pytest.raises(
        HbacError, match=rf"{damaged.object}: expected {damaged.bytes} bytes, found 3: .*; delete it there"
    ):
        push_all(project)
    (folder / damaged.object).unlink()
    assert push_all(project).created == 1


def test_a_commit_that_was_changed_is_refused(project, folder_mirror, tmp_path):
    push_all(project)
    mirror = open_mirror(write=False)
    (name,) = list_commits(mirror)
    path = Path(mirror._store.prefix) / name.object
    path.write_text(path.read_text().replace("best.keras", "last.keras"))
    with pytest.raises(
        HbacError, match=rf"{name.object}: expected a commit, found something else \(its SHA-256 is not"
    ):
        pull_all(tmp_path / "elsewhere")


@pytest.mark.parametrize("path", ["../outside.parquet", "/etc/outside", f"{stores.KEY}/mine/report.html", "notes.txt"])
def test_a_commit_that_names_files_elsewhere_writes_none_of_them(path, project, folder_mirror, tmp_path):
    commit = push_all(project).commit
    mirror = open_mirror(write=True)
    stored = commit.artifacts[f"{stores.KEY}/train_metadata.parquet"]
    stored.files[path] = commit.files[0]
    write_commit(mirror, commit)
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(HbacError, match=r"leads elsewhere|where no such file belongs"):
        pull_all(elsewhere)
    assert not list(tmp_path.rglob("outside*"))
    assert not list(elsewhere.rglob("report.html")) + list(elsewhere.rglob("notes.txt"))


@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "/etc/outside", ""])
def test_a_commit_leads_nowhere_else(path, project, folder_mirror):
    commit = push_all(project).commit
    assert Commit.read(commit.content()) == commit
    commit.raw[path] = commit.files[0]
    with pytest.raises(ValueError, match="leads elsewhere"):
        Commit.read(commit.content())


def test_the_manifest_is_away_while_files_come(project, folder_mirror, tmp_path, monkeypatch):
    push_all(project)
    elsewhere, read = tmp_path / "elsewhere", Mirror.read
    lineage = stores.lineage(elsewhere, MINE)
    stores.make(lineage)
    for artifact in lineage.artifacts:  # of other settings, to be replaced
        write_json(artifact.manifest_path, artifact.manifest() | {"inputs": "others"})
        for file in stores.files_of(artifact):
            file.write_text("of other settings")
    seen = []

    def look(mirror, name):
        seen.append({one.path: one.manifest().get("inputs") for one in lineage.artifacts})
        return read(mirror, name)

    monkeypatch.setattr(Mirror, "read", look)
    pull_all(elsewhere)
    assert set(states(elsewhere)) == {"current"}
    coming = [{path for path, inputs in manifests.items() if inputs is None} for manifests in seen]
    assert all(len(paths) <= 1 for paths in coming)
    assert set().union(*coming) == {one.path for one in lineage.artifacts}


def test_what_is_current_here_stays_and_nothing_is_pulled_that_was_made_from_other_content(
    project, folder_mirror, tmp_path
):
    push_all(project)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(project, elsewhere)
    lineage = stores.lineage(elsewhere, MINE)
    cell = lineage.cell(lineage.cells[0])
    (cell.path / "best.keras").write_text("trained on another machine")
    cell.seal()
    plan = pull_all(elsewhere)
    assert (cell.path / "best.keras").read_text() == "trained on another machine"
    assert cell in plan.kept
    assert plan.wanted == []
    assert {one.asset for one in plan.missing} == {
        "oof_predictions",
        "ensemble",
        "submission",
        "experiment_report",
        "inference_bundle",
    }


def test_of_several_commits_the_newest_that_fits_is_pulled(project, folder_mirror, tmp_path):
    push_all(project)
    other = stores.experiment("mine", "small", "eeg_small", folds=3)
    changed = tmp_path / "changed"
    shutil.copytree(project, changed)
    stores.make(stores.lineage(changed, other))
    time.sleep(0.01)
    push_all(changed, other)
    assert len(list_commits(open_mirror(write=False))) == 2
    for number, experiment in enumerate((MINE, other)):
        elsewhere = tmp_path / f"elsewhere {number}"
        assert pull_all(elsewhere, experiment).missing == []
        assert set(states(elsewhere, experiment)) == {"current"}


def test_a_state_that_is_pushed_again_after_another_is_the_newest(project, folder_mirror, tmp_path):
    first = push_all(project).commit
    lineage = stores.lineage(project, MINE)
    report = lineage.report.path.read_text()
    for content in ("another report", report):
        time.sleep(1.01)
        lineage.report.path.write_text(content)
        lineage.report.seal()
        assert push_all(project).new
    mirror = open_mirror(write=False)
    newest, *before = list_commits(mirror)
    assert len(before) == 2
    assert read_commit(mirror, newest).content() == first.content()


def test_two_pushes_at_once_end_with_all_of_it_there(project, address, tmp_path):
    script = "import sys; from pathlib import Path; from hbac_assets_tests.mirror.test_moving import push_all; "
    command = [sys.executable, "-c", script + "push_all(Path(sys.argv[1]))", str(project)]
    both = [subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert pull_all(tmp_path / "elsewhere").missing == []
    assert set(states(tmp_path / "elsewhere")) == {"current"}


def test_a_search_goes_with_its_trials(tmp_path, folder_mirror):
    import sqlite3
    from contextlib import closing

    searched = stores.experiment("searched", "small", search={"member": "small"})
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    lineage = stores.lineage(project, searched)
    stores.make(lineage)
    stores.make_synthetic(project)
    with closing(sqlite3.connect(lineage.search_folder / "trials.db")) as database, database:
        database.execute("create table trials (number integer)")
    with closing(sqlite3.connect(lineage.search_folder / "trials.db")) as database:
        database.execute("insert into trials values (7)")  # by a running search, not committed yet
        push_all(project, searched)
    pull_all(elsewhere, searched)
    pulled = stores.lineage(elsewhere, searched)
    assert pulled.tuned_member.is_current()
    with closing(sqlite3.connect(pulled.search_folder / "trials.db")) as database:
        assert database.execute("select count(*) from trials").fetchone() == (0,)


def test_a_full_disk_is_one_line_with_what_is_left_and_what_is_whole_stays(project, folder_mirror, tmp_path):
    lineage = stores.lineage(project, MINE)
    large = lineage.report.path
    large.write_bytes(bytes(3_000_000))
    lineage.report.seal()
    push_all(project)
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        line = (
            r"report\.html: cannot be written \(No space left on device\): needs 3\.0 MB, .*; all that is left needs "
        )
        with pytest.raises(HbacError, match=line):
            pull_all(disk.folder)
        assert stores.lineage(disk.folder, MINE).oof.is_current()
        assert stores.lineage(disk.folder, MINE).report.state() == "missing"


def test_a_push_to_a_bucket_that_vanishes_is_one_line(project, bucket, monkeypatch):
    monkeypatch.setattr(objects, "ATTEMPTS", 1)
    mirror = open_mirror(write=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    gone = open_mirror(write=True)
    lineage = Lineage(project / "store", stores.dataset(project), MINE)
    listed = mirror.list("objects")
    monkeypatch.setattr(Mirror, "list", lambda *call: listed)
    with pytest.raises(HbacError, match=rf"^{bucket}: expected a response from the server, found none"):
        push(gone, lineage, scan(stores.places(project)))
