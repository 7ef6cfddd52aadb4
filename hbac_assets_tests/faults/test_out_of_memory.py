"""A batch that exceeds the memory: one line with the setting to change, and the other cells continue."""

import copy
import re
import shlex
from pathlib import Path

import pytest
import yaml

from hbac_assets_tests.faults.small import EXPERIMENT, FOLDS
from hbac_assets_tests.projects import HBAC

ALLOWED_KILOBYTES = 8_000_000


@pytest.mark.long
def test_too_large_a_batch_is_named_and_the_other_member_is_trained(fresh, case):
    experiment = copy.deepcopy(EXPERIMENT)
    too_large = copy.deepcopy(EXPERIMENT["members"]["small"])  # the same objects would be written as aliases
    experiment["members"]["too_large"] = too_large | {"batch_size": 40_000}
    path = Path(fresh.environment["HBAC_EXPERIMENT"])
    path.write_text(yaml.safe_dump(experiment))
    limited = f"ulimit -d {ALLOWED_KILOBYTES}; exec {shlex.join(HBAC)} run"
    done = fresh.command("bash", "-c", limited)
    (line,) = done.stderr.splitlines()[-1:]
    expected = (
        r"too_large fold \d: expected to fit into the memory of cpu with batch_size 40000, found too little for "
        r"\d+\.\d GB more; lower the member's batch_size or preprocessing.image_size"
    )
    case("a batch of 40,000 images in 8 GB", expected, line)
    assert done.returncode == 1
    assert re.fullmatch(expected, line)
    assert len(list(fresh.folder.glob("store/*/*/models/small/fold_*.manifest.json"))) == FOLDS

    path.write_text(yaml.safe_dump(EXPERIMENT))
    again = fresh.run()
    assert again.returncode == 0, again.stderr
    assert "0 of 2 cells to train" in again.stderr
