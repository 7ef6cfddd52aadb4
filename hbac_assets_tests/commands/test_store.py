"""`hbac store` and `hbac store prune`: their output, dry runs, and refusals."""

import json
import os

import pytest

from hbac_assets.commands.main import COMMANDS, command_line, main
from hbac_assets.commands.store_table import conclusion, shown
from hbac_assets.errors import HbacError
from hbac_assets.resources.store import Store
from hbac_assets.store.disk_usage import disk_usage
from hbac_assets_tests.faults.disks import small_disk
from hbac_assets_tests.inventory import stores

LONG = "a" * 60


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The project by hand, as the environment's."""
    folder = stores.make_project(tmp_path)
    for name in [name for name in os.environ if name.startswith(("HBAC_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HBAC_STORE", str(folder / "store"))
    monkeypatch.setenv("HBAC_SYNTHETIC_RECORDINGS", str(stores.RECORDINGS))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    return folder


def hbac(*arguments):
    options = command_line().parse_args(["store", *arguments])
    return COMMANDS["store"].main(options)


def states(folder):
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in folder.rglob("*")}


def test_the_table_fits_a_terminal_whatever_names_there_are(project, capsys):
    long = stores.experiment(LONG, LONG[1:])
    stores.make(stores.lineage(project, long))
    stores.write(
        project / "store" / "no\nte\x1b[2J.txt", *(project / "store" / f"x{number}.txt" for number in range(12))
    )
    (project / "mine.yaml").write_text("members: [")
    stores.write(project / "store" / stores.KEY / "mine" / ".oof.0a1b2c3d.partial.parquet")
    before = states(project)
    assert hbac() == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[lines.index("") + 1 :]
    table = table[: table.index("")]
    assert max(map(len, table)) <= 100
    assert table[0].split() == ["what", "size", "files", "last", "written", "state"]
    text = "\n".join(lines)
    assert f"the environment's data: {stores.KEY}, {project}/synthetic/{stores.TRAIN}" in lines
    for name in ("labels", "EEG recipe mel-", "gone", "model, other, 2", "compiled programs", "no experiment file"):
        assert name in text
    assert r"  store/no\nte\x1b[2J.txt (not written by hbac)" in lines
    assert "  and 3 more" in lines
    assert f"error: {project}/mine.yaml" in text
    assert states(project) == before


def test_for_machines_every_thing_is_there(project, capsys):
    stores.write(project / "store" / "notes.txt")
    assert hbac("--json") == 0
    told = json.loads(capsys.readouterr().out)
    inventory = stores.look(project)
    assert {one["path"] for one in told["things"]} == {str(thing.place) for thing in inventory.holdings.things}
    assert told["others"] == [{"path": str(project / "store" / "notes.txt"), "why": "not written by hbac"}]
    (cell,) = (one for one in told["things"] if one["path"].endswith("mine/models/small/fold_1"))
    assert {"kind": "model", "experiment": "mine", "member": "small", "fold": 1, "files": 4}.items() <= cell.items()
    assert cell["state"] == "current"
    assert cell["dataset"] == told["data"] == stores.KEY


def test_a_dry_run_changes_nothing_and_what_it_shows_is_freed(project, capsys):
    before = states(project)
    assert hbac("prune", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["deleted"] is False
    assert hbac("prune") == 0
    printed = capsys.readouterr().out
    assert states(project) == before
    assert "gone" in printed
    assert "mine" not in printed
    last = printed.splitlines()[-1]
    assert last.startswith("dry run: would free ")
    assert last.endswith(f" in {planned['files']} files; hbac store prune --yes does it")

    files = stores.tree(project)
    assert hbac("prune", "--yes") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("freed ")
    left = stores.tree(project)
    assert len(files) - len(left) == planned["files"] - 1  # the lock of the store is new
    assert {name for name in files if "/mine/" in name} <= set(left)
    assert not any("/gone/" in name for name in left)


def test_it_is_refused_in_one_line_while_the_store_is_in_use(project, capsys):
    files = stores.tree(project)
    store = Store(folder=str(project / "store"))
    with store.in_use(pytest.fail):
        assert hbac("prune") == 0
        with pytest.raises(HbacError, match="expected a store in which nothing runs"):
            hbac("prune", "--yes")
    assert stores.tree(project) == files | {f"store/locks/{store.users_lock.name}": b""}


@pytest.mark.parametrize("arguments", [("prune",), ("prune", "--yes")], ids=" ".join)
def test_data_that_the_store_does_not_know_would_keep_nothing_and_are_refused(project, arguments, monkeypatch):
    monkeypatch.setenv("HBAC_DATA_DIR", str(project / "elsewhere"))
    files = stores.tree(project / "store" / stores.KEY)
    with pytest.raises(HbacError, match=r"expected results of the data that HBAC_DATA_DIR names \(.*/elsewhere\)"):
        hbac(*arguments)
    assert stores.tree(project / "store" / stores.KEY) == files


def test_without_such_data_the_list_says_so(project, capsys, monkeypatch):
    monkeypatch.setenv("HBAC_DATA_DIR", str(project / "elsewhere"))
    assert hbac() == 0
    printed = capsys.readouterr().out
    assert "the environment's data: no results here" in printed
    assert " current" not in printed


def test_nothing_is_freed_where_mlflow_cannot_be_asked(project):
    (project / "mlflow.db").write_text("nothing of the kind")
    files = stores.tree(project / "store" / stores.KEY)
    with pytest.raises(HbacError, match="expected the list of runs"):
        hbac("prune", "--yes")
    assert stores.tree(project / "store" / stores.KEY) == files


def test_a_store_that_is_only_read_is_listed_and_not_pruned(project, tmp_path_factory, monkeypatch, capsys):
    with small_disk(tmp_path_factory.mktemp("disks") / "disk", megabytes=10) as disk:
        (project / "store").rename(project / "away")
        os.system(f"cp -r '{project}/away' '{disk.folder}/store'")  # noqa: S605
        monkeypatch.setenv("HBAC_STORE", str(disk.folder / "store"))
        disk.protect()
        assert hbac() == 0
        assert hbac("prune") == 0
        capsys.readouterr()
        with pytest.raises(
            HbacError, match=rf"^HBAC_STORE: expected a folder that can be written, found {disk.folder}"
        ):
            hbac("prune", "--yes")


def test_a_fault_ends_with_one_line_and_status_1(project, capsys, monkeypatch):
    monkeypatch.setenv("HBAC_EXPERIMENT", "quikstart")
    monkeypatch.setattr("hbac_assets.commands.main.set_variables", lambda options: None)
    assert main(["store"]) == 1
    assert capsys.readouterr().err.startswith("\nHBAC_EXPERIMENT: expected one of ")


def test_space_that_other_links_keep_is_told(tmp_path):
    (tmp_path / "one").write_bytes(b"1" * 4096)
    (tmp_path / "elsewhere").hardlink_to(tmp_path / "one")
    assert "; 4.1 kB more have other hard links and stay" in conclusion(disk_usage([tmp_path / "one"]), deleted=True)


def test_names_are_shown_as_escapes_where_they_cannot_be_printed():
    assert shown("a\nb\x1b[2J\udcff Ω") == r"a\nb\x1b[2J\udcff Ω"
