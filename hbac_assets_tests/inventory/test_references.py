"""The references to things, by kind; everything else is freed."""

from dataclasses import replace

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.member_file import write_member
from hbac_assets.inventory.freeing import plan
from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.references import LoggedRun
from hbac_assets_tests.inventory import stores

KEY = stores.KEY
PROGRAMS = stores.PROGRAMS
BESIDE = ("folds.parquet", "models.parquet", "oof.parquet", "submission.csv", "report.html", "inference_bundle")
OF_GONE = {
    "store/experiments/gone.json",
    *(f"store/{KEY}/gone/{name}" for name in BESIDE),
    *(f"store/{KEY}/gone/models/{member}/fold_{fold}" for member in ("small", "other") for fold in (0, 1)),
    f"store/{KEY}/gone/ensemble",
}


def freed(inventory):
    """Return the places of what is freed, and why."""
    root = inventory.places.store.parent
    planned = plan(inventory.holdings, inventory.verdicts)
    return {str(thing.place.relative_to(root)): why for thing, why in planned.why.items()}


def run(kind, experiment="gone", data=stores.TRAIN, **more):
    return LoggedRun(experiment, data, kind, **more)


def test_an_experiment_whose_file_is_gone_is_freed_and_nothing_else(folder):
    assert freed(stores.look(folder)) == dict.fromkeys(OF_GONE, "no experiment file") | {
        PROGRAMS: "made again when needed"
    }


def test_nothing_current_is_freed_whichever_experiment_is_chosen(folder):
    for chosen in ("quickstart", "radboud", str(folder / "mine.yaml")):
        inventory = stores.look(folder, chosen=chosen)
        states = inventory.states()
        assert sum(state == "current" for state in states.values()) == 16
        for thing, state in states.items():
            assert state != "current" or inventory.verdicts[thing].kept


def test_the_chosen_file_needs_no_record(folder):
    (folder / "store" / "experiments" / "mine.json").unlink()
    kept = freed(stores.look(folder, chosen=str(folder / "mine.yaml")))
    assert set(kept) == {*OF_GONE, PROGRAMS}
    assert any("/mine/" in place for place in freed(stores.look(folder)))


def test_packaged_experiments_refer_to_their_results_as_they_are_and_in_miniature(folder):
    from hbac_assets.experiments.loading import load_experiment

    quickstart = load_experiment("quickstart")
    for one in (quickstart, quickstart.miniature()):
        stores.make(stores.lineage(folder, one))
    assert set(freed(stores.look(folder))) == {*OF_GONE, PROGRAMS}


@pytest.mark.parametrize(
    ("kept", "kind", "more"),
    [
        (f"store/{KEY}/gone/models/small/fold_1", Kind.MODEL, {"member": "small", "fold": 1}),
        (f"store/{KEY}/gone/ensemble", Kind.ENSEMBLE, {}),
    ],
    ids=["model", "ensembles"],
)
@pytest.mark.parametrize("logged_as", ["gone", "renamed"])
def test_a_run_keeps_what_it_logged_and_the_tables_beside_it(folder, kept, kind, more, logged_as):
    inventory = stores.look(folder, runs=[run(kind, logged_as, **more)])
    tables = {f"store/{KEY}/gone/{name}" for name in BESIDE}
    stays = {kept, *tables, "store/experiments/gone.json"}
    assert set(freed(inventory)) == {*OF_GONE, PROGRAMS} - stays
    (why,) = (verdict.why for thing, verdict in inventory.verdicts.items() if str(thing.place).endswith(kept))
    assert why == "1 MLflow run"


@pytest.mark.parametrize(
    "other",
    [
        run(Kind.MODEL, member="small", fold=2),
        run(Kind.MODEL, member="tiny", fold=1),
        run(Kind.MODEL, "mine", member="other", fold=1),
        run(Kind.MODEL, data="89abcdef01234567", member="small", fold=1),
        run(Kind.SEARCH),
    ],
    ids=["fold", "member", "experiment", "data", "search"],
)
def test_a_run_of_something_else_keeps_nothing(folder, other):
    assert set(freed(stores.look(folder, runs=[other]))) == {*OF_GONE, PROGRAMS}


def test_members_and_folds_that_the_file_no_longer_has_are_freed(folder):
    stores.write_file(folder / "mine.yaml", stores.experiment("mine", "eeg_small"))
    removed = {f"store/{KEY}/mine/models/small/fold_{fold}" for fold in (0, 1)}
    assert set(freed(stores.look(folder))) == {*OF_GONE, PROGRAMS, *removed}
    kept = run(Kind.MODEL, "mine", member="small", fold=0)
    assert set(freed(stores.look(folder, runs=[kept]))) == {*OF_GONE, PROGRAMS, max(removed)}


def test_an_eeg_recipe_that_no_experiment_uses_is_freed(folder):
    stores.write_file(folder / "mine.yaml", stores.experiment("mine", "small"))
    found = freed(stores.look(folder))
    recipes = {place: why for place, why in found.items() if "eeg_spectrograms" in place}
    assert set(recipes.values()) == {"no experiment"}
    assert len(recipes) == 1  # of the training windows; radboud would make the same of the test set's
    assert not any(place.endswith("spectrograms.parquet") for place in found)


def test_while_a_file_cannot_be_read_its_results_and_all_recipes_stay(folder):
    (folder / "mine.yaml").write_text("members: [")
    inventory = stores.look(folder)
    assert set(freed(inventory)) == {*OF_GONE, PROGRAMS}
    assert "mine.yaml" in inventory.experiments.faults["mine"]


def test_other_data_are_freed_with_their_records_but_for_what_runs_logged(folder):
    old = stores.dataset(folder, train="89abcdef89abcdef")
    stores.make(stores.lineage(folder, stores.experiment("mine", "small", "eeg_small"), old))
    stores.make_synthetic(folder, old.fingerprint)
    found = freed(stores.look(folder))
    of_old = {place: why for place, why in found.items() if place not in {*OF_GONE, PROGRAMS}}
    assert set(of_old.values()) == {"other data"}
    assert {f"synthetic/{old.fingerprint}", f"store/competition_data/{old.fingerprint}.json"} <= set(of_old)
    everything = {str(path.relative_to(folder)) for path in (folder / "store" / old.key).rglob("*.manifest.json")}
    assert {name.removesuffix(".manifest.json") for name in everything} <= set(of_old)

    found = freed(stores.look(folder, runs=[run(Kind.ENSEMBLE, "mine", old.fingerprint)]))
    assert f"store/{old.key}/spectrograms.parquet" in found
    assert not any(f"{old.key}/mine/ensemble" in place or f"{old.key}/mine/folds" in place for place in found)
    assert f"store/competition_data/{old.fingerprint}.json" not in found


def test_another_test_set_is_freed(folder):
    mine = stores.experiment("mine", "small", "eeg_small")
    stores.make(stores.lineage(folder, mine, stores.dataset(folder, test="ab" * 8)))
    found = freed(stores.look(folder))  # the data with the test set before
    of_other = {place: why for place, why in found.items() if f"/test/{'ab' * 8}/" in place}
    assert set(of_other.values()) == {"other test set"}
    assert len(of_other) == 3
    assert not any(stores.TEST in place for place in found)


def test_synthetic_data_stay_that_are_named_as_a_download(folder):
    stores.make_synthetic(folder, "ab" * 8)
    data = replace(stores.dataset(folder), folder=folder / "synthetic" / ("ab" * 8))
    found = freed(stores.look(folder, data=data))
    assert f"synthetic/{stores.TRAIN}" in found
    assert f"synthetic/{'ab' * 8}" not in found


def test_a_search_is_kept_for_its_experiment_for_runs_and_for_who_begins_with_what_it_found(folder):
    with_search = stores.experiment("gone", "small", "other", search={"member": "small"})
    lineage = stores.lineage(folder, with_search)
    stores.make(lineage)
    stores.write(lineage.search_folder / "trials.db", lineage.search_folder / "trial" / "fold_0" / "history.csv")
    search, trial = f"store/{KEY}/gone/search", f"store/{KEY}/gone/search/trial"
    found = freed(stores.look(folder))
    assert found[search] == "no experiment file"
    assert found[trial] == "of a killed write"
    assert search not in freed(stores.look(folder, runs=[run(Kind.SEARCH)]))

    tuned = lineage.tuned_member.path
    write_member(tuned, with_search.members["small"], "found")
    (folder / "begins.yaml").write_text(f"description: ''\nmembers: {{tuned: {{from: {tuned}}}}}\n")
    stores.claim(folder, folder / "begins.yaml")
    found = freed(stores.look(folder))
    assert search not in found
    assert trial in found


def test_a_checkpoint_is_kept_until_its_training_is_finished(folder):
    lineage = stores.lineage(folder, stores.experiment("mine", "small", "eeg_small"))
    first, second = (lineage.cell(cell) for cell in lineage.cells[:2])
    second.unseal()
    names = [one.path.with_name(f"{one.path.name}.checkpoint.npz") for one in (first, second)]
    of_gone = folder / "store" / KEY / "gone" / "models" / "small" / "fold_0.checkpoint.npz"
    stores.write(*names, of_gone)
    found = freed(stores.look(folder))
    assert found[str(names[0].relative_to(folder))] == "its training is finished"
    assert str(names[1].relative_to(folder)) not in found
    assert found[str(of_gone.relative_to(folder))] == "no experiment file"


def test_records_of_data_that_no_version_reads_any_more_are_freed(folder):
    record = folder / "store" / "competition_data" / "hms-01234567.json"
    record.write_text('{"folder": "/data/hms", "fingerprint": "0123456789abcdef"}')
    assert freed(stores.look(folder))[str(record.relative_to(folder))] == "of an earlier version"


def test_states_say_what_stands_there(folder):
    lineage = stores.lineage(folder, stores.experiment("mine", "small", "eeg_small"))
    cells = [lineage.cell(cell) for cell in lineage.cells]
    cells[0].unseal()
    cells[1].manifest_path.write_text(cells[1].manifest_path.read_text().replace('"inputs": "', '"inputs": "0'))
    (cells[2].path / "best.keras").write_text("shorter")
    states = {thing.place: state for thing, state in stores.look(folder).states().items()}
    assert [states[cell.path] for cell in cells] == ["unfinished", "out of date", "changed", "current"]
    assert states[lineage.oof.path] == "out of date"
    assert states[lineage.grid_table] == ""
    assert states[lineage.spectrograms().path] == "current"


def test_a_chosen_experiment_that_is_not_there_is_told(folder):
    with pytest.raises(HbacError, match="HBAC_EXPERIMENT: expected one of"):
        stores.look(folder, chosen="quikstart")
