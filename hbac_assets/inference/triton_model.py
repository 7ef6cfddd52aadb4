"""The ensemble in Triton's Python backend, which runs this file: windows in, probabilities out.

The networks are models of the same server, called from here ("business logic scripting"): Triton's own ensembles call
all their steps for each request, whereas this model does not call a network that lacks its input.
https://github.com/triton-inference-server/python_backend
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent


class TritonPythonModel:
    """The ensemble of the bundle beside this file.

    Its inputs are `eeg` (N, 10000, 19) in µV and `spectrogram` (N, 400, 300) in µV²/Hz, one of which is optional; its
    outputs are `probabilities` (N, 6) and `members` (N, M, 6), NaN if too little of a window is covered.
    """

    def initialize(self, args: Mapping[str, str]) -> None:
        """Open the bundle with its networks computed by Triton.

        Raises:
            TritonModelException: the backend was built for another version of numpy.
        """
        _require_arrays()
        sys.path.insert(0, str(FOLDER / "bundle"))
        from hbac_bundle.errors import HbacError
        from hbac_bundle.inference.bundle import open_bundle
        from hbac_bundle.inference.onnx_network import in_parts
        from hbac_bundle.recordings.over_time import reach_of
        from hbac_bundle.recordings.requests import seen_windows
        from hbac_bundle.signals.window import Window

        networks = json.loads((FOLDER / "networks.json").read_text(encoding="utf-8"))
        called = {one.pop("graph"): in_parts(_caller(**one), one["axes"]) for one in networks}
        self.predictor = open_bundle(FOLDER / "bundle", elsewhere=called.__getitem__)
        self.reach = reach_of(self.predictor)
        self.refused, self.seen_windows, self.nothing = HbacError, seen_windows, Window()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return a response for each request; all windows are computed together."""
        import triton_python_backend_utils as triton

        opened = [self._opened(request) for request in requests]
        windows = [window for one in opened if isinstance(one, list) for window in one]
        found = self.predictor.predict(windows or [self.nothing])
        responses, first = [], 0
        for one in opened:
            if not isinstance(one, list):
                error = triton.TritonError(str(one), triton.TritonError.INVALID_ARG)
                responses.append(triton.InferenceResponse(error=error))
                continue
            rows, first = slice(first, first + len(one)), first + len(one)
            members = found.members[rows]
            seen = ~np.isnan(members).all(axis=(1, 2))
            # An ensemble returns the prior if no member could predict, which says nothing about the window.
            probabilities = np.where(seen[:, None], found.probabilities[rows], np.nan)
            outputs = [triton.Tensor("probabilities", probabilities), triton.Tensor("members", members)]
            responses.append(triton.InferenceResponse(output_tensors=outputs))
        return responses

    def _opened(self, request: Any) -> Any:
        """Return the windows of a request, or its error."""
        import triton_python_backend_utils as triton

        tensors = {name: triton.get_input_tensor_by_name(request, name) for name in ("eeg", "spectrogram")}
        arrays = {name: tensor.as_numpy() for name, tensor in tensors.items() if tensor is not None}
        try:
            return self.seen_windows(arrays, self.reach)
        except self.refused as error:
            return error


def _require_arrays() -> None:
    """Require that an array passes through the backend unchanged.

    A backend built with an old pybind11 returns corrupted arrays with numpy 2:
    https://github.com/triton-inference-server/python_backend/pull/384
    """
    import triton_python_backend_utils as triton

    sent = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = triton.Tensor.from_dlpack("probe", triton.Tensor("probe", sent).to_dlpack()).as_numpy()
    if found.shape != sent.shape or not (found == sent).all():
        raise triton.TritonModelException(
            f"expected a Python backend for numpy {np.__version__}, found one that changes its arrays; install numpy<2"
        )


def _caller(model: str, source: str, target: str, axes: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function of a network computed by Triton."""
    import triton_python_backend_utils as triton

    def call(inputs: np.ndarray) -> np.ndarray:
        request = triton.InferenceRequest(
            model_name=model,
            requested_output_names=[target],
            inputs=[triton.Tensor(source, np.ascontiguousarray(inputs))],
            preferred_memory=triton.PreferredMemory(triton.TRITONSERVER_MEMORY_CPU),
        )
        response = request.exec()
        if response.has_error():
            raise triton.TritonModelException(f"{model}: {response.error().message()}")
        return np.asarray(triton.get_output_tensor_by_name(response, target).as_numpy())

    return call
