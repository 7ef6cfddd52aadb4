"""Any member shrunk to a few steps, for trying an experiment through the same code in minutes."""

from hbac_assets.learning.settings import MemberSettings

IMAGE_SIZE = (64, 48)
BATCH_SIZE = 8
EPOCHS = 2


def miniature(settings: MemberSettings) -> MemberSettings:
    """Return `settings` with small images, batches and few epochs, and without pretrained weights.

    Backbone, head, targets, augmentation and the form of the schedule stay, and with them the parameter counts.
    """
    smaller = settings.preprocessing.model_copy(update={"image_size": IMAGE_SIZE})
    shorter = settings.schedule.model_copy(update={"warmup_epochs": min(settings.schedule.warmup_epochs, 1)})
    return settings.model_copy(
        update={
            "preprocessing": smaller,
            "schedule": shorter,
            "batch_size": BATCH_SIZE,
            "epochs": EPOCHS,
            "pretrained": "none",
        }
    )
