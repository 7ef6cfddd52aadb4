"""Guards of the modules directly under `hbac_assets/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a user's file of Keras' settings changes no number",
        "__init__.py",
        'os.environ["KERAS_HOME"] = ',
        "_ = ",
        "test_keras_settings.py::test_keras_own_file_and_its_variables_change_nothing",
    ),
    Guard(
        "another test set is another submission",
        "lineage.py",
        "self.folds, self.test_rows, *(one.table for one in self.test_inputs))",
        "self.folds)",
        "experiments/test_changes.py::test_another_test_set_makes_the_submission_again_and_no_model",
    ),
    Guard(
        "a page is made again when a text that it quotes has changed",
        "lineage.py",
        "[experiment.submitted, experiment.description, experiment.comparability, published]",
        "[experiment.submitted]",
        "experiments/test_changes.py::test_texts_make_nothing_again_but_the_report_that_shows_them",
    ),
    Guard(
        "the page of an ensemble that another was put in the place of is made again",
        "lineage.py",
        "        settings = [experiment.submitted, experiment.description",
        "        settings = [experiment.description",
        "experiments/test_changes.py::test_another_submitted_ensemble_is_another_submission",
    ),
    Guard(
        "a dollar sign in a name begins no formula",
        "figures.py",
        'text.replace("$", r"\\$")',
        "text",
        "report/test_page.py::test_names_in_figures_are_short_and_no_formulas",
    ),
]
