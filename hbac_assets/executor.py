"""What runs the steps: a process for each, forked from one that has imported the heavy packages once."""

from collections.abc import Iterator

from dagster import DagsterEvent, InitExecutorContext, executor, multiple_process_executor_requirements
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.multiprocess import MultiprocessExecutor

from hbac_assets.interrupts import kill_steps, watched

# None of them touches a device when it is imported. The second is the one that Dagster would put first.
PRELOADED = [
    "hbac_assets.forkserver.first", "dagster._core.executor.multiprocess",
    "jax", "keras_cv", "mlflow", "mlflow.store.tracking.sqlalchemy_store", "hbac_assets.forkserver.last",
]  # fmt: skip


class StepProcesses(MultiprocessExecutor):
    """Dagster's multiprocess executor, whose steps end in time when the run is interrupted."""

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Yield the events of the run."""
        with watched() as watch:
            try:
                yield from super().execute(plan_context, execution_plan)
            finally:
                if watch.number:
                    kill_steps()  # all have ended; their server would take seconds to do so


@executor(name="multiprocess", requirements=multiple_process_executor_requirements())
def step_processes(context: InitExecutorContext) -> StepProcesses:
    """Execute each step in a process of its own, as many side by side as there are cores."""
    return StepProcesses(
        RetryMode.ENABLED, max_concurrent=None, start_method="forkserver", explicit_forkserver_preload=PRELOADED
    )
