"""`mlflow models serve` with a registered bundle: every format works, and an invalid request gets a 4xx of one line."""

import base64
import io
import json
import re
import subprocess

import numpy as np
import pytest

from benchmarks.model_server import JSON, PARQUET, as_json, as_parquet, npy, serving
from benchmarks.rows.serving import CLIENTS, killed_worker, load
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.requests import answer
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.resources.tracking import Tracking
from hbac_assets.signals.window import Window
from hbac_assets_tests.recordings.files import synthetic_eeg, write_edf, write_parquet
from hbac_assets_tests.resources.test_registry import NAME, run, version, whole_bundle

RANDOM = np.random.default_rng(1)
EEG = RANDOM.normal(0, 30, (10_000, 19)).astype(np.float32)
POWER = RANDOM.lognormal(size=(400, 300)).astype(np.float32)
ROW = {"eeg": npy(EEG.astype(np.float16)), "spectrogram": npy(POWER)}
FORMATS = {JSON: as_json, PARQUET: as_parquet}


@pytest.fixture(scope="module", autouse=True)
def one_blas_thread_of_servers():
    """Limit servers to one BLAS thread, like the tests: more threads would change the order of sums."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENBLAS_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """The tracking URI of a registry with a champion, and the champion's predictor."""
    folder = tmp_path_factory.mktemp("registered")
    bundle = whole_bundle(folder / "small", 0.1)
    tracking = Tracking(uri=f"sqlite:///{folder}/mlflow.db", artifact_folder=str(folder / "artifacts"))
    run(tracking, "served").register_bundle(version(bundle))
    return tracking.uri, open_bundle(bundle)


@pytest.fixture(scope="module")
def server(registered, tmp_path_factory):
    with serving(f"models:/{NAME}@champion", registered[0], tmp_path_factory.mktemp("server")) as server:
        yield server


def probabilities(answers):
    return np.array([[one[name] for name in PROBABILITY_COLUMNS] for one in answers], float)


@pytest.mark.parametrize("content_type", FORMATS)
def test_arrays_are_answered_as_the_predictor_does(registered, server, content_type):
    windows = [Window(EEG.astype(np.float16).astype(np.float32), POWER), Window(EEG, POWER * 2)]
    second = {"eeg": npy(EEG), "spectrogram": npy(np.asfortranarray(POWER * 2))}
    found = server.predict(FORMATS[content_type](ROW, second), content_type)
    np.testing.assert_allclose(probabilities(found), registered[1].predict(windows).probabilities, atol=1e-12)
    assert [(one["row"], one["members"]) for one in found] == [(0, 2), (1, 2)]


@pytest.mark.parametrize("suffix", ["edf", "bdf", "parquet"])
@pytest.mark.parametrize("content_type", FORMATS)
def test_a_file_is_answered_moment_by_moment(registered, server, tmp_path, suffix, content_type):
    write = write_parquet if suffix == "parquet" else write_edf
    content = write(tmp_path / f"a.{suffix}", synthetic_eeg("LPD", 100)).read_bytes()
    found = server.predict(FORMATS[content_type]({"recording": content}), content_type)
    assert found == answer([{"recording": content}], registered[1])
    assert [one["middle_s"] for one in found] == list(range(10, 100, 10))
    assert [one["members"] for one in found] == [0, *[1] * 7, 0]


def examples():
    """The last shell example of the page's section, and the Python example."""
    page = (PROJECT_FOLDER / "docs" / "deployment.md").read_text()
    served = page[page.index("\n## Served") :]
    return re.findall(r"```sh\n(.+?)```", served, re.DOTALL)[1], re.findall(r"```python\n(.+?)```", served, re.DOTALL)[
        0
    ]


def test_the_examples_of_the_page_are_answered(registered, server, tmp_path):
    shell, python = (one.replace("http://127.0.0.1:5001", server.server.page) for one in examples())
    content = write_edf(tmp_path / "night.edf", synthetic_eeg("LPD", 100)).read_bytes()
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["predictions"] == answer([{"recording": content}], registered[1])
    names = {"eeg": EEG, "spectrogram": POWER}
    exec(python, names)  # noqa: S102
    assert names["predictions"] == answer([ROW], registered[1])


def test_a_window_without_a_signal_has_no_probabilities_beside_others(server):
    blind = {"eeg": npy(np.full_like(EEG, np.nan)), "spectrogram": npy(np.full_like(POWER, np.nan))}
    seen, unseen = server.predict(as_parquet(ROW, blind), PARQUET)
    assert (seen["members"], unseen["members"]) == (2, 0)
    assert {unseen[name] for name in PROBABILITY_COLUMNS} == {None}
    assert server.post(as_parquet(blind), PARQUET)[0] == 400


SECRET = "SECRET" * 20
"""A marker in each invalid request, which the response must not contain."""
ENCODED = base64.b64encode(SECRET.encode()).decode()


def records(**columns):
    return json.dumps({"dataframe_records": [columns], "other": SECRET}).encode()


def eeg(content):
    return as_parquet({"eeg": content + SECRET.encode()})


def pickled(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


BAD = {
    "no JSON": (b'{"dataframe_records": ' + SECRET.encode(), JSON),
    "no UTF-8": (b"\xff\xfe" + SECRET.encode(), JSON),
    "JSON of another kind": (json.dumps([SECRET]).encode(), JSON),
    "JSON nested too deeply": (b"[" * 100_000, JSON),
    "a number that is too long": (b'{"dataframe_records": ' + b"9" * 9999 + b"}", JSON),
    "another key": (json.dumps({"rows": [{"eeg": ENCODED}]}).encode(), JSON),
    "two formats of MLflow at once": (json.dumps({"inputs": {"eeg": [ENCODED]}, "instances": []}).encode(), JSON),
    "an empty list": (b'{"dataframe_records": []}', JSON),
    "a list of lists": (json.dumps({"inputs": [[SECRET]]}).encode(), JSON),
    "a missing column": (records(egg=ENCODED), JSON),
    "text in place of base64": (records(eeg=SECRET + "!"), JSON),
    "numbers in place of base64": (records(eeg=EEG[:3].tolist()), JSON),
    "null": (records(eeg=None), JSON),
    "a message to a chat model": (json.dumps({"messages": [{"role": "user", "content": SECRET}]}).encode(), JSON),
    "no npy": (records(eeg=ENCODED), JSON),
    "no parquet": (b"PAR1" + SECRET.encode(), PARQUET),
    "text in parquet": (as_parquet({"eeg": SECRET}), PARQUET),
    "no body": (b"", PARQUET),
    "no body of JSON": (b"", JSON),
    "CSV": (f"eeg\n{SECRET}\n".encode(), "text/csv"),
    "CSV that is none": (b"\xff" + SECRET.encode(), "text/csv"),
    "another content type": (SECRET.encode(), "application/octet-stream"),
    "no content type": (SECRET.encode(), None),
    "another charset": (records(eeg=ENCODED), "application/json; charset=latin-1"),
    "another parameter": (records(eeg=ENCODED), f"application/json; {SECRET}=1"),
    "a channel too few": (eeg(npy(EEG[:, 1:])), PARQUET),
    "another rate": (eeg(npy(EEG[:6400])), PARQUET),
    "a huge shape": (eeg(npy(EEG).replace(b"(10000, 19), ", b"(10**9, 19),  ")), PARQUET),
    "a pickled array": (as_parquet({"eeg": pickled(np.array([SECRET], object))}), PARQUET),
    "integers": (as_parquet({"eeg": npy(EEG.astype(np.int16))}), PARQUET),
    "an array cut short": (as_parquet({"eeg": ROW["eeg"][:-1]}), PARQUET),
    "a file cut short": (as_parquet({"recording": b"0       " + SECRET.encode()}), PARQUET),
    "a file of an unknown format": (as_parquet({"recording": SECRET.encode()}), PARQUET),
    "arrays and a file": (as_parquet(ROW | {"recording": SECRET.encode()}), PARQUET),
    "NaN only": (as_parquet({"eeg": npy(np.full_like(EEG, np.nan))}), PARQUET),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_answered_in_one_line_without_its_data(server, case):
    body, content_type = BAD[case]
    status, text = server.post(body, content_type)
    assert 400 <= status < 500
    line = json.loads(text)["message"] if text.startswith("{") else text
    assert "expected" in line
    assert len(line.splitlines()) == 1
    assert len(line) <= 300
    assert not any(word in text for word in ("SECRET", ENCODED[:8], "Traceback", "stack_trace", "mlflow.", "9999"))


def test_a_request_that_is_too_large_is_said_so(server):
    status, text = server.post(b" " * ((128 << 20) + 1))
    assert status == 400
    assert json.loads(text)["message"] == "request: expected at most 128 MiB, found more; send fewer rows"


def test_after_all_of_them_it_answers_as_before(registered, server):
    found = server.predict(as_parquet(ROW), PARQUET)
    assert found == answer([ROW], registered[1])
    assert "Traceback" not in server.server.log.read_text()


@pytest.mark.long
def test_of_ten_thousand_requests_none_is_lost_or_wrong_and_memory_stays(registered, server):
    rows = [{"eeg": npy((EEG * scale).astype(np.float16)), "spectrogram": npy(POWER)} for scale in np.arange(1, 21) / 5]
    bodies, expected = [as_parquet(row) for row in rows], [answer([row], registered[1]) for row in rows]
    assert len({one[0]["seizure_probability"] for one in expected}) == len(rows)
    found = load(server, bodies, expected, clients=8, requests=1000)
    settled = server.memory()
    found += load(server, bodies, expected, clients=8, requests=9000)
    assert [one for one in found if not one.right] == []
    assert len(found) == 10_000
    assert server.memory() <= 1.1 * settled


@pytest.mark.long
def test_a_killed_worker_costs_its_own_requests_alone(registered, tmp_path):
    body, expected = as_parquet(ROW), answer([ROW], registered[1])
    with serving(f"models:/{NAME}@champion", registered[0], tmp_path, workers=2) as server:
        lost = killed_worker(server, body, expected)
        assert lost <= CLIENTS
        assert all(server.predict(body) == expected for _ in range(50))
        assert len(server.processes()) == 2
