"""Requirements of exporting a bundle."""

import pytest

from hbac_assets.inference import export


def test_packages_of_the_extra_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert export.missing_extra() == ""
    monkeypatch.setattr(export, "EXPORTING", {"onnx": ("onnx", "a_package_that_is_not_there")})
    expected = "the extra bundle, found no a_package_that_is_not_there; install hbac-assets[bundle]"
    assert export.missing_extra().endswith(expected)
