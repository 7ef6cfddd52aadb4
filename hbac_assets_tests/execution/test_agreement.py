"""A node works for a run only with its code, its versions, and a store whose locks hold on both machines."""

import json

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.execution.cluster import agreement
from hbac_assets.execution.cluster.agreement import require_agreement, shown_to_nodes, versions
from hbac_assets.resources.store import Store

RUN = "8f0e"


@pytest.fixture
def store(tmp_path):
    return Store(folder=str(tmp_path / "store"))


@pytest.fixture
def record(store):
    """The record of a run that goes on."""
    with shown_to_nodes(store, RUN):
        yield store.locks_folder / f"run-{RUN}.json"


def rewrite(record, **changes):
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))


def test_the_same_machine_agrees_with_itself_and_nothing_is_left(store):
    with shown_to_nodes(store, RUN):
        require_agreement(store, RUN)
    assert list(store.locks_folder.iterdir()) == []


def test_other_code_is_refused(store, record):
    rewrite(record, code="other", host="the-head")
    with pytest.raises(HbacError, match="expected the code of the-head, where the run was started, found other code"):
        require_agreement(store, RUN)


def test_a_changed_file_is_other_code(monkeypatch, tmp_path):
    before = agreement.code_digest()
    (tmp_path / "one.yaml").write_text("changed")
    monkeypatch.setattr(agreement, "PACKAGE", tmp_path)
    assert agreement.code_digest() != before


def test_other_versions_are_refused_by_name_and_tools_of_one_machine_alone_are_not(store, record):
    known = json.loads(record.read_text())["versions"]
    assert known == versions()
    assert known["dagster"].startswith("1.")
    rewrite(record, versions=known | {"a_tool_of_the_head": "1.0"})
    require_agreement(store, RUN)
    rewrite(record, versions=known | {"jax": "0.0.1"}, host="the-head")
    with pytest.raises(HbacError, match=f"versions of the-head.* found jax {versions()['jax']} instead of 0.0.1; inst"):
        require_agreement(store, RUN)


def test_a_folder_that_is_not_shared_is_refused(store):
    with pytest.raises(HbacError, match=r"HBAC_STORE: expected a folder that all nodes share, found .* without run-8f"):
        require_agreement(store, RUN)


def test_locks_that_do_not_hold_here_are_refused(store, record):
    lock = record.with_name(f"seen-{RUN}.lock")
    lock.rename(lock.with_suffix(".held"))  # as if each machine had its own locks: this one sees no holder
    lock.touch()
    with pytest.raises(HbacError, match=r"whose locks hold on all nodes, found .* does not see a lock"):
        require_agreement(store, RUN)
