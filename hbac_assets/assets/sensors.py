"""What starts runs by itself, when it is switched on: nothing is by default."""

import json

from dagster import DefaultSensorStatus, ResourceParam, RunRequest, SensorEvaluationContext, SkipReason, sensor

from hbac_assets.errors import HbacError
from hbac_assets.resources.competition import CompetitionData

EVERY_SECONDS = 60


@sensor(job_name="whole_chain", minimum_interval_seconds=EVERY_SECONDS, default_status=DefaultSensorStatus.STOPPED)
def changed_input_data(
    context: SensorEvaluationContext, competition: ResourceParam[CompetitionData]
) -> RunRequest | SkipReason:
    """Run the whole chain when the competition's files are new or have changed. Off until it is switched on.

    It looks at the names, sizes and times of the tables and recordings in the folder that `HBAC_DATA_DIR` names, and
    waits until they stay the same from one look to the next, so that a download or copy is not used half. What is up
    to date is not made again.
    """
    if competition.is_synthetic:
        return SkipReason("the data are synthetic and never change; HBAC_DATA_DIR names a folder to watch")
    try:
        competition.require_files()
    except HbacError as error:
        return SkipReason(str(error))
    state, known = competition.files_state(), json.loads(context.cursor or "{}")
    context.update_cursor(json.dumps({"seen": state, "run": known.get("run")}))
    if state == known.get("run"):
        return SkipReason("nothing has changed since the last run that this sensor asked for")
    if state != known.get("seen"):
        return SkipReason("the files are new or have changed; a run follows when they stay as they are")
    context.update_cursor(json.dumps({"seen": state, "run": state}))
    return RunRequest(run_key=state)
