"""Guards of `hbac_assets/scoring/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "no code is run from the file of a stacking network",
        "scoring/blend_files.py",
        "safe_mode=True",
        "safe_mode=False",
        "scoring/test_blend_files.py::test_code_in_a_network_is_not_run",
    ),
    Guard(
        "no blend learns from the fold that it predicts",
        "scoring/nested.py",
        "return ~np.isin(self._parts, list(without))",
        "return np.ones(len(self._parts), bool)",
        "scoring/test_nested.py::test_no_recipe_sees_the_rows_it_is_scored_on[weights]",
    ),
    Guard(
        "a choice among blends does not see the fold that it predicts",
        "scoring/nested.py",
        "self._inner_kl(recipe, self._parts_of(fold)))",
        "results[recipe].kl)",
        "scoring/test_nested.py::test_the_score_of_a_choice_is_not_the_lowest_of_the_scores",
    ),
    Guard(
        "a calibration learns from predictions that the blend did not learn from",
        "scoring/nested.py",
        "self._blend(method, without | {part})(self.predictions[:, rows])",
        "self._blend(method, without)(self.predictions[:, rows])",
        "scoring/test_nested.py::test_a_calibration_is_learned_from_rows_that_the_blend_has_not_seen",
    ),
    Guard(
        "a patient's context leaves out the EEG itself",
        "scoring/patient_context.py",
        "(sums - of_eeg[eeg_of.ravel()])",
        "sums",
        "scoring/test_patient_context.py::test_other_eegs_by_hand",
    ),
    Guard(
        "a champion goes only where the whole interval says so",
        "scoring/paired.py",
        "return self.high < 0",
        "return self.value < 0",
        "resources/test_registry.py::test_the_champion_is_the_version_that_patients_show_to_be_better[chance]",
    ),
    Guard(
        "a row that no member can see gets the prior",
        "scoring/combining.py",
        "nobody = missing.all(axis=0)",
        "nobody = missing.all(axis=0) & False",
        "scoring/test_submission.py::test_a_missing_member_is_replaced_by_the_others_and_all_missing_by_the_prior",
    ),
    Guard(
        "patients are resampled, not rows",
        "scoring/bootstrap.py",
        "np.unique(patients, return_inverse=True)[1].ravel()",
        "np.arange(len(patients))",
        "scoring/test_slices.py::test_interval_resamples_patients_and_not_rows",
    ),
    Guard(
        "two models are compared on the rows that both scored",
        "scoring/bootstrap.py",
        "masks[:, one] & masks[:, other]",
        "masks[:, one] | masks[:, other]",
        "scoring/test_bootstrap.py::test_differences_are_of_the_rows_that_both_scored",
    ),
    Guard(
        "an interval is as wide as its studentised resamples say",
        "scoring/bootstrap.py",
        "np.fmax(_quantile(studentised, CONFIDENCE), student)",
        "student",
        "scoring/test_bootstrap.py::test_interval_by_hand_with_patients_drawn_one_by_one",
    ),
    Guard(
        "a slice is named as worse by the bound of its excess",
        "scoring/evaluation.py",
        'record["excess_low"] > 0',
        'record["excess"] > 0',
        "scoring/test_evaluation.py::test_a_noisy_small_slice_is_not_named",
    ),
    Guard(
        "a class prior is made of the other folds",
        "scoring/references.py",
        "shares[folds != fold].mean(axis=0)",
        "shares.mean(axis=0)",
        "scoring/test_references.py::test_no_reference_sees_the_rows_it_predicts[prior]",
    ),
    Guard(
        "a tie for the most votes is nobody's right answer",
        "scoring/classes.py",
        "known = truth != TIE",
        "known = truth == truth",
        "scoring/test_classes.py::test_areas_agree_with_scikit_learn",
    ),
    Guard(
        "one vote says nothing of how much experts disagree",
        "scoring/floor.py",
        "np.where(counts > 1, _grassberger_entropy(votes) - observed, dirichlet)",
        "_grassberger_entropy(votes) - observed",
        "scoring/test_floor.py::test_one_vote_leans_on_the_rows_with_two",
    ),
]
