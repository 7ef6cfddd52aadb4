"""The opening lines of a run: experiment, data, device, estimated time, results folder."""

from hbac_assets.assets.cell import visible_cores
from hbac_assets.commands.terminal import duration
from hbac_assets.errors import HbacError
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.gpus import find_gpus
from hbac_assets.resources.views import Workspace


def opening(workspace: Workspace, accelerator: Accelerator) -> list[str]:
    """Return the lines that a run begins with.

    Raises:
        HbacError: the experiment's file is invalid, or the device cannot be used.
    """
    experiment = workspace.experiment.load()
    cells = len(experiment.members) * experiment.folds
    return [
        f"experiment  {experiment.name}: {len(experiment.members)} members × {experiment.folds} folds, {cells} models",
        f"data        {_data(workspace.competition)}",
        f"device      {_device(accelerator)}",
        f"time        {_time(workspace, accelerator, cells)}",
        f"results     {workspace.store.root}",
    ]


def _data(competition: CompetitionData) -> str:
    if competition.is_synthetic:
        return f"synthetic, {competition.synthetic_recordings} recordings; HBAC_DATA_DIR names a download of your own"
    return competition.folder


def _device(accelerator: Accelerator) -> str:
    if accelerator.ray:
        return f"Ray at {accelerator.ray}, {accelerator.room()}"
    side_by_side = accelerator.cells_side_by_side()
    models = "one model at a time" if side_by_side == 1 else f"{side_by_side} models at a time"
    if accelerator.chosen_device() == "cpu":
        return f"CPU, {visible_cores()} cores; {models}"
    names = [f"{gpu.label} {gpu.name}" for gpu in find_gpus().usable]
    return f"GPU {', '.join(names)}; {models}"


def _time(workspace: Workspace, accelerator: Accelerator, cells: int) -> str:
    """Return the estimated training time, from models that this experiment has trained on such a machine."""
    try:
        lineage = workspace.lineage()
        missing = [cell for cell in lineage.cells if not _is_made(lineage, cell)]
    except HbacError:  # the data are not prepared yet
        lineage, missing = None, []
    if lineage and not missing:
        return f"all {cells} models are trained already, and only checked"
    if lineage is None or (seconds := _seconds(lineage, missing, accelerator)) is None:
        return "not known until the first models train"
    return f"about {duration(seconds)} of training: {len(missing)} of {cells} models, by those trained here before"


def _seconds(lineage: Lineage, missing: list[Cell], accelerator: Accelerator) -> float | None:
    """Return the training time in s; None if a member was never trained here.

    The longest training of a member counts: a resumed one has recorded only its last part.
    """
    took: dict[str, float] = {}
    for cell in lineage.cells:
        facts = lineage.cell(cell).facts()
        if _is_of_this_machine(facts.get("environment", {})):
            took[cell.member] = max(took.get(cell.member, 0.0), facts["seconds"])
    if any(cell.member not in took for cell in missing):
        return None
    return sum(took[cell.member] for cell in missing) / min(accelerator.cells_side_by_side(), len(missing))


def _is_made(lineage: Lineage, cell: Cell) -> bool:
    """Return whether a cell is trained from the present inputs; its files are compared when they are needed."""
    try:
        lineage.cell(cell).digest()
    except HbacError:
        return False
    return True


def _is_of_this_machine(environment: dict[str, object]) -> bool:
    devices = {gpu.name for gpu in find_gpus().usable} or {"cpu"}
    return environment.get("device") in devices and environment.get("cores") == visible_cores()
