"""The sensors, which start runs automatically; all are off by default."""

import json

from dagster import DefaultSensorStatus, ResourceParam, RunRequest, SensorEvaluationContext, SkipReason, sensor

from hbac_assets.errors import HbacError
from hbac_assets.resources.competition import CompetitionData

EVERY_SECONDS = 60


@sensor(job_name="whole_chain", minimum_interval_seconds=EVERY_SECONDS, default_status=DefaultSensorStatus.STOPPED)
def changed_input_data(
    context: SensorEvaluationContext, competition: ResourceParam[CompetitionData]
) -> RunRequest | SkipReason:
    """Run the whole chain when the competition's files are new or have changed. Off by default.

    It watches the names, sizes and modification times of the tables and recordings in the folder that `HBAC_DATA_DIR`
    names, and waits until they are stable between two evaluations, so that no partial download is used. Assets that are
    up to date are kept.
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
        return SkipReason("nothing has changed since the last run that this sensor requested")
    if state != known.get("seen"):
        return SkipReason("the files are new or have changed; a run follows once they are stable")
    context.update_cursor(json.dumps({"seen": state, "run": state}))
    return RunRequest(run_key=state)
