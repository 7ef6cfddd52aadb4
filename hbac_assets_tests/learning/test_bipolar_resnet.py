"""The waveform network is invariant to exchanging the sides, but not to exchanging electrodes within a side."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.bipolar_resnet import bipolar_resnet
from hbac_assets.learning.network import Network
from hbac_assets.learning.settings import MemberSettings, Preprocessing
from hbac_assets.signals.montage import EEG_WINDOW, ELECTRODES
from hbac_assets.signals.waveform import waveform
from hbac_assets.signals.waveform_recipe import WaveformRecipe

SETTINGS = MemberSettings(backbone="bipolar_resnet", preprocessing=Preprocessing(input="waveform"))
RECIPE = WaveformRecipe()


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_classifier(SETTINGS)


@pytest.fixture(scope="module")
def eeg() -> np.ndarray:
    """Noise of another amplitude on each electrode."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(EEG_WINDOW, len(ELECTRODES))) * rng.uniform(20, 100, len(ELECTRODES))).astype(np.float32)


def renamed(eeg: np.ndarray, names: dict[str, str]) -> np.ndarray:
    """Return an EEG in which the electrode of each key has the samples of its value."""
    return eeg[:, [ELECTRODES.index(names.get(name, name)) for name in ELECTRODES]]


MIRRORED = {
    name: name[:-1] + str(int(name[-1]) + (1 if int(name[-1]) % 2 else -1)) for name in ELECTRODES if name[-1] != "z"
}


def probabilities(model: keras.Model, *eegs: np.ndarray, training: bool = False) -> np.ndarray:
    network = Network(model)
    waveforms = jnp.stack([waveform(one, RECIPE) for one in eegs])
    weights = jnp.asarray(network.weights())
    return np.asarray(network(weights, network.non_trainable(), waveforms, training=training)[0])


@pytest.mark.parametrize("training", [False, True])
def test_left_and_right_can_be_exchanged(model: keras.Model, eeg: np.ndarray, training: bool) -> None:
    assert MIRRORED["Fp1"] == "Fp2"
    assert MIRRORED["T6"] == "T5"
    other = eeg[::-1]  # normalisations are of a batch
    plain, mirrored = (probabilities(model, one, other, training=training) for one in (eeg, renamed(eeg, MIRRORED)))
    np.testing.assert_allclose(plain, mirrored, atol=1e-6)


@pytest.mark.parametrize(
    "names",
    [{"F7": "T3", "T3": "F7"}, {"F3": "F7", "F7": "F3"}, {"T3": "T4", "T4": "T3"}, {"Fz": "Pz", "Pz": "Fz"}],
    ids=["in a chain", "between the chains of a side", "one pair of both sides", "in the midline"],
)
def test_electrodes_cannot_be_exchanged_otherwise(model: keras.Model, eeg: np.ndarray, names: dict[str, str]) -> None:
    plain, exchanged = probabilities(model, eeg, renamed(eeg, names))
    assert abs(plain - exchanged).max() > 1e-3


def test_a_montage_of_other_derivations_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 18 derivations, found 16"):
        bipolar_resnet(widths=[8], depths=[1], taps=3, input_shape=(16, 64), name="small")
