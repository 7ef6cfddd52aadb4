"""A project whose store holds the results of two own experiments, of which one has its file."""

from pathlib import Path

import pytest
import yaml

from hbac_assets_tests.inventory import stores


def write_file(path: Path, experiment):
    content = experiment.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    path.write_text(yaml.safe_dump(content))


@pytest.fixture
def folder(tmp_path):
    """A project with the experiments `mine`, whose file is there, and `gone`, whose file was deleted."""
    mine, gone = stores.experiment("mine", "small", "eeg_small"), stores.experiment("gone", "small", "other")
    file = tmp_path / "mine.yaml"
    write_file(file, mine)
    for one in (mine, gone):
        stores.make(stores.lineage(tmp_path, one))
        stores.claim(tmp_path, tmp_path / f"{one.name}.yaml")
    stores.make_synthetic(tmp_path)
    stores.write(tmp_path / "cache" / "jax" / f"jit_train-{'0a' * 32}-cache")
    return tmp_path
