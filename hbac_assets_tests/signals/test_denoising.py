import sys

import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.signals.denoising import wavelet_denoised

SINE, STEPS, NOTHING = range(3)
TIME = np.arange(10_000) / 200
SIGNALS = np.stack([100 * np.sin(2 * np.pi * 1.5 * TIME), 80 * np.sign(np.sin(2 * np.pi * 0.4 * TIME)), 0 * TIME])


@pytest.mark.parametrize(("wavelet", "alike"), [("db8", SINE), ("sym8", SINE), ("haar", STEPS)])
def test_white_noise_is_removed_from_a_signal_like_the_wavelet(wavelet: str, alike: int) -> None:
    noise = np.random.default_rng(0).normal(0, [[10], [20], [5]], SIGNALS.shape)
    denoised = wavelet_denoised((SIGNALS + noise).astype(np.float32), wavelet)
    assert denoised.dtype == np.float32
    left = (denoised - SIGNALS).std(axis=1) / noise.std(axis=1)
    assert left[alike] < 0.35
    assert left[NOTHING] < 0.06


def test_signals_stay_where_there_is_no_noise() -> None:
    np.testing.assert_allclose(wavelet_denoised(SIGNALS, "db8"), SIGNALS, atol=1)


def test_each_signal_has_its_own_threshold() -> None:
    noise = np.random.default_rng(1).normal(0, [[10], [200], [1]], SIGNALS.shape)
    together = wavelet_denoised(SIGNALS + noise, "db8")
    alone = wavelet_denoised((SIGNALS + noise)[:1], "db8")
    np.testing.assert_allclose(together[:1], alone, atol=1e-9)


def test_an_odd_number_of_samples_stays_so() -> None:
    assert wavelet_denoised(np.ones((2, 777), np.float32), "db8").shape == (2, 777)


def test_without_pywavelets_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywt", None)
    with pytest.raises(HbacError, match="PyWavelets: expected the package that denoises, found none; install it"):
        wavelet_denoised(SIGNALS, "db8")
