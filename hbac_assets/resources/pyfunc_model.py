"""A bundle as an MLflow model: MLflow stores this file with the bundle and runs it to load the model.

It requires the packages in the bundle's requirements.txt, MLflow and edfio, but not this project.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow  # noqa: TID253  (nothing here imports this file)
from mlflow.exceptions import MlflowException  # noqa: TID253
from mlflow.protos.databricks_pb2 import (  # noqa: TID253
    BAD_REQUEST,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
)

SERVER = "mlflow.pyfunc.scoring_server"
MOST_BYTES = 128 << 20
"""The largest request: in base64, 3.5 hours of 19 electrodes at 200 Hz in 16 bits."""
LONGEST = 300
"""The largest number of characters in a message."""
FORMATS = (
    'application/json as {"dataframe_records": [{COLUMN: BASE64, …}, …]}, or application/vnd.apache.parquet with '
    "columns of bytes"
)

LOG = logging.getLogger("hbac")
Handle = Callable[[bytes, str | None, Any, Any], Any]


class BundleModel(mlflow.pyfunc.PythonModel):
    """Rows of bytes in, probabilities out.

    The input has those columns of `requests.COLUMNS` that the members use, each row with either arrays or a recording;
    the output is a list of `requests.Answer`.
    """

    def load_context(self, context: Any) -> None:
        """Open the bundle with the code that it carries; other bundles in this process keep theirs."""
        folder = Path(context.artifacts["bundle"])
        for name in [name for name in sys.modules if name.partition(".")[0] == "hbac_bundle"]:
            del sys.modules[name]
        sys.path.insert(0, str(folder))
        try:
            from hbac_bundle.errors import HbacError
            from hbac_bundle.inference.bundle import open_bundle
            from hbac_bundle.recordings.requests import answer
        finally:
            sys.path.remove(str(folder))
        # Requests are computed concurrently: more threads for each would idle at the expense of the others.
        self.refused, self.answer, self.predictor = HbacError, answer, open_bundle(folder, threads=1)
        if f"{SERVER}.app" in sys.modules:  # this process is MLflow's server
            server: Any = sys.modules[SERVER]
            server.invocations = brief(server.invocations)

    # Without type hints, from which MLflow would derive a schema that replaces the signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return the probabilities of windows and recordings.

        Raises:
            MlflowException: the input is invalid, or the computation failed.
        """
        rows = [row.dropna().to_dict() for _, row in model_input.iterrows()]
        try:
            return self.answer(rows, self.predictor)
        except self.refused as error:
            raise Refusal(str(error), INVALID_PARAMETER_VALUE) from error
        except Exception as error:
            LOG.exception("a request could not be computed")
            raise Refusal("request: could not be computed; the log says why", INTERNAL_ERROR) from error


class Refusal(MlflowException):
    """An error with a line that contains nothing of the request, whose data MLflow's server would prepend."""

    def __init__(self, line: str, code: int) -> None:
        super().__init__(line, error_code=code)
        self.line, self.code = line, code


def brief(handle: Handle) -> Handle:
    """Wrap MLflow's request handler so that its errors are one line and contain nothing of the request.

    MLflow's own messages quote the request if it is not JSON or does not fit the signature, and before a model's own
    error. They can only be replaced here, in the server's process.
    """

    def briefly(data: bytes, content_type: str | None, model: Any, schema: Any) -> Any:
        try:
            if len(data) > MOST_BYTES:
                line = f"request: expected at most {MOST_BYTES >> 20} MiB, found more; send fewer rows"
                raise Refusal(line, BAD_REQUEST)
            answer = handle(data, content_type or "", model, schema)
        except Refusal as error:
            LOG.warning("a request was refused: %s", error.line)
            line, code = error.line, error.code
        except Exception as error:  # a parsing error: the model raises only `Refusal`
            LOG.warning("a request could not be read: %s", type(error.__context__ or error).__name__)
            line, code = f"request: expected {FORMATS}, found another body; correct it", BAD_REQUEST
        else:
            if answer.status < 400:
                return answer
            line = f"content type: expected {FORMATS}, found another; correct the header"
            return answer._replace(response=line)
        raise MlflowException(line[:LONGEST], error_code=code) from None

    return briefly


mlflow.models.set_model(BundleModel())
