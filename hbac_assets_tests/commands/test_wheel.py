"""The installed package: the command in any folder, nothing written into the package."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions

import pytest

from hbac_assets.store.files import file_digest
from hbac_assets_tests.projects import CHECKOUT, NOT_INHERITED, RECORDINGS

UV = shutil.which("uv", path=f"{os.environ.get('PATH', '')}:{CHECKOUT / 'data' / 'cache' / 'uv' / 'bin'}")
# As the script that an installer makes: it is not imported as a module of the package.
SCRIPT = """
import sys
from {module} import {function}

if __name__ == "__main__":
    sys.exit({function}())
"""
PLACES = """
import os
import hbac_assets
from hbac_assets import defs
print(hbac_assets.__file__, os.environ["KERAS_HOME"], defs.resources["store"].folder, defs.resources["tracking"].uri)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what the wheel holds, and the command that its entry point names."""
    if UV is None:
        pytest.skip("uv, which builds the wheel, is neither on PATH nor where `make setup` puts it")
    folder = tmp_path_factory.mktemp("installed")
    build = [UV, "build", "--quiet", "--wheel", "--out-dir", str(folder / "wheel"), str(CHECKOUT)]
    subprocess.run(build, check=True)
    (wheel,) = (folder / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    (distribution,) = distributions(path=[str(folder / "site-packages")])
    (point,) = distribution.entry_points.select(group="console_scripts", name="hbac")
    (folder / "hbac").write_text(SCRIPT.format(module=point.module, function=point.attr))
    return folder / "site-packages", folder / "hbac"


@pytest.fixture
def use(installed, tmp_path):
    """Run Python in an empty folder, with the installed package and no variables; nothing may come to lie beside it."""
    package, _ = installed
    working = tmp_path / "working"
    working.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith((*NOT_INHERITED, "KERAS"))}
    # What the interpreter itself would write is no concern of this project.
    settings = {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}

    def use(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=working,
            env=inherited | settings | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    before = content(package)
    yield working, use
    assert content(package) == before


def content(folder):
    """Return what lies below a folder, with the digests of files."""
    return {path: path.is_file() and file_digest(path) for path in folder.rglob("*")}


def test_the_wheel_holds_what_is_no_code(installed):
    package, _ = installed
    for folder, pattern in (("experiments", "*.yaml"), ("resources", "dagster.yaml")):
        ours = {path.name for path in (CHECKOUT / "hbac_assets" / folder).glob(pattern)}
        assert ours
        assert {path.name for path in (package / "hbac_assets" / folder).glob(pattern)} == ours


def test_help_makes_nothing(installed, use):
    working, run = use
    assert run(installed[1], "--help") == run("-m", "hbac_assets", "--help")
    assert list(working.iterdir()) == []


@pytest.mark.slow
def test_results_go_to_the_working_folder_by_default(installed, use):
    working, run = use
    file, keras, store, tracking = run("-c", PLACES).split()
    assert file == str(installed[0] / "hbac_assets" / "__init__.py")
    data = working.resolve() / "data"
    assert keras == str(data / "cache" / "keras")
    assert store == str(data / "store")
    assert tracking == f"sqlite:///{data}/mlflow.db"
    assert run("-c", PLACES, HBAC_STORE="/elsewhere/store").split()[2] == "/elsewhere/store"


@pytest.mark.long
def test_a_run_leaves_everything_there_with_the_same_results(installed, use, finished):
    project, _ = finished
    working, run = use
    for name in ("synthetic", "cache"):
        shutil.copytree(project.folder / name, working / "data" / name)
    printed = run(installed[1], "run", "--miniature", HBAC_SYNTHETIC_RECORDINGS=str(RECORDINGS))
    assert "explore:    hbac ui" in printed
    assert {path.name for path in working.iterdir()} == {"data"}
    assert {"cache", "dagster", "mlartifacts", "mlflow.db", "store"} <= {
        path.name for path in (working / "data").iterdir()
    }
    assert (working / "data" / "dagster" / "dagster.yaml").is_file()
    for name in ("oof.parquet", "submission.csv"):
        (made,) = working.glob(f"data/store/*/quickstart-miniature/{name}")
        assert file_digest(made) == file_digest(project.results / name)
