"""Bundles: they predict by their graphs, recipes and blend, and a bad one is refused in one line."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from hbac_assets.errors import HbacError
from hbac_assets.inference.bundle import CHECKSUMS, DESCRIPTION, open_bundle
from hbac_assets.inference.packing import pack
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.signals.window import Window
from hbac_assets_tests.inference.small_bundle import RECIPES, STACKING, describe, sign, weights, write_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "small")
    return tmp_path / "small"


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    random = np.random.default_rng(0)
    eegs = random.normal(0, 30, (3, 10_000, 19)).astype(np.float32)
    spectrograms = random.lognormal(size=(3, 400, 300)).astype(np.float32)
    return [Window(eeg, spectrogram) for eeg, spectrogram in zip(eegs, spectrograms, strict=True)]


def by_hand(windows: list[Window], member: str) -> np.ndarray:
    """The probabilities (folds, N, 6) of a member, by its matrices."""
    recipe, number = RECIPES[member], list(RECIPES).index(member)
    images = [KINDS[recipe.input].of_window(window, recipe) for window in windows]
    flat = np.stack([np.repeat(np.asarray(image, np.float32), 3).ravel() for image in images])
    return np.stack([softmax(flat @ weights(2 * number + fold), axis=1) for fold in range(2)])


def test_it_blends_the_members_of_each_fold_and_averages_the_folds(folder: Path, windows: list[Window]) -> None:
    found = open_bundle(folder).predict(windows)
    kaggle, eeg = by_hand(windows, "kaggle"), by_hand(windows, "eeg")
    np.testing.assert_allclose(found.members, np.stack([kaggle.mean(axis=0), eeg.mean(axis=0)], axis=1), atol=1e-6)
    np.testing.assert_allclose(found.probabilities, (0.25 * kaggle + 0.75 * eeg).mean(axis=0), atol=1e-6)


def test_the_zip_predicts_as_the_folder_and_its_bytes_follow_from_the_files(
    folder: Path, tmp_path: Path, windows: list[Window]
) -> None:
    pack(folder, tmp_path / "one.zip")
    for file in folder.rglob("*.onnx"):
        file.touch()
    pack(folder, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    expected = open_bundle(folder).predict(windows).probabilities
    np.testing.assert_array_equal(open_bundle(tmp_path / "one.zip").predict(windows).probabilities, expected)


def test_a_stacking_network_of_zeros_leaves_the_mean(tmp_path: Path, windows: list[Window]) -> None:
    write_bundle(tmp_path, stacking=True)
    found = open_bundle(tmp_path).predict(windows).probabilities
    mean = (by_hand(windows, "kaggle") + by_hand(windows, "eeg")).mean(axis=0) / 2
    np.testing.assert_allclose(found, mean, atol=1e-6)


def test_a_member_averages_its_variants(folder: Path, windows: list[Window]) -> None:
    """The chains LL, RL, LP and RP of two lines each, left and right exchanged; a column of six is 50 / 6 s."""
    description = write_bundle(folder)
    description["members"]["eeg"]["test_time"] = {"flip": True, "shifts": [8.5]}
    describe(folder, description)
    images = np.stack([np.asarray(KINDS["eeg"].of_window(window, RECIPES["eeg"]), np.float32) for window in windows])
    mirrored = images[:, [2, 3, 0, 1, 6, 7, 4, 5]]
    variants = [one[:, :, columns] for one in (images, mirrored) for columns in (range(6), [1, 2, 3, 4, 5, 5])]
    flat = [np.repeat(one.reshape(3, -1), 3, axis=1) for one in variants]
    folds = [np.mean([softmax(one @ weights(2 + fold), axis=1) for one in flat], axis=0) for fold in range(2)]
    np.testing.assert_allclose(open_bundle(folder).predict(windows).members[:, 1], np.mean(folds, axis=0), atol=1e-6)


@pytest.mark.parametrize("gone", ["eeg", "spectrogram"])
def test_a_member_that_cannot_see_a_window_is_left_out(folder: Path, windows: list[Window], gone: str) -> None:
    left = {"eeg": "kaggle", "spectrogram": "eeg"}[gone]
    missing = [
        Window(**{name: getattr(window, name) for name in ("eeg", "spectrogram") if name != gone}) for window in windows
    ]
    found = open_bundle(folder).predict(missing)
    np.testing.assert_allclose(found.probabilities, by_hand(windows, left).mean(axis=0), atol=1e-6)
    assert np.isnan(found.members[:, 1 - list(RECIPES).index(left)]).all()


def test_it_says_what_its_members_see(folder: Path) -> None:
    predictor = open_bundle(folder)
    assert {member.name: set(member.reads) for member in predictor.members} == {
        "kaggle": {"spectrogram"},
        "eeg": {"eeg"},
    }


def test_opening_and_predicting_imports_no_framework(folder: Path) -> None:
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from hbac_assets.inference.bundle import open_bundle\n"
        "from hbac_assets.signals.window import Window\n"
        f"predictor = open_bundle(Path({str(folder)!r}), threads=1)\n"
        "eeg = np.random.default_rng(0).normal(size=(10_000, 19)).astype(np.float32)\n"
        "assert predictor.predict([Window(eeg)]).probabilities.shape == (1, 6)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "onnxruntime" in loaded
    assert not loaded & {"keras", "keras_cv", "jax", "tensorflow", "pandas", "pydantic", "dagster", "mlflow", "sklearn"}


def test_a_bundle_of_another_version_says_so_and_predicts(folder: Path, windows: list[Window]) -> None:
    expected = open_bundle(folder).predict(windows).probabilities
    description = write_bundle(folder)
    describe(folder, description | {"version": "0.0.1"})
    with pytest.warns(UserWarning, match=r"small: made by hbac_assets 0\.0\.1, opened by .*: its own predict\.py"):
        predictor = open_bundle(folder)
    np.testing.assert_array_equal(predictor.predict(windows).probabilities, expected)


Spoil = Callable[[Path], object]


def changed(**keys: object) -> Spoil:
    """Change the description, and sign it again."""
    return lambda folder: describe(folder, write_bundle(folder) | keys)


def without(key: str) -> Spoil:
    def spoil(folder: Path) -> None:
        description = write_bundle(folder)
        describe(folder, {name: value for name, value in description.items() if name != key})

    return spoil


def other_recipe(folder: Path) -> None:
    description = write_bundle(folder)
    description["members"]["eeg"]["recipe"]["input"] = "sound"
    describe(folder, description)


def signed(name: str, content: bytes) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(content)
        sign(folder)

    return spoil


def appended(name: str, content: bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + content)


def unlisted(folder: Path) -> None:
    lines = (folder / CHECKSUMS).read_text().splitlines(keepends=True)
    (folder / CHECKSUMS).write_text("".join(line for line in lines if "eeg_1" not in line))


GRAPH = "graphs/kaggle_0.onnx"
BAD: dict[str, tuple[Spoil, str]] = {
    "an altered graph": (appended(GRAPH, b"x"), r"small, graphs/kaggle_0\.onnx: expected SHA-256 .*changed; copy or"),
    "a graph cut short": (
        lambda folder: (folder / GRAPH).write_bytes((folder / GRAPH).read_bytes()[:99]),
        r"graphs/kaggle_0\.onnx: expected SHA-256 \w{8}…, found \w{8}…: the file is damaged or was changed; copy",
    ),
    "a missing graph": (lambda folder: (folder / GRAPH).unlink(), r"kaggle_0\.onnx: expected a file, since SHA256SUMS"),
    "an altered description": (appended(DESCRIPTION, b" "), r"bundle\.json: expected SHA-256 .* found .*damaged"),
    "a missing description": (
        lambda folder: (folder / DESCRIPTION).unlink(), "bundle.json: expected a file, since SHA256SUMS lists it"
    ),
    "no checksums": (lambda folder: (folder / CHECKSUMS).unlink(), "SHA256SUMS: expected the file of a bundle, found"),
    "checksums that are text": (
        lambda folder: (folder / CHECKSUMS).write_text("hello\n"), "SHA256SUMS, row 1: expected a SHA-256 .* 'hello'"
    ),
    "a name outside the bundle": (
        lambda folder: (folder / CHECKSUMS).write_text(f"{'0' * 64}  ../other\n"), r"row 1: .*found '0*  \.\./other'"
    ),
    "empty checksums": (
        lambda folder: (folder / CHECKSUMS).write_text(""), "SHA256SUMS: expected bundle.json among the files"
    ),
    "checksums that are no text": (
        lambda folder: (folder / CHECKSUMS).write_bytes(b"\xff\xfe"), "SHA256SUMS: expected the file of a bundle"
    ),
    "a graph that is not listed": (unlisted, "expected graphs that SHA256SUMS lists, found graphs/eeg_1"),
    "a description that is no JSON": (signed(DESCRIPTION, b"{"), r"bundle\.json: expected JSON, found Expecting"),
    "a description of another kind": (signed(DESCRIPTION, b"[]"), "expected a bundle of format 2, found None"),
    "another format": (
        changed(format=3, version="9.0"),
        r"bundle\.json: expected a bundle of format 2, found 3 of hbac_assets 9\.0; open it with that version",
    ),
    "other classes": (changed(classes=["Seizure"]), "classes: expected Seizure, LPD, .*, found Seizure;"),
    "no prior": (without("prior"), r"bundle\.json, prior: expected a value, found none; copy or export"),
    "no members": (without("members"), r"bundle\.json, members: expected a value, found none; copy or export"),
    "an input that is not known": (other_recipe, "eeg: expected an input of kaggle, eeg, .*waveform, found sound"),
    "a graph that is none": (signed(GRAPH, b"graph"), "kaggle_0.onnx: expected an ONNX graph, found .*; copy"),
    "a stacking network that is not there": (
        changed(blend={"members": ["kaggle", "eeg"], "features": "predictions"}, stacking=STACKING),
        r"expected graphs that SHA256SUMS lists, found graphs/stacking\.onnx",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_bundle_is_refused_in_one_line(folder: Path, case: str) -> None:
    spoil, complaint = BAD[case]
    spoil(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        refused(folder, complaint)


def refused(path: Path, complaint: str) -> None:
    with pytest.raises(HbacError, match=complaint) as caught:
        open_bundle(path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(path) in str(caught.value)


def test_what_is_no_bundle_is_refused(folder: Path, tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "expected a bundle's folder or zip, found nothing; correct the path")
    (tmp_path / "text").write_text("hello")
    refused(tmp_path / "text", "expected a bundle's folder or zip, found neither")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "empty, SHA256SUMS: expected the file of a bundle, found none")
    pack(folder, tmp_path / "whole.zip")
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "short.zip").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "short.zip", "expected a bundle's folder or zip, found neither")
    damaged = bytearray(whole)
    damaged[len(damaged) // 3] ^= 1
    (tmp_path / "damaged.zip").write_bytes(damaged)
    refused(tmp_path / "damaged.zip", "expected (a whole file|the file of a bundle|SHA-256|JSON|.* zip)")


def test_without_onnxruntime_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        HbacError, match=r"onnxruntime: expected the package .* found none; install it.*hbac-assets\[bundle\]"
    ):
        open_bundle(folder)
