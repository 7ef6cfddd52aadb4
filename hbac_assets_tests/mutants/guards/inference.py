"""Guards of `hbac_assets/inference/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a graph of a bundle computes as its model",
        "inference/graphs.py",
        "if not difference <= TOLERANCE:",
        "if False:",
        "inference/test_graphs.py::test_a_graph_that_computes_something_else_is_refused",
    ),
    Guard(
        "no number is no small difference of a graph",
        "inference/graphs.py",
        "if not difference <= TOLERANCE:",
        "if difference > TOLERANCE:",
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
    Guard(
        "in Triton the prior is no answer",
        "inference/triton_model.py",
        "np.where(seen[:, None], found.probabilities[rows], np.nan)",
        "found.probabilities[rows]",
        "inference/test_triton.py::test_requests_are_answered_as_the_bundle_does",
    ),
    Guard(
        "a graph of another type is no model of Triton",
        "inference/triton.py",
        "kind.elem_type not in TYPES or",
        "False or",
        "inference/test_triton.py::test_a_graph_of_another_type_is_refused_and_nothing_is_left",
    ),
    Guard(
        "Triton's Python backend hands arrays over as they are",
        "inference/triton_model.py",
        "if found.shape != sent.shape or not (found == sent).all():",
        "if False:",
        "inference/test_triton.py::test_a_backend_that_changes_arrays_is_refused",
    ),
]
