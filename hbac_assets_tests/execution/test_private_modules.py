"""The private parts of Dagster in use: no more than these, with unchanged interfaces."""

import ast
import inspect
from importlib import import_module

import pytest
from dagster import DagsterInstance, DataVersion, MaterializeResult, asset, materialize
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.multiprocess import MultiprocessExecutor
from dagster._core.executor.step_delegating import StepDelegatingExecutor

from hbac_assets.execution import failures
from hbac_assets_tests.projects import CHECKOUT

USED = {
    "assets/fold_models.py": {"dagster._core.definitions.data_version"},
    "execution/cluster/executor.py": {
        "dagster._core.execution.plan.objects",
        "dagster._core.execution.retries",
        "dagster._core.executor.step_delegating",
    },
    "execution/cluster/jobs.py": {"dagster._core.executor.step_delegating"},
    "execution/executor.py": {
        "dagster._core.execution.retries",
        "dagster._core.executor.multiprocess",
        "dagster._core.system_config.objects",
    },
    "execution/origin.py": {"dagster._core.remote_origin", "dagster._core.types.loadable_target_origin"},
    "execution/preload/libraries.py": {"dagster._core.storage.sqlite_storage"},
}
"""Modules by the file that uses them when it runs; what only annotations name is not among them."""


def is_for_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def private_modules(node):
    """Return the private modules of Dagster that code imports or names."""
    if is_for_types(node):
        return set()
    named = set()
    if isinstance(node, ast.ImportFrom):
        named = {node.module}
    elif isinstance(node, ast.Import):
        named = {one.name for one in node.names}
    elif isinstance(node, ast.Constant):
        named = {node.value}
    below = (private_modules(child) for child in ast.iter_child_nodes(node))
    return {one for one in named if str(one).startswith("dagster._")}.union(*below)


def test_no_other_private_module_is_used():
    used = {
        str(file.relative_to(CHECKOUT / "hbac_assets")): modules
        for file in (CHECKOUT / "hbac_assets").rglob("*.py")
        if (modules := private_modules(ast.parse(file.read_text())))
    }
    assert used == USED


@pytest.mark.parametrize("name", sorted(set().union(*USED.values())))
def test_each_of_them_is_there(name):
    import_module(name)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (
            MultiprocessExecutor.__init__,
            ["retries", "max_concurrent", "tag_concurrency_limits", "start_method", "explicit_forkserver_preload"],
        ),
        (MultiprocessExecutor.execute, ["plan_context", "execution_plan"]),
        (
            StepDelegatingExecutor.__init__,
            ["step_handler", "retries", "sleep_seconds", "check_step_health_interval_seconds", "max_concurrent"],
        ),
        (StepDelegatingExecutor.execute, ["plan_context", "execution_plan"]),
        (StepDelegatingExecutor.log_failure_or_retry_event_after_error, ["step_context", "err_info", "known_state"]),
        (MultiprocessExecutor.log_failure_or_retry_event_after_error, ["step_context", "err_info", "known_state"]),
    ],
)
def test_the_executor_that_ours_extends_has_the_parameters_that_ours_uses(function, parameters):
    assert list(inspect.signature(function).parameters)[1 : len(parameters) + 1] == parameters


def test_the_executor_that_ours_extends_asks_ours_of_each_failure_with_the_error_of_a_crash():
    source = inspect.getsource(MultiprocessExecutor.execute)
    assert f"except {failures.CRASH} as crash" in source
    assert "self.log_failure_or_retry_event_after_error(" in source
    assert "crash.exit_code" in source


def test_retries_are_read_as_they_are_configured():
    for one in (RetryMode.ENABLED, RetryMode.DISABLED):
        assert RetryMode.from_config({one.value: {}}) == one


def test_the_tag_of_an_event_is_its_data_version():
    @asset
    def one() -> MaterializeResult:
        return MaterializeResult(data_version=DataVersion("made of this"))

    with DagsterInstance.ephemeral() as instance:
        (event,) = materialize([one], instance=instance).get_asset_materialization_events()
    assert event.materialization.tags[DATA_VERSION_TAG] == "made of this"
