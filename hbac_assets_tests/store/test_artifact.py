"""An artifact is kept while its inputs and its bytes are the same, and refused otherwise."""

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.store.artifact import Artifact


@pytest.fixture
def upstream(tmp_path):
    artifact = Artifact(tmp_path / "rows.txt", "rows", {"version": 1})
    artifact.path.write_text("a row")
    artifact.seal(count=1)
    return artifact


def downstream(upstream, version=1):
    return Artifact(upstream.path.with_name("models"), "models", {"version": version}, (upstream,))


def made(artifact):
    artifact.path.mkdir(exist_ok=True)
    (artifact.path / "weights.bin").write_bytes(b"12345")
    artifact.seal()
    return artifact


def test_a_sealed_artifact_is_current_and_keeps_its_facts(upstream):
    assert upstream.is_current()
    assert upstream.facts() == {"count": 1}
    assert upstream.require() == upstream.path


def test_other_settings_make_it_out_of_date(upstream):
    made(downstream(upstream))
    assert downstream(upstream).is_current()
    assert not downstream(upstream, version=2).is_current()
    with pytest.raises(HbacError, match=r"models: out of date.*materialize models first"):
        downstream(upstream, version=2).require()


def test_other_upstream_content_makes_it_out_of_date(upstream):
    made(downstream(upstream))
    upstream.path.write_text("another row")
    upstream.seal()
    assert not downstream(upstream).is_current()


@pytest.mark.parametrize("content", [b"12346", b"1234", None])
def test_a_changed_file_is_named_and_refused(upstream, content):
    artifact = made(downstream(upstream))
    file = artifact.path / "weights.bin"
    file.unlink() if content is None else file.write_bytes(content)
    assert not artifact.is_current()
    with pytest.raises(HbacError, match=r"weights\.bin: differs from its manifest.*materialize models again"):
        artifact.require()


def test_what_was_never_made_names_the_asset_to_materialize(tmp_path):
    artifact = Artifact(tmp_path / "folds.parquet", "fold_assignments", None)
    with pytest.raises(HbacError, match=r"folds\.parquet: not made yet: materialize fold_assignments first"):
        artifact.require()


def test_a_missing_upstream_is_named_before_what_depends_on_it(upstream):
    artifact = made(downstream(upstream))
    upstream.unseal()
    with pytest.raises(HbacError, match="materialize rows first"):
        Artifact(artifact.path, "models", {"version": 1}, (upstream,)).require()


def test_a_torn_manifest_counts_as_none(upstream):
    upstream.manifest_path.write_text('{"inputs": "')
    with pytest.raises(HbacError, match="not made yet"):
        upstream.require()
