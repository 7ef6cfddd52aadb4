"""Commands of a user as sides of a comparison, in a separate project if they write."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.sides import environment_of_users
from hbac_assets.resources.dagster_home import make_home


def prepare_command(command: list[str], folder: str, environment: Mapping[str, str]) -> Callable[[], int]:
    """Return a repetition that runs a command in `folder` from start to end, as one item."""
    everything = environment_of_users() | dict(environment)

    def repetition() -> int:
        done = subprocess.run(command, cwd=folder, env=everything, capture_output=True, text=True, check=False)
        if done.returncode:
            last_line = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}: {''.join(last_line)}")
        return 1

    return repetition


def project_environment(folder: Path) -> dict[str, str]:
    """Return the variables of a project that keeps everything in `folder`, and create Dagster's home there."""
    home = folder / "dagster"
    make_home(home)
    tracking = f"sqlite:///{folder / 'mlflow.db'}"
    return {
        "DAGSTER_HOME": str(home),
        "HBAC_STORE": str(folder / "store"),
        "MLFLOW_TRACKING_URI": tracking,
        "MLFLOW_BACKEND_STORE_URI": tracking,
    }
