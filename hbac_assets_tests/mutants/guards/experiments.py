"""Guards of `hbac_assets/experiments/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a key of an experiment's file stands once",
        "experiments/yaml_file.py",
        "if key.value in seen:",
        "if False:",
        "faults/test_bad_settings.py::test_a_file_is_refused_in_one_line[a key twice]",
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
