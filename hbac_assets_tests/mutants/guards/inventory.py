"""Guards of `hbac_assets/inventory/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "manifests are freed before what they list",
        "inventory/freeing.py",
        'FIRST = (".manifest.json", "sample_submission.csv")',
        'FIRST = (".no_suffix",)',
        "inventory/test_freeing.py::"
        "test_whenever_it_is_killed_nothing_looks_whole_that_is_not_and_the_rest_is_freed_later",
    ),
    Guard(
        "no link in a store is followed",
        "inventory/scan.py",
        "if entry.is_symlink():",
        "if False:",
        "inventory/test_scan.py::test_links_are_named_and_not_followed",
    ),
    Guard(
        "what a run in MLflow logged is kept",
        "inventory/references.py",
        "if number := refs.runs[thing]:",
        "if number := 0:",
        "inventory/test_references.py::test_a_run_keeps_what_it_logged_and_the_tables_beside_it[gone-ensembles]",
    ),
    Guard(
        "an experiment whose file cannot be read keeps its results",
        "inventory/references.py",
        "if thing.experiment in refs.experiments.faults:",
        "if False:",
        "inventory/test_references.py::test_while_a_file_cannot_be_read_its_results_and_all_recipes_stay",
    ),
    Guard(
        "an experiment whose file cannot be read keeps the recipes that it may use",
        "inventory/references.py",
        "thing.kind == Kind.RECIPE and refs.experiments.faults:",
        "thing.kind == Kind.RECIPE and False:",
        "inventory/test_references.py::test_while_a_file_cannot_be_read_its_results_and_all_recipes_stay",
    ),
    Guard(
        "a tuned member that an experiment begins with is kept",
        "inventory/references.py",
        "any(file.is_relative_to(thing.place) for file in refs.experiments.member_files)",
        "False",
        "inventory/test_references.py::"
        "test_a_search_is_kept_for_its_experiment_for_runs_and_for_who_begins_with_what_it_found",
    ),
]
