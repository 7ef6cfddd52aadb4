"""Guards of `hbac_assets/signals/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "an electrode that never changes shows nothing",
        "signals/window.py",
        "np.where(lowest < highest, nothing.mean(axis=0), 1)",
        "np.where(lowest <= highest, nothing.mean(axis=0), 1)",
        "competition/test_arrays.py::test_of_windows_without_a_signal_or_beyond_the_end_it_is_said",
    ),
    Guard(
        "of the labelled seconds the middle of the window is taken",
        "signals/window.py",
        "start = (len(eeg) - samples) // 2",
        "start = 0",
        "competition/test_arrays.py::test_of_the_labelled_seconds_each_spectrogram_is_that_of_the_middle",
    ),
    Guard(
        "a derivation is front minus back",
        "signals/montage.py",
        "eeg[:, front].T - eeg[:, back].T",
        "eeg[:, back].T - eeg[:, front].T",
        "signals/test_waveform.py::test_each_derivation_is_its_front_electrode_minus_its_back_one[40-12.8]",
    ),
    Guard(
        "derivations of the right stand in the order of those of the left",
        "signals/montage.py",
        '("LL", "LP", "RL", "RP")',
        '("LL", "LP", "RP", "RL")',
        "signals/test_montage.py::test_derivations_of_the_right_mirror_those_of_the_left",
    ),
    Guard(
        "waveforms are of the middle of the window",
        "signals/waveform.py",
        "(resampled.shape[1] - samples) // 2",
        "0",
        "signals/test_waveform.py::test_each_derivation_is_its_front_electrode_minus_its_back_one[40-12.8]",
    ),
    Guard(
        "waveforms are filtered forward and backward",
        "signals/waveform.py",
        "import butter, resample_poly, sosfiltfilt\n",
        "import butter, resample_poly, sosfilt as sosfiltfilt\n",
        "signals/test_waveform.py::test_no_wave_is_delayed",
    ),
    Guard(
        "what a lower rate cannot show is taken out before",
        "signals/waveform.py",
        "resample_poly(filtered, recipe.rate, EEG_RATE, axis=1)",
        "filtered[:, :: EEG_RATE // recipe.rate]",
        "signals/test_waveform.py::test_frequencies_above_half_the_rate_do_not_alias[30]",
    ),
    Guard(
        "waveforms are bounded",
        "signals/waveform.py",
        "np.clip(middle, -recipe.clip, recipe.clip)",
        "middle",
        "signals/test_waveform.py::test_amplitudes_beyond_the_clip_are_set_to_it",
    ),
]
