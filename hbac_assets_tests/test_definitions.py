"""The code location: what is in it, and what loading it costs."""

import subprocess
import sys

import pytest
from dagster import AssetKey

from hbac_assets import defs
from hbac_assets.definitions import whole_chain
from hbac_assets.executor import PRELOADED

HEAVY = {"jax", "keras", "keras_cv", "matplotlib", "mlflow", "optuna", "pywt", "scipy", "sklearn", "tensorflow"}
CHAIN = [
    "competition_data", "train_metadata", "npy_spectrograms", "eeg_spectrograms", "fold_assignments",
    "hyperparameter_search",
    "trained_models", "fold_models", "oof_predictions", "ensemble", "submission",
]  # fmt: skip
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


@pytest.mark.parametrize("layer", ["signals", "synthetic", "competition", "learning", "scoring"])
def test_the_layers_below_know_neither_dagster_nor_mlflow(layer):
    statement = (
        "import importlib, pkgutil, hbac_assets\n"
        f"package = importlib.import_module('hbac_assets.{layer}')\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)"
    )
    assert not loaded_by(statement) & {"dagster", "mlflow", *HEAVY}


def test_what_steps_are_forked_with_is_imported_without_touching_a_device():
    statement = "import importlib; from hbac_assets.executor import PRELOADED\n"
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
        assert node.group_name in {"data", "training", "evaluation"}
        assert node.kinds
        assert node.owners == ["team:hbac"]
        assert node.code_version


def test_the_chain_of_make_run_leaves_out_the_search_that_nothing_waits_for():
    chain = {key.to_user_string() for key in whole_chain().asset_layer.executable_asset_keys}
    assert chain == set(CHAIN) - {"hyperparameter_search", "fold_models"}
    graph = defs.resolve_asset_graph()
    search = graph.get(AssetKey("hyperparameter_search"))
    assert {key.to_user_string() for key in search.parent_keys} == {"fold_assignments", "npy_spectrograms"}
    assert not search.child_keys


def test_checks_block_where_going_on_would_be_wrong():
    graph = defs.resolve_asset_graph()
    checks = {key.name: graph.get_check_spec(key).blocking for key in graph.asset_check_keys}
    assert {name for name, blocking in checks.items() if blocking} == BLOCKING
    assert {name for name, blocking in checks.items() if not blocking} == WARNING
