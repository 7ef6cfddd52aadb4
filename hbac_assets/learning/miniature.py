"""Any member reduced to a few steps, to try an experiment with the same code in minutes."""

from hbac_assets.learning.settings import MemberSettings, Schedule, Stage

HEIGHT, WIDTH = 64, 48
BATCH_SIZE = 8
EPOCHS = 2
VOTES = 2


def miniature(settings: MemberSettings) -> MemberSettings:
    """Return `settings` with small images, batches and few epochs, and without pretrained weights.

    Backbone, head, targets, augmentation, stages and the form of schedules stay, and with them the parameter counts.
    """
    kind = settings.preprocessing.kind
    height = HEIGHT - HEIGHT % (kind.panels * len(kind.channels))  # each channel keeps separate lines
    smaller = settings.preprocessing.model_copy(update={"image_size": (height, WIDTH)})
    stages = tuple(_short(stage) for stage in settings.stages)
    return settings.model_copy(
        update={
            "preprocessing": smaller,
            "schedule": _early(settings.schedule),
            "batch_size": BATCH_SIZE,
            "epochs": EPOCHS,
            "stages": stages,
            "pretrained": "none",
        }
    )


def _early(schedule: Schedule) -> Schedule:
    return schedule.model_copy(update={"warmup_epochs": min(schedule.warmup_epochs, 1)})


def _short(stage: Stage) -> Stage:
    schedule = stage.schedule and _early(stage.schedule)
    # Among so few rows, none may have many votes.
    return stage.model_copy(update={"epochs": None, "schedule": schedule, "min_votes": min(stage.min_votes, VOTES)})
