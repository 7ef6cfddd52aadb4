"""Guards of `hbac_assets/commands/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "an unset variable of the shell does not turn the user's data into synthetic ones",
        "commands/variables.py",
        "    if not text:",
        "    if False:",
        "commands/test_main.py::test_wrong_usage_is_told_before_anything_is_made[empty value]",
    ),
    Guard(
        "a page of somebody else's server is not taken for ours",
        "commands/servers.py",
        "            probe.bind((HOST, int(value)))\n",
        "            pass\n",
        "commands/test_servers.py::test_a_port_that_somebody_listens_on_is_taken[this address]",
    ),
    Guard(
        "what another machine took is no measure for this one",
        "commands/opening.py",
        "if _is_of_this_machine(",
        "if facts and bool(",
        "commands/test_opening.py::test_durations_of_other_machines_do_not_count[cores]",
    ),
    Guard(
        "results are replaced only if asked",
        "commands/predict.py",
        "if not options.overwrite:",
        "if False:",
        "recordings/test_command.py::test_existing_results_are_replaced_only_on_request[a.predictions.csv]",
    ),
    Guard(
        "nothing is freed for data that the store does not know",
        "commands/store.py",
        "        if require_data:\n            raise HbacError(",
        "        if False:\n            raise HbacError(",
        "commands/test_store.py::test_data_that_the_store_does_not_know_would_keep_nothing_and_are_refused[prune]",
    ),
    Guard(
        "a dry run frees nothing",
        "commands/store.py",
        "        if delete:\n            free(",
        "        if True:\n            free(",
        "commands/test_store.py::test_a_dry_run_changes_nothing_and_what_it_shows_is_freed",
    ),
]
