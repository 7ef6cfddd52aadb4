"""Several ensembles of one grid: each is made, the last one is submitted, and removed ones leave nothing behind."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dagster import materialize
from mlflow import MlflowClient

from hbac_assets.assets.ensemble import ensemble, make_ensembles
from hbac_assets.assets.oof_predictions import oof_predictions
from hbac_assets.assets.submission import predicted_rows
from hbac_assets.assets.test_set import placed_rows
from hbac_assets.experiments.ensembles import Ensemble
from hbac_assets.experiments.loading import FOLDER
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.tracking import Tracking
from hbac_assets.results.ensembles import chosen_methods, methods_table
from hbac_assets.results.scores import overall_kl
from hbac_assets.scoring.blending import METHODS
from hbac_assets.store.files import write_json
from hbac_assets.store.tables import read_table

IMAGES, WAVEFORMS = "mobilenet_v3_small", "bipolar_resnet"
LOG = logging.getLogger(__name__)

EDIT = """
ensembles:
  alone: {members: [mobilenet_v3_small], method: mean}
  final: {members: [mobilenet_v3_small, bipolar_resnet], method: weights}
published:
  mobilenet_v3_small: [{figure: 0.85, what: validation loss}]
  final: [{figure: 0.58, what: "KL divergence on Kaggle's public board"}]
comparability: Other rows.
"""


def with_ensembles(lineage, **ensembles):
    return replace(lineage, experiment=lineage.experiment.model_copy(update={"ensembles": ensembles}))


@pytest.fixture
def several(lineage):
    stacked = Ensemble(members=(WAVEFORMS, IMAGES), method="stacking_both")
    lineage = with_ensembles(lineage, stacked=stacked, alone=Ensemble(members=(IMAGES,), method="mean"))
    make_ensembles(lineage, LOG)
    return lineage


def test_each_ensemble_has_its_blend_its_rows_and_its_scores(several):
    rows = pd.read_parquet(several.ensemble.require() / "oof.parquet")
    assert rows["member"].unique().tolist() == ["stacked", "alone"]
    member = read_table(several.oof).query("member == @IMAGES")
    alone = rows.query("member == 'alone'")
    assert alone["label_id"].tolist() == member["label_id"].tolist()
    np.testing.assert_array_equal(alone[list(PROBABILITY_COLUMNS)], member[list(PROBABILITY_COLUMNS)])
    methods = methods_table(several)
    assert len(methods) == 2 * len(METHODS)
    assert chosen_methods(several) == {"stacked": "stacking_both", "alone": "mean"}
    chosen = methods[methods["chosen"]].set_index("ensemble")["mean"].to_dict()
    kl = overall_kl(several.ensemble)
    assert {name: kl[name] for name in chosen} == pytest.approx(chosen, rel=1e-12)


def submitted(lineage):
    rows = placed_rows(lineage)
    seen = {member: np.ones(len(rows), dtype=bool) for member in lineage.submitted_members}
    return predicted_rows(lineage, rows, seen, LOG)


def test_the_last_ensemble_is_submitted(several, lineage):
    alone = submitted(several)
    turned = with_ensembles(lineage, **dict(reversed(several.experiment.ensembles.items())))
    make_ensembles(turned, LOG)
    stacked = submitted(turned)
    assert stacked.shape == alone.shape
    assert not np.allclose(stacked, alone, atol=1e-3)


def test_a_blend_is_given_its_members_by_name(several, lineage):
    """All weight on one member of two is that member."""
    small = submitted(several)
    both = with_ensembles(lineage, both=Ensemble(members=(WAVEFORMS, IMAGES), method="mean"))
    make_ensembles(both, LOG)
    for member in (IMAGES, WAVEFORMS):
        weights = {name: float(name == member) for name in (WAVEFORMS, IMAGES)}
        blend = {"members": [WAVEFORMS, IMAGES], "mean_of": "probabilities", "weights": weights}
        write_json(both.blend_folder("both") / "blend.json", blend)
        both.ensemble.seal()
        assert np.allclose(submitted(both), small, atol=1e-6) == (member == IMAGES)


@pytest.fixture
def calibrated(lineage):
    definition = Ensemble(members=(WAVEFORMS, IMAGES), calibration="best", patient_context=True)
    lineage = with_ensembles(lineage, calibrated=definition)
    make_ensembles(lineage, LOG)
    return lineage


def test_methods_are_shown_with_calibration_choice_and_patient_context(calibrated):
    methods = methods_table(calibrated)
    compared = [(method, kind) for kind in ("none", "temperature", "temperature_bias") for method in METHODS]
    named = list(methods[["method", "calibration"]].itertuples(index=False, name=None))
    assert named == [*compared, ("best", "best"), ("best", "best")]
    assert methods["patient_context"].tolist() == [False] * (len(methods) - 1) + [True]
    (chosen,) = methods[methods["chosen"]].to_dict("records")
    assert chosen["mean"] == methods["mean"][: len(compared)].min()
    assert methods["mean"].iloc[-1] == pytest.approx(overall_kl(calibrated.ensemble)["calibrated"], rel=1e-12)
    assert methods["mean"].nunique() == len(methods)
    label = chosen["method"] if chosen["calibration"] == "none" else f"{chosen['method']} + {chosen['calibration']}"
    assert chosen_methods(calibrated) == {"calibrated": f"{label} + patient context"}


def test_fitted_blends_are_applied_to_the_submission(calibrated):
    """Blend, then calibration, then the patient's other recordings: omitting any of them changes the result."""
    path = calibrated.blend_folder("calibrated") / "blend.json"
    doubled = {"matrix": (2 * np.eye(6)).tolist(), "bias": [0.0] * 6}
    context = {"own": 1.0, "with_others": -0.5, "others": 0.9, "shrinkage": 1.0, "center": [0.0] * 6}
    blend = {"members": [WAVEFORMS, IMAGES], "mean_of": "probabilities", "weights": {WAVEFORMS: 0.5, IMAGES: 0.5}}
    found = []
    for more in ({}, {"calibration": doubled}, {"calibration": doubled, "patient_context": context}):
        write_json(path, blend | more)
        calibrated.ensemble.seal()
        found.append(submitted(calibrated))
        np.testing.assert_allclose(found[-1].sum(axis=1), 1)
    plain, surer, in_context = found
    assert (surer.max(axis=1) > plain.max(axis=1)).all()
    patients = placed_rows(calibrated)["patient_id"]
    others = patients.duplicated(keep=False).to_numpy()
    assert others.any()
    changed = np.abs(in_context - surer).max(axis=1) > 1e-6
    np.testing.assert_array_equal(changed, others)


@pytest.fixture
def edited(tmp_path, lineage):
    """The finished experiment with two ensembles and published values of them, and with its results."""
    path = tmp_path / "edited.yaml"
    path.write_text((FOLDER / "quickstart.yaml").read_text() + EDIT)
    lineage.experiment_folder.with_name("edited-miniature").symlink_to(lineage.experiment_folder)
    return ExperimentChoice(name=str(path), miniature=True)


def test_the_asset_makes_what_the_file_says_from_models_that_are_kept(resources, lineage, edited, tmp_path):
    tracking = Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_folder=str(tmp_path / "mlartifacts"))
    instead = {**resources, "experiment": edited, "tracking": tracking}
    result = materialize([oof_predictions, ensemble], resources=resources_from_environment({}) | instead)
    of_members, shown = (
        result.asset_materializations_for_node(name)[0].metadata for name in ("oof_predictions", "ensemble")
    )
    of = f"edited-miniature on {lineage.dataset.key}"
    assert shown["submitted"].value.startswith("final, blended by ")
    assert {name for name in shown if name.startswith("KL, ")} == {f"KL, {name}, {of}" for name in ("alone", "final")}
    assert {name for name in shown if name.startswith("weights, ")} == {"weights, alone", "weights, final"}
    (published,) = [record.data for record in of_members["published / here"].records]
    assert (published["name"], published["published"]) == (IMAGES, 0.85)
    assert published["here"] == of_members[f"KL, {IMAGES}, {of}"].value
    (published,) = [record.data for record in shown["published / here"].records]
    assert (published["name"], published["published"]) == ("final", 0.58)
    assert published["here"] == shown[f"KL, final, {of}"].value
    assert published["what that is"].endswith("synthetic data")
    assert shown["published / here, remark"].value.startswith("Other rows.")

    assert not lineage.ensemble.is_current()
    assert lineage.oof.is_current()
    client = MlflowClient(tracking.uri)
    experiment = client.get_experiment_by_name("edited-miniature")
    found = client.search_runs([experiment.experiment_id])
    runs = {run.data.tags["ensemble"]: run for run in found if "ensemble" in run.data.tags}
    assert set(runs) == {"alone", "final"}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    for name, run in runs.items():
        assert round(run.data.metrics["oof_kl"], 4) == shown[f"KL, {name}, {of}"].value
        assert run.data.metrics["oof_kl"] == pytest.approx(run.data.metrics[f"nested_kl_{run.data.tags['method']}"])
        files = {one.path for one in client.list_artifacts(run.info.run_id)}
        pictures = {"methods.png", "weights.png", "confusion.png", "reliability.png", "kl_by_class.png"}
        assert files == {"evaluation.json", "methods.csv", "worst_rows.csv", *pictures}


def test_an_ensemble_that_is_gone_leaves_no_file(several, lineage):
    fewer = with_ensembles(lineage, alone=several.experiment.ensembles["alone"])
    assert not fewer.ensemble.is_current()
    make_ensembles(fewer, LOG)
    assert {path.name for path in fewer.ensemble.require().iterdir()} == {"alone", "oof.parquet", "methods.csv"}
