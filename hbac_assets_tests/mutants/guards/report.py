"""Guards of `hbac_assets/report/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "texts of a page are escaped",
        "report/page.py",
        "Environment(autoescape=True,",
        "Environment(autoescape=False,",
        "report/test_page.py::test_no_text_becomes_markup",
    ),
    Guard(
        "rows to which two experiments give different votes are not compared",
        "report/comparison.py",
        "    common = common[_voted_alike(predicted, common)]\n",
        "",
        "report/test_comparison.py::test_two_experiments_on_the_rows_that_both_have_predicted",
    ),
    Guard(
        "votes are the same only if those for each class are",
        "report/comparison.py",
        "    return np.asarray((np.ptp(shares, axis=0) < SAME).all(axis=1))\n",
        "    return np.asarray((np.ptp(shares, axis=0) < SAME).any(axis=1))\n",
        "report/test_comparison.py::test_two_experiments_on_the_rows_that_both_have_predicted",
    ),
    Guard(
        "the EEG that is drawn is that of the labelled seconds",
        "report/cases.py",
        "np.pad(window, ((0, EEG_WINDOW - len(window)), (0, 0)), constant_values=np.nan)",
        "np.pad(window, ((EEG_WINDOW - len(window), 0), (0, 0)), constant_values=np.nan)",
        "report/test_cases.py::test_the_labelled_seconds_are_cut_with_margins_and_padded_where_the_recording_ends[40-14]",
    ),
    Guard(
        "a row of a tie of which one half is predicted is no miss",
        "report/cases.py",
        "< shares.max(axis=1) - 1e-9",
        "!= 1",
        "report/test_cases.py::test_misses_are_the_costliest_wrong_rows_one_per_patient",
    ),
    Guard(
        "an EEG that cannot be read leaves the spectrogram alone",
        "report/cases.py",
        "    except RecordingError:\n",
        "    except ZeroDivisionError:\n",
        "report/test_experiment.py::test_one_member_alone_real_data_and_eegs_that_cannot_be_drawn",
    ),
    Guard(
        "synthetic results are called synthetic",
        "report/experiment.py",
        "SYNTHETIC if lineage.dataset.is_synthetic else",
        "",
        "report/test_experiment.py::test_the_page_states_that_its_data_are_synthetic_and_its_limits",
    ),
]
