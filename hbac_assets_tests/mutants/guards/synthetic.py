"""Guards of `hbac_assets/synthetic/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "the truth of a synthetic row is the mean over all experts, not over the panel that voted",
        "synthetic/votes.py",
        "expected[stretch] = opinion.mean(axis=0)",
        "expected[stretch] = opinion[voting].mean(axis=0)",
        "synthetic/test_votes.py::test_votes_hold_until_the_state_has_changed",
    ),
    Guard(
        "rows of a recording that was appended to another count from the start of the file",
        "synthetic/tables.py",
        "[recording.spectrogram_start + excerpt.spectrogram_offsets for excerpt in excerpts]",
        "[excerpt.spectrogram_offsets for excerpt in excerpts]",
        "synthetic/test_recordings.py::test_recordings_are_appended_without_a_gap_some_at_an_odd_second",
    ),
    Guard(
        "what follows a recording of odd length is in the spectrogram at its own time",
        "synthetic/generation.py",
        "eeg = np.concatenate([half_column, eeg])",
        "pass",
        "synthetic/test_generation.py::test_a_column_across_an_odd_join_holds_the_seconds_of_both_recordings",
    ),
    Guard(
        "a patient's voltage is that of the bipolar derivations, whatever the mixture of sources",
        "synthetic/background.py",
        "background.level / np.median(bipolar)",
        "background.level",
        "synthetic/test_background.py::test_the_level_is_that_of_the_median_derivation_and_power_falls_with_frequency",
    ),
    Guard(
        "each region waxes and wanes by itself",
        "synthetic/background.py",
        "own * slow[1:]",
        "own * slow[:1]",
        "synthetic/test_background.py::test_regions_wax_and_wane_apart",
    ),
    Guard(
        "nothing is lost in the seconds that readers label",
        "synthetic/artifacts.py",
        "] = False",
        "] = True",
        "synthetic/test_artifacts.py::test_lost_samples_are_runs_over_all_rows_outside_the_labelled_seconds",
    ),
    Guard(
        "discharges come early and late",
        "synthetic/patterns.py",
        "look.jitter * intervals",
        "0 * intervals",
        "synthetic/test_patterns.py::test_discharges_and_waves_are_as_irregular_as_the_recording_has_them",
    ),
]
