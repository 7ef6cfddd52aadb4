"""What the training of a cell says while an epoch takes long."""

from types import SimpleNamespace

from hbac_assets.assets import cell
from hbac_assets.assets.cell import StepLines
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import StepsDone


def test_a_long_epoch_says_how_far_it_is_and_how_long_all_of_them_take(monkeypatch):
    said, now = [], iter([100.0, 104.0, 105.0, 134.0, 136.0])
    monkeypatch.setattr(cell, "time", SimpleNamespace(monotonic=lambda: next(now)))
    settings = MemberSettings(backbone="mobilenet_v3_small", batch_size=8, epochs=3)
    lines = StepLines("small fold 0", settings, SimpleNamespace(info=said.append))
    for done, seconds in ((1, 0.1), (40, 4.0), (50, 5.0), (340, 34.0), (360, 36.0)):
        lines(StepsDone(1, done, 1000, seconds))
    assert said[0].startswith("small fold 0: compiled in ")
    assert said[1:] == [
        "small fold 0: epoch 1/3, 50 of 1000 steps, 80 images/s, 295 s left",
        "small fold 0: epoch 1/3, 360 of 1000 steps, 80 images/s, 264 s left",
    ]
