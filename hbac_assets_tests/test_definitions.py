"""The code location: its contents, and its loading time."""

import subprocess
import sys

import pytest
from dagster import AssetKey

from hbac_assets import defs
from hbac_assets.definitions import bundle, whole_chain
from hbac_assets.execution.executor import PRELOADED
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Dataset, Lineage

HEAVY = {"jax", "keras", "keras_cv", "matplotlib", "mlflow", "optuna", "pywt", "scipy", "sklearn", "tensorflow"}
HEAVY |= {"onnx", "onnxruntime", "tf2onnx"}
CHAIN = [
    "competition_data", "train_metadata", "npy_spectrograms", "eeg_spectrograms", "fold_assignments",
    "hyperparameter_search",
    "trained_models", "fold_models", "oof_predictions", "ensemble", "submission", "experiment_report",
    "inference_bundle",
]  # fmt: skip
SEARCH = {"member": "both", "ranges": {"normalisation": ["per_image"]}}
BLOCKING = {"patients_in_one_fold", "rows_in_one_fold", "submission_valid"}
WARNING = {"class_shares_alike", "beats_class_prior"}


def loaded_by(statement):
    code = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_loading_the_code_location_imports_nothing_heavy():
    modules = loaded_by("from hbac_assets import defs")
    assert "dagster" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize(
    "layer", ["signals", "synthetic", "competition", "learning", "scoring", "inference", "results", "report"]
)
def test_the_layers_below_know_neither_dagster_nor_mlflow(layer):
    statement = (
        "import importlib, pkgutil, hbac_assets\n"
        f"package = importlib.import_module('hbac_assets.{layer}')\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)"
    )
    assert not loaded_by(statement) & {"dagster", "mlflow", *HEAVY}


@pytest.mark.slow
def test_what_steps_are_forked_with_is_imported_without_touching_a_device():
    statement = "import importlib; from hbac_assets.execution.executor import PRELOADED\n"
    statement += "for module in PRELOADED: importlib.import_module(module)\n"
    statement += "from jax._src.xla_bridge import backends_are_initialized\n"
    statement += "assert not backends_are_initialized()\n"
    statement += "import gc; assert gc.isenabled() and gc.get_freeze_count() > 100_000"
    modules = loaded_by(statement)
    assert {*PRELOADED, "jax", "keras_cv", "tensorflow", "mlflow"} <= modules


def test_the_chain_is_there_and_every_asset_says_what_it_is():
    graph = defs.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == set(CHAIN)
    for name in CHAIN:
        node = graph.get(AssetKey(name))
        assert node.description
        assert node.group_name in {"data", "models", "results"}  # in the order of the chain, which is theirs by name
        assert node.kinds
        assert node.owners == ["team:hbac"]
        assert node.code_version


def test_the_chain_of_make_run_leaves_out_search_and_bundle_that_nothing_waits_for():
    chain = {key.to_user_string() for key in whole_chain().asset_layer.executable_asset_keys}
    asked_for = {"hyperparameter_search", "inference_bundle"}
    assert chain == set(CHAIN) - asked_for - {"fold_models"}
    assert not any(defs.resolve_asset_graph().get(AssetKey(name)).child_keys for name in asked_for)
    assert [key.to_user_string() for key in bundle().asset_layer.executable_asset_keys] == ["inference_bundle"]


def upstream_assets(artifact):
    """Return the assets that make what an artifact is made from, through artifacts of its own asset."""
    made_by = set()
    for one in artifact.upstream:
        made_by |= upstream_assets(one) if one.asset == artifact.asset else {one.asset}
    return made_by


def test_an_asset_depends_on_those_that_make_what_its_files_are_made_from(tmp_path):
    """No less, or Dagster would show as up to date what is not; no more, or the other way round."""
    members = {
        kind: {"backbone": backbone, "preprocessing": {"input": kind}}
        for kind, backbone in (
            ("kaggle", "mobilenet_v3_small"),
            ("both", "mobilenet_v3_small"),
            ("waveform", "bipolar_resnet"),
        )
    }
    content = {"name": "all", "description": "", "members": members, "search": SEARCH}
    dataset = Dataset("kaggle", tmp_path, "f1", "f2")
    lineage = Lineage(tmp_path, dataset, Experiment.model_validate(content))
    made_from = {}
    found = [lineage.submission, lineage.report, lineage.tuned_member, lineage.bundle]
    while found:
        artifact = found.pop()
        # What is made from no file is made from the data set, which competition_data records.
        made_from.setdefault(artifact.asset, set()).update(upstream_assets(artifact) or {"competition_data"})
        found += artifact.upstream
    made_from["submission"].remove("competition_data")  # the test set is read as it is then
    graph = defs.resolve_asset_graph()
    declared = {name: {key.to_user_string() for key in graph.get(AssetKey(name)).parent_keys} for name in made_from}
    assert declared == made_from
    assert set(made_from) == set(CHAIN) - {"competition_data", "fold_models"}


def test_checks_block_where_going_on_would_be_wrong():
    graph = defs.resolve_asset_graph()
    checks = {key.name: graph.get_check_spec(key).blocking for key in graph.asset_check_keys}
    assert {name for name, blocking in checks.items() if blocking} == BLOCKING
    assert {name for name, blocking in checks.items() if not blocking} == WARNING
