"""A small ensemble that was trained on synthetic spectrograms: softmax regression on few pixels."""

import numpy as np
import pytest

from hbac_assets.inference.predictor import Member, Predictor
from hbac_assets.labels import CLASSES
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.scoring.blends import CalibratedBlend, StoredBlend
from hbac_assets.scoring.convex import ConvexBlend
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.window import Window
from hbac_assets_tests.recordings.files import synthetic_eeg

RECIPES = {
    "kaggle": Preprocessing(window=200, image_size=(16, 12)),
    "eeg": Preprocessing(input="eeg", image_size=(16, 12)),
}


@pytest.fixture(scope="session")
def ensemble():
    """A predictor of two members: one sees Kaggle's spectrogram, one the EEG."""
    windows, classes = [], []
    for number, name in enumerate(CLASSES):
        eeg = synthetic_eeg(name, 700)
        power = multitaper_spectrogram(eeg)
        for second in range(0, 100, 20):
            middle = (second + 300) * 200
            windows.append(Window(eeg[middle - 5000 : middle + 5000], power[:, second // 2 : second // 2 + 300]))
            classes.append(number)
    members = tuple(Member(name, recipe, [fitted(recipe, windows, classes)]) for name, recipe in RECIPES.items())
    blend = StoredBlend(list(RECIPES), CalibratedBlend(ConvexBlend(np.full(2, 0.5))))
    return Predictor(members, blend, np.full(6, 1 / 6))


def fitted(recipe, windows, classes):
    from sklearn.linear_model import LogisticRegression

    def pixels(images):
        return images.reshape(len(images), -1).astype(np.float64)

    images = np.stack([recipe.kind.of_window(window, recipe) for window in windows])
    model = LogisticRegression(C=0.3).fit(pixels(images), classes)
    return lambda images: model.predict_proba(pixels(images)).astype(np.float32)


@pytest.fixture(scope="session")
def kaggle_ensemble(ensemble):
    """The same without the member that sees the EEG."""
    blend = StoredBlend(["kaggle"], CalibratedBlend(ConvexBlend(np.ones(1))))
    return Predictor(ensemble.members[:1], blend, ensemble.prior)
