"""The code that a bundle carries: unchanged except for names of packages, and self-contained."""

import subprocess
import sys
from pathlib import Path

import pytest

import hbac_assets
from hbac_assets.errors import HbacError
from hbac_assets.inference import carrying
from hbac_assets.inference.carrying import carried_modules

PACKAGE = Path(hbac_assets.__file__).parent
ONLY = {"numpy", "scipy", "pyarrow", "onnxruntime"}


def test_a_carried_file_is_the_projects_own_with_other_imports() -> None:
    carried = dict(carried_modules())
    assert {"predict.py", "hbac_bundle/signals/images.py", "hbac_bundle/scoring/convex.py"} <= set(carried)
    del carried["hbac_bundle/__init__.py"]
    for name, text in carried.items():
        own = PACKAGE / ("inference/predict_folder.py" if name == "predict.py" else name.removeprefix("hbac_bundle/"))
        for line, original in zip(text.splitlines(), own.read_text().splitlines(), strict=True):
            if line != original:
                assert line.strip().startswith("from hbac_bundle.")
                names = line.partition(" import ")[2]
                assert original.partition(" import ")[2] == names
                assert original.strip().startswith(("from hbac_assets.", "from jaxtyping "))


def test_it_is_imported_with_nothing_but_what_a_bundle_requires(tmp_path: Path) -> None:
    """Every other installed package is out of reach of the process."""
    for name, text in carried_modules().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    code = (
        "import importlib, pkgutil, sys\n"
        "class Only:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] not in {ONLY | {'hbac_bundle'}} | set(sys.stdlib_module_names):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Only())\n"
        "import hbac_bundle\n"
        "for module in pkgutil.walk_packages(hbac_bundle.__path__, 'hbac_bundle.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(len(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_module_that_a_bundle_cannot_import_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inference").mkdir()
    (tmp_path / "inference" / "predict_folder.py").write_text("from hbac_assets.labels import CLASSES\n")
    (tmp_path / "inference" / "shapes.py").touch()
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "requests.py").touch()
    (tmp_path / "labels.py").write_text("import numpy\n\nimport pydantic\n")
    monkeypatch.setattr(carrying, "_PACKAGE", tmp_path)
    carried_modules.cache_clear()
    with pytest.raises(HbacError, match=r"labels\.py, line 3: expected an import that a bundle can do, found pydantic"):
        carried_modules()
