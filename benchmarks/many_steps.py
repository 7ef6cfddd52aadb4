"""A Dagster job of steps that do nothing but hold a device's place: what a grid of many cells costs by itself."""

from dagster import Config, DynamicOut, DynamicOutput, In, Nothing, Out, job, op

from hbac_assets.execution.choice import chosen_executor
from hbac_assets.resources.cluster import LEASED


class Count(Config):
    """The number of steps."""

    steps: int


@op(out=DynamicOut(Nothing))
def plan(config: Count) -> list[DynamicOutput]:
    """Ask for the steps."""
    return [DynamicOutput(None, mapping_key=f"n{number}") for number in range(config.steps)]


@op(ins={"planned": In(Nothing)}, out=Out(Nothing), tags=LEASED)
def nothing() -> None:
    """Do nothing."""


@job(executor_def=chosen_executor())
def many_steps() -> None:
    """Run the steps."""
    plan().map(nothing)
