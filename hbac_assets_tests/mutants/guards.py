"""Guards of this project, and for each the test that fails when it is taken away.

`guard` stands exactly once in `file`; `instead` is what a careless change would leave in its place.
"""

from typing import NamedTuple


class Guard(NamedTuple):
    """A few words of source text without which something goes wrong unseen."""

    what: str
    file: str
    guard: str
    instead: str
    test: str


GUARDS = [
    Guard(
        "a file is written beside its place and renamed",
        "files.py",
        "            yield temporary\n",
        "            yield path\n",
        "test_files.py::test_a_failed_writer_leaves_the_old_file_and_nothing_else",
    ),
    Guard(
        "a temporary file that is being written is locked",
        "files.py",
        "if try_flock(file.fileno(), temporary):",
        "if True:",
        "test_files.py::test_what_a_killed_writer_left_is_removed_and_what_is_being_written_is_not",
    ),
    Guard(
        "a file is compared with the digest in its manifest",
        "artifacts.py",
        'if file_digest(file) != recorded["sha256"]:',
        "if False:",
        "test_artifacts.py::test_a_changed_file_is_named_and_refused[12346]",
    ),
    Guard(
        "an artifact of other inputs is out of date",
        "artifacts.py",
        'return self._manifest().get("inputs") == self.inputs',
        'return "inputs" in self._manifest()',
        "test_artifacts.py::test_other_upstream_content_makes_it_out_of_date",
    ),
    Guard(
        "an array is compared with the digest in its table",
        "assets/prediction.py",
        'return not has_digest(folder / f"{array[0]}.npy", array[1])',
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
        "a checkpoint of another training is not resumed",
        "learning/checkpoint.py",
        'if str(archive["identity"]) != identity:',
        "if False:",
        "learning/test_training.py::test_a_checkpoint_that_is_not_its_own_is_not_resumed[settings]",
    ),
    Guard(
        "a loss that is not finite ends the training",
        "learning/training.py",
        "if not math.isfinite(loss + val_loss):",
        "if False:",
        "learning/test_training.py::test_a_diverged_training_says_so",
    ),
    Guard(
        "no pickled object is read from a checkpoint",
        "learning/checkpoint.py",
        "allow_pickle=False",
        "allow_pickle=True",
        "learning/test_checkpoint.py::test_code_in_a_checkpoint_is_not_run",
    ),
    Guard(
        "no code is run from a model's file",
        "learning/prediction.py",
        "safe_mode=True",
        "safe_mode=False",
        "learning/test_prediction.py::test_code_in_a_model_file_is_not_run",
    ),
    Guard(
        "no code is run from the file of a stacking network",
        "scoring/blend_files.py",
        "safe_mode=True",
        "safe_mode=False",
        "scoring/test_blend_files.py::test_code_in_a_network_is_not_run",
    ),
    Guard(
        "a window begins within its recording",
        "learning/windows.py",
        "if not 0 <= start < spectrogram.shape[1]:",
        "if False:",
        "learning/test_windows.py::test_a_window_outside_the_recording_is_refused[5000]",
    ),
    Guard(
        "a lock is held by one process at a time",
        "files.py",
        "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        "test_locks.py::test_another_free_lock_is_taken_without_waiting",
    ),
    Guard(
        "one run at a time makes a thing of the store",
        "resources/store.py",
        "        with hold_any(\n",
        "        with hold_any([]) if what else hold_any(\n",
        "resources/test_store.py::test_who_comes_second_waits_for_the_first",
    ),
    Guard(
        "a step ends with its run",
        "processes.py",
        "os._exit(1)",
        "pass",
        "test_processes.py::test_a_spawned_process_ends_when_its_parent_is_killed",
    ),
    Guard(
        "a run of a living process is not reported as failed",
        "resources/runs.py",
        " and is_gone(run.tags[PROCESS_TAG])",
        "",
        "resources/test_runs.py::test_dead_runs_are_reported_and_living_ones_are_not",
    ),
    Guard(
        "MLflow's run of a living process is not marked as failed",
        "resources/tracking.py",
        " and is_gone(run.data.tags[PROCESS_TAG])",
        "",
        "resources/test_tracking.py::test_runs_of_killed_processes_are_marked_as_failed",
    ),
    Guard(
        "a server of MLflow keeps the artifacts, no client's disk",
        "resources/tracking.py",
        "Path(self.artifact_folder) if is_database(self.uri) else None",
        "Path(self.artifact_folder)",
        "resources/test_tracking_server.py::test_the_server_keeps_the_artifacts_of_all_clients",
    ),
    Guard(
        "no artifact is written to a path that is another machine's",
        "resources/tracking_experiment.py",
        "if parent == folder or (parent.is_dir()",
        "if True or (parent.is_dir()",
        "resources/test_tracking_server.py::test_artifacts_of_another_machine_are_told_and_cost_nothing_else",
    ),
    Guard(
        "a database of an older MLflow is not migrated unasked",
        "resources/tracking_database.py",
        "if found in (None, migrations.get_current_head()):",
        "if True:",
        "resources/test_tracking_database.py::test_an_older_database_is_told_with_the_command_that_upgrades_it",
    ),
    Guard(
        "artifacts that still lie where MLflow has them are not looked for elsewhere",
        "resources/tracking_database.py",
        "if here.is_dir() and not there.exists():",
        "if here.is_dir():",
        "resources/test_tracking_database.py::test_artifacts_elsewhere_stay_there",
    ),
    Guard(
        "MLflow's runs of the present settings are not superseded",
        "resources/tracking.py",
        "if current and tagged:",
        "if False:",
        "resources/test_tracking.py::test_what_is_superseded_follows_what_is_current_on_the_same_data",
    ),
    Guard(
        "Dagster's databases are made by one process at a time",
        "resources/dagster_home.py",
        "there = Path(home).is_absolute() and Path(home).is_dir()",
        "there = False",
        "resources/test_dagster_home.py::test_processes_that_open_a_new_home_at_once_leave_it_in_order",
    ),
    Guard(
        "an MLflow that cannot be had is asked no more",
        "resources/patience.py",
        "if self.exhausted:",
        "if False:",
        "resources/test_tracking.py::test_a_tracking_store_that_cannot_be_had_is_told_once_and_stops_nothing",
    ),
    Guard(
        "no log line shows the password of a URI",
        "resources/tracking.py",
        "masked(self.uri)",
        "self.uri",
        "resources/test_tracking.py::test_a_tracking_store_that_cannot_be_had_is_told_once_and_stops_nothing",
    ),
    Guard(
        "a patient's rows lie in one fold",
        "competition/folds.py",
        'splitter.split(train, consensus, train["patient_id"])',
        'splitter.split(train, consensus, train["label_id"])',
        "competition/test_folds.py::test_folds_partition_the_rows_and_never_split_a_patient",
    ),
    Guard(
        "a recording belongs to one patient",
        "competition/tables.py",
        "if unlike.any():",
        "if False:",
        "competition/test_tables.py::test_bad_train_is_named_in_one_line[EEG of two patients]",
    ),
    Guard(
        "no row stands twice",
        "competition/tables.py",
        "if repeated.any():",
        "if False:",
        "competition/test_tables.py::test_bad_train_is_named_in_one_line[label_id twice]",
    ),
    Guard(
        "no vote is negative",
        "competition/tables.py",
        'Kind(r"^[0-9]{1,9}$"',
        'Kind(r"^-?[0-9]{1,9}$"',
        "competition/test_tables.py::test_bad_train_is_named_in_one_line[vote negative]",
    ),
    Guard(
        "power is in µV²/Hz",
        "competition/parquet_file.py",
        "if not least <= peak <= most:",
        "if False:",
        "competition/test_spectrogram_file.py::test_bad_table_is_named_in_one_line[volts squared]",
    ),
    Guard(
        "a key of an experiment's file stands once",
        "experiments/yaml_file.py",
        "if key.value in seen:",
        "if False:",
        "faults/test_bad_settings.py::test_a_file_is_refused_in_one_line[a key twice]",
    ),
    Guard(
        "two experiment files of one name do not overwrite each other's models",
        "resources/experiment.py",
        "if recorded and _is_there(recorded):",
        "if False:",
        "resources/test_experiment.py::test_another_file_of_that_name_is_refused_while_the_first_is_there",
    ),
    Guard(
        "a file named as an experiment of the project does not overwrite its models",
        "experiments/loading.py",
        "if own_file(name) and",
        "if False and",
        "experiments/test_loading.py::test_a_file_is_not_named_as_an_experiment_of_the_project[quickstart]",
    ),
    Guard(
        "an experiment's file has no aliases",
        "experiments/yaml_file.py",
        "if self.check_event(yaml.AliasEvent):",
        "if False:",
        "faults/test_bad_settings.py::test_a_file_is_refused_in_one_line[a value that holds itself]",
    ),
]
