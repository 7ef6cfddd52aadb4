"""Guards of `hbac_assets/assets/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "an array is compared with the digest in its table",
        "assets/prediction.py",
        'return not has_digest(arrays.folder / f"{array[0]}.npy", array[1])',
        "return False",
        "assets/test_references.py::test_an_array_that_no_member_has_compared_is_compared_here",
    ),
    Guard(
        "arrays that only the references see are compared, too",
        "assets/references.py",
        "if not any(",
        "if False and any(",
        "assets/test_references.py::test_an_array_that_no_member_has_compared_is_compared_here",
    ),
    Guard(
        "labels that changed are recorded before they are used",
        "assets/competition.py",
        "if fingerprint_of_train(table) != lineage.dataset.fingerprint:",
        "if False:",
        "assets/test_competition.py::test_labels_that_changed_since_they_were_recorded_are_refused",
    ),
    Guard(
        "the time left counts the steps of later stages",
        "assets/cell.py",
        "sum(steps[record.epoch :]) * step",
        "(len(plans) - record.epoch) * steps[record.epoch - 1] * step",
        "assets/test_cell.py::test_the_time_left_counts_the_steps_of_later_stages",
    ),
    Guard(
        "a prediction is the mean over the variants",
        "assets/prediction.py",
        "return mean_over_variants(predict_cell_variants(lineage, cell, images, log))",
        "return predict_cell_variants(lineage, cell, images, log)[:, 0]",
        "chain/test_changed_settings.py::test_a_cells_prediction_is_the_mean_over_the_variants_of_each_row",
    ),
    Guard(
        "scores of different experiments or data are plotted apart",
        "assets/metadata.py",
        'of = f"{lineage.experiment.name} on {lineage.dataset.key}"',
        'of = "all"',
        "assets/test_metadata.py::test_plots_of_different_experiments_or_data_have_different_names",
    ),
    Guard(
        "files that still change start no run",
        "assets/sensors.py",
        'if state != known.get("seen"):',
        "if False:",
        "assets/test_sensors.py::test_new_and_changed_files_are_run_once_when_they_stay_as_they_are[train.csv]",
    ),
    Guard(
        "a step that fails by what a user can mend shows no stack trace",
        "assets/step.py",
        "sys.tracebacklimit = 0",
        "pass",
        "faults/test_crashes.py::test_a_fault_that_a_user_can_mend_has_no_stack_trace_in_dagsters_pages",
    ),
]
