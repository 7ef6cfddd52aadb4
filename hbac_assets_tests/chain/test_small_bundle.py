"""Bundles of a finished chain whose networks have another form."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.assets.inference_bundle import write_bundle
from hbac_assets.errors import HbacError
from hbac_assets.inference import graphs
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.forms import Form
from hbac_assets.inference.kaggle_folder import KaggleFolder
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets_tests.projects import HBAC

LOG = logging.getLogger(__name__)


@pytest.mark.long
def test_a_bundle_in_another_form_predicts_the_submission(finished, tmp_path: Path) -> None:
    project, zipped = finished[0], tmp_path / "small.zip"
    options = ("--format", "litert", "--precision", "float16", "--output", str(zipped))
    done = project.command(*HBAC, "bundle", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"zip: {zipped}, litert in float16" in done.stdout
    assert not (project.results / "inference_bundle").exists()
    (data,) = (project.folder / "synthetic").iterdir()
    windows = KaggleFolder.read(data).windows(frozenset({"spectrogram", "eeg"}), pytest.fail)
    found = open_bundle(zipped).predict(windows).probabilities
    expected = pd.read_csv(project.results / "submission.csv")[list(VOTE_COLUMNS)]
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.long
def test_a_form_that_scores_worse_out_of_fold_is_not_bundled(
    lineage: Lineage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "MOST_RISE", -1.0)
    with pytest.raises(HbacError, match=r" fold 0, litert in int8: expected a KL divergence of held-out rows"):
        write_bundle(lineage, tmp_path / "small", tmp_path / "cache", LOG, Form("litert", "int8"))
