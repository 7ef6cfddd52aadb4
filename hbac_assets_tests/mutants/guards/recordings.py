"""Guards of `hbac_assets/recordings/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a discontinuous file is not read as a continuous one",
        "recordings/edf.py",
        'if kind == "+D" else None',
        "if False else None",
        "recordings/test_edf.py::test_gaps_of_a_discontinuous_file_are_where_the_time_stamps_say",
    ),
    Guard(
        "records of a file do not overlap",
        "recordings/edf.py",
        "if step < duration - SAME_TIME]",
        "if False]",
        "recordings/test_refusals.py::test_a_bad_file_is_refused_in_one_line[stamps.edf]",
    ),
    Guard(
        "channels that say the same twice agree",
        "recordings/survey.py",
        "if error > max(CONTRADICTION * deviation, ROUNDING_UV):",
        "if False:",
        "recordings/test_derivation.py::test_a_reversed_derivation_is_seen_by_the_others",
    ),
    Guard(
        "an EEG in a wrong unit is refused",
        "recordings/survey.py",
        "if not low <= amplitude <= high and not np.isnan(amplitude):",
        "if False:",
        "recordings/test_refusals.py::test_a_bad_file_is_refused_in_one_line[millivolts.edf]",
    ),
    Guard(
        "electrodes of a chain have one reference",
        "recordings/derivation.py",
        "if not any(part.issuperset(chain) for part in parts):",
        "if False:",
        "recordings/test_derivation.py::test_a_chain_that_is_not_joined_is_refused",
    ),
    Guard(
        "a slow recording is refused",
        "recordings/derivation.py",
        "if channel.rate < LOWEST_RATE:",
        "if False:",
        "recordings/test_refusals.py::test_a_bad_file_is_refused_in_one_line[slow.edf]",
    ),
    Guard(
        "a recording that was paused is not read as a continuous one",
        "recordings/mne_formats.py",
        'if any(one["onset"] > 0 and ',
        "if False and any(",
        "recordings/test_formats.py::test_a_pause_of_brainvision_is_refused",
    ),
    Guard(
        "nothing aliases",
        "recordings/resampling.py",
        "HALF_LENGTH * factor + 1, 1 / factor,",
        "HALF_LENGTH * factor + 1, min(0.99, 2 / factor),",
        "recordings/test_resampling.py::test_frequencies_above_the_new_nyquist_frequency_do_not_alias[500]",
    ),
    Guard(
        "the filter of a chunk has run in",
        "recordings/chunks.py",
        "LEAD_SECONDS = 30",
        "LEAD_SECONDS = 2",
        "recordings/test_chunks.py::test_chunks_are_parts_of_the_whole[100]",
    ),
    Guard(
        "offsets make no power beside gaps",
        "recordings/chunks.py",
        "multitaper_spectrogram(eeg - offsets.astype(np.float32))",
        "multitaper_spectrogram(eeg)",
        "recordings/test_chunks.py::test_gaps_spoil_the_columns_whose_windows_they_touch_and_no_others",
    ),
    Guard(
        "what is covered too little is not predicted",
        "recordings/windows.py",
        "if fractions[number] >= LEAST_COVERED}",
        "if fractions[number] >= 0}",
        "recordings/test_over_time.py::test_insufficient_coverage_gives_fewer_members_or_no_probabilities",
    ),
    Guard(
        "the class prior is not shown as a prediction",
        "recordings/over_time.py",
        "np.where((members[batch] > 0)[:, None], predicted.probabilities, np.nan)",
        "predicted.probabilities",
        "recordings/test_over_time.py::test_the_prior_is_no_probability",
    ),
    Guard(
        "negative is up",
        "recordings/montage_plot.py",
        "below - np.clip(signal",
        "below + np.clip(signal",
        "recordings/test_pictures.py::test_negative_is_up_and_the_bar_is_to_scale",
    ),
]
