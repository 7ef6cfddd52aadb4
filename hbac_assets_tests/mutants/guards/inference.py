"""Guards of `hbac_assets/inference/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a graph of a bundle computes as its model",
        "inference/graphs.py",
        "if not difference <= form.tolerance:",
        "if False:",
        "inference/test_graphs.py::test_a_graph_that_computes_something_else_is_refused",
    ),
    Guard(
        "no number is no small difference of a graph",
        "inference/graphs.py",
        "if not difference <= form.tolerance:",
        "if difference > form.tolerance:",
        "inference/test_graphs.py::test_what_is_no_number_is_no_small_difference",
    ),
    Guard(
        "a graph computes in single precision, whatever its model was trained in",
        "inference/graphs.py",
        'content.replace(b"mixed_bfloat16", b"float32")',
        "content",
        "inference/test_graphs.py::test_of_a_model_in_mixed_precision_the_graph_is_that_of_single_precision",
    ),
    Guard(
        "a weight beyond half precision is not stored as another",
        "inference/half_precision.py",
        "if not np.all(np.abs(weights) < LARGEST):",
        "if not np.all(np.isfinite(weights)):",
        "inference/test_forms.py::test_a_weight_beyond_half_precision_is_refused[litert]",
    ),
    Guard(
        "the weights of a graph in half precision are looked at",
        "inference/graphs.py",
        'if form.precision == "float16":',
        "if False:",
        "inference/test_forms.py::test_a_weight_beyond_half_precision_is_refused[litert]",
    ),
    Guard(
        "a network in less than single precision scores as its model",
        "inference/graphs.py",
        "if not after - before <= MOST_RISE:",
        "if False:",
        "inference/test_forms.py::test_a_form_that_scores_worse_is_refused[0.6]",
    ),
    Guard(
        "no number is no small rise of a score",
        "inference/graphs.py",
        "if not after - before <= MOST_RISE:",
        "if after - before > MOST_RISE:",
        "inference/test_forms.py::test_a_form_that_scores_worse_is_refused[nan]",
    ),
    Guard(
        "held-out rows are scored where they are given",
        "inference/graphs.py",
        "if shares is not None:",
        "if False:",
        "inference/test_forms.py::test_the_votes_of_held_out_rows_decide_on_a_form",
    ),
    Guard(
        "held-out rows are given for weights in less than single precision",
        "inference/export.py",
        "None if form.is_exact else shares",
        "None",
        "chain/test_small_bundle.py::test_a_form_that_scores_worse_out_of_fold_is_not_bundled",
    ),
    Guard(
        "a small weight of a formula stays in single precision",
        "inference/converter.py",
        "values.size >= LEAST_VALUES",
        "values.size",
        "inference/test_forms.py::test_what_is_small_keeps_its_precision",
    ),
    Guard(
        "the files of a bundle are compared with their checksums",
        "inference/bundle.py",
        "if found != digest:",
        "if False:",
        "inference/test_bundle.py::test_a_bad_bundle_is_refused_in_one_line[an altered graph]",
    ),
    Guard(
        "a graph that no checksum covers is not computed with",
        "inference/bundle.py",
        "if name not in checksums:",
        "if False:",
        "inference/test_bundle.py::test_a_bad_bundle_is_refused_in_one_line[a graph that is not listed]",
    ),
    Guard(
        "another format of a bundle is not read as this one",
        "inference/bundle.py",
        "if found != FORMAT:",
        "if False:",
        "inference/test_bundle.py::test_a_bad_bundle_is_refused_in_one_line[another format]",
    ),
    Guard(
        "a bundle carries nothing that it cannot import",
        "inference/carrying.py",
        "elif outermost and package not in MAY_IMPORT:",
        "elif False:",
        "inference/test_carrying.py::test_a_module_that_a_bundle_cannot_import_is_refused",
    ),
]
