"""What exporting a bundle requires."""

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inference import export


def test_packages_of_the_extra_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    export.require_extra()
    monkeypatch.setattr(export, "EXPORTING", ("onnx", "a_package_that_is_not_there"))
    missing = r"the extra bundle, found no a_package_that_is_not_there; install hbac-assets\[bundle\]"
    with pytest.raises(HbacError, match=missing):
        export.require_extra()
