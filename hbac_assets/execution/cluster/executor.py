"""Dagster's executor for a Ray cluster: each step is a Ray job on any node with room."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dagster import DagsterEvent, InitExecutorContext, executor, multiple_process_executor_requirements

# Private API: Dagster has no public way to retry a step that was lost with its node.
from dagster._core.execution.plan.objects import StepRetryData
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.step_delegating import StepDelegatingExecutor

from hbac_assets.errors import HbacError
from hbac_assets.execution.cluster.agreement import shown_to_nodes
from hbac_assets.execution.cluster.jobs import Jobs
from hbac_assets.execution.cluster.keeper import Keeper
from hbac_assets.execution.cluster.variables import visible_variables
from hbac_assets.execution.executor import CONFIGURED, run_in_progress
from hbac_assets.execution.failures import LOST
from hbac_assets.execution.runs import report_dead_runs
from hbac_assets.resources.cluster import RAY, open_client
from hbac_assets.resources.dagster_home import SERVER_URI
from hbac_assets.resources.environment import resources_from_environment

if TYPE_CHECKING:
    from dagster._core.execution.context.system import IStepContext, PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan
    from dagster._core.execution.plan.state import KnownExecutionState
    from dagster._utils.error import SerializableErrorInfo

HEALTH_SECONDS = 5


class RayJobs(StepDelegatingExecutor):
    """Dagster's executor for steps on other machines, which retries steps that were lost with their node."""

    def __init__(self, retries: RetryMode, max_concurrent: int | None, tag_concurrency_limits: list[dict[str, Any]]):
        address = os.environ[RAY]
        self._jobs = Jobs(open_client(address), address, visible_variables())
        self._limits = tag_concurrency_limits
        super().__init__(
            self._jobs,
            retries,
            check_step_health_interval_seconds=HEALTH_SECONDS,
            max_concurrent=max_concurrent,
            tag_concurrency_limits=self._limits,
            should_verify_step=False,  # Dagster would not retry a step lost before its first event
        )

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator[DagsterEvent]:
        """Yield the events of the run.

        Raises:
            HbacError: Ray's head is unavailable, no node has room, or an error that the user can fix occurred outside
                the steps.
        """
        instance, run_id = plan_context.instance, plan_context.run_id
        if "sqlite" in type(instance.event_log_storage).__module__:
            raise HbacError(
                f"DAGSTER_HOME: expected Dagster's records in a database that all nodes of {RAY} can write to, found "
                f"files; set {SERVER_URI} to postgresql+psycopg2://user@host/database"
            )
        resources = resources_from_environment()
        report_dead_runs(instance, run_id)
        with (
            run_in_progress(plan_context),
            shown_to_nodes(resources["store"], run_id),
            Keeper(instance, run_id, self._jobs, resources["accelerator"].room, plan_context.log) as keeper,
        ):
            self._limits.append(keeper.limit)
            yield from super().execute(plan_context, execution_plan)

    def log_failure_or_retry_event_after_error(
        self, step_context: "IStepContext", err_info: "SerializableErrorInfo", known_state: "KnownExecutionState"
    ) -> DagsterEvent:
        """Return the event of a step's failure or, if the step was lost, of its retry."""
        key = step_context.step.key
        loss = self._jobs.lost.pop(key, None)
        if loss is None:
            return super().log_failure_or_retry_event_after_error(step_context, err_info, known_state)
        err_info = err_info._replace(message=loss.reason, cls_name=LOST)
        if known_state.get_retry_state().get_attempt_count(key) < loss.most and not self.retries.disabled:
            return DagsterEvent.step_retry_event(step_context, StepRetryData(error=err_info))
        return super().log_failure_or_retry_event_after_error(step_context, err_info, known_state)


@executor(name="ray", config_schema=CONFIGURED, requirements=multiple_process_executor_requirements())
def ray_jobs(context: InitExecutorContext) -> RayJobs:
    """Execute each step as a Ray job, as many at once as the nodes have room for."""
    config: Mapping[str, Any] = context.executor_config
    return RayJobs(
        RetryMode.from_config(config["retries"]) or RetryMode.ENABLED,
        config["max_concurrent"],
        list(config.get("tag_concurrency_limits") or []),
    )
