import pandas as pd
import pytest

from hbac_assets.assets.competition import recorded_train
from hbac_assets.errors import HbacError
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.store import Store
from hbac_assets.store.files import write_json
from hbac_assets.synthetic.generation import generate
from hbac_assets.synthetic.settings import FEWEST_RECORDINGS, SyntheticSettings

EXPERIMENT = Experiment.model_validate(
    {"name": "mine", "description": "", "members": {"one": {"backbone": "mobilenet_v3_small"}}}
)


def ignore(done, total):
    pass


@pytest.fixture
def prepared(tmp_path):
    """A user's folder, its data as recorded, and the store."""
    folder = tmp_path / "download"
    generate(SyntheticSettings(recordings=2 * FEWEST_RECORDINGS), folder, 1, ignore)
    competition, store = (
        CompetitionData(folder=str(folder), synthetic_recordings=1),
        Store(folder=str(tmp_path / "store")),
    )
    competition.prepare(store, ignore)
    return folder, competition, store


def test_labels_that_changed_since_they_were_recorded_are_refused(prepared):
    folder, competition, store = prepared
    lineage = Lineage(store.root, competition.dataset(store), EXPERIMENT)
    labels = pd.read_csv(folder / "train.csv")
    assert len(recorded_train(lineage).rows) == len(labels)
    labels.assign(lpd_vote=labels["lpd_vote"] + 1).to_csv(folder / "train.csv", index=False)
    with pytest.raises(HbacError, match=r"train\.csv: its labels have changed .*: materialize competition_data first"):
        recorded_train(lineage)


def test_another_test_set_is_recorded_when_it_is_read(prepared):
    folder, competition, store = prepared
    before = competition.dataset(store)
    assert competition.read_test(store)
    assert competition.dataset(store) == before
    sample = pd.read_csv(folder / "sample_submission.csv")
    sample[::-1].to_csv(folder / "sample_submission.csv", index=False)
    competition.read_test(store)
    after = competition.dataset(store)
    assert after.test_fingerprint != before.test_fingerprint
    assert (after.key, after.fingerprint) == (before.key, before.fingerprint)


def test_no_record_names_a_path(prepared):
    folder, _, store = prepared
    for record in (store.root / "competition_data").iterdir():
        assert str(folder) not in record.read_text()


@pytest.mark.parametrize("moved_too", [True, False])
def test_the_record_is_found_in_a_moved_store_whether_the_data_moved_along_or_not(prepared, moved_too, tmp_path):
    folder, competition, store = prepared
    before, moved = competition.dataset(store), tmp_path / "moved"
    moved.mkdir()
    there = Store(folder=str(store.root.rename(moved / "store")))
    if moved_too:
        folder = folder.rename(moved / folder.name)
        competition = CompetitionData(folder=str(folder), synthetic_recordings=1)
    after = competition.dataset(there)
    assert (after.folder, after.key) == (folder, before.key)
    assert after.fingerprint == before.fingerprint
    competition.read_test(there)
    other = CompetitionData(folder=str(tmp_path / "elsewhere" / folder.name), synthetic_recordings=1)
    with pytest.raises(HbacError, match="materialize competition_data first"):
        other.dataset(there)


def test_a_record_of_an_earlier_version_is_made_again_and_its_results_are_named(prepared):
    folder, competition, store = prepared
    (record,) = (store.root / "competition_data").iterdir()
    write_json(record, {"folder": str(folder), "fingerprint": "0123456789abcdef"})
    with pytest.raises(HbacError, match="materialize competition_data first"):
        competition.dataset(store)
    results = store.root / f"{folder.name}-01234567"
    results.mkdir()
    assert competition.forget_earlier_version(store) == [results]
    assert not record.exists()
    assert results.exists()
    assert competition.forget_earlier_version(store) == []
