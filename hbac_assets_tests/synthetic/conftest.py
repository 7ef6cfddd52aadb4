"""Small synthetic data sets, generated once for all tests of a process."""

from pathlib import Path

import pytest

from hbac_assets.synthetic.generation import generate
from hbac_assets.synthetic.settings import SyntheticSettings

SMALL = SyntheticSettings(seed=3, recordings=24)


@pytest.fixture(scope="session")
def settings() -> SyntheticSettings:
    return SMALL


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of `SMALL`; tests only read it."""
    path = tmp_path_factory.mktemp("synthetic")
    generate(SMALL, path, workers=1, progress=lambda done, total: None)
    return path
