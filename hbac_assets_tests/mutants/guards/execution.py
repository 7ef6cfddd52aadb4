"""Guards of `hbac_assets/execution/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a step ends with its run",
        "execution/processes.py",
        "os._exit(1)",
        "pass",
        "execution/test_processes.py::test_a_spawned_process_ends_when_its_parent_is_killed",
    ),
    Guard(
        "a run of a living process is not reported as failed",
        "execution/runs.py",
        " and is_gone(_signature(run))",
        "",
        "execution/test_runs.py::test_dead_runs_are_reported_and_living_ones_are_not",
    ),
    Guard(
        "a run is not judged by the process of the one that it executes again",
        "execution/runs.py",
        "return process if run_id == run.run_id else UNKNOWN",
        "return process or UNKNOWN",
        "execution/test_runs.py::test_dead_runs_are_reported_and_living_ones_are_not",
    ),
    Guard(
        "a step that is no child of the run does not sign it",
        "execution/runs.py",
        "        if pid in candidates:\n",
        "        if pid := candidates[0]:\n",
        "execution/test_runs.py::test_a_step_that_is_no_child_of_the_run_does_not_sign_it",
    ),
    Guard(
        "a process of another container is not judged by its id",
        "execution/processes.py",
        "    if place != (here := _here()):\n        return",
        "    if place[:1] != (here := _here())[:1]:\n        return",
        "execution/test_processes.py::test_a_process_in_a_container_of_the_same_host_name_is_not_taken_for_gone",
    ),
    Guard(
        "a store is not freed between two steps of a run",
        "execution/executor.py",
        "if configured is None:",
        "if True:",
        "execution/test_executor.py::test_nobody_frees_anything_while_a_run_lasts_not_even_between_its_steps",
    ),
    Guard(
        "a run of a command has the code location of its job",
        "execution/origin.py",
        "    instance.run_storage.replace_job_origin(tagged, origin)\n",
        "",
        "execution/test_origin.py::test_a_run_without_a_code_location_gets_that_of_its_job",
    ),
    Guard(
        "a node with other code does no step of a run",
        "execution/cluster/agreement.py",
        'if of_run["code"] != code_digest():',
        "if False:",
        "execution/test_agreement.py::test_other_code_is_refused",
    ),
    Guard(
        "a node with other versions does no step of a run",
        "execution/cluster/agreement.py",
        'if different := _different(of_run["versions"], versions()):',
        'if different := "":',
        "execution/test_agreement.py::test_other_versions_are_refused_by_name_and_tools_of_one_machine_alone_are_not",
    ),
    Guard(
        "a store whose locks do not hold between machines is not used",
        "execution/cluster/agreement.py",
        "if not lock_is_seen(store.locks_folder, run_id):",
        "if False:",
        "execution/test_agreement.py::test_locks_that_do_not_hold_here_are_refused",
    ),
    Guard(
        "no secret is passed on to where everybody can read it",
        "execution/cluster/variables.py",
        " and value == masked(value)",
        "",
        "execution/test_visible_variables.py::test_settings_are_passed_on_and_secrets_are_not",
    ),
]
