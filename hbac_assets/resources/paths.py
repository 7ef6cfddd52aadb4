"""Where things lie when the environment does not say: everything that a run writes goes below `data/`."""

from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
DATA_FOLDER = PROJECT_FOLDER / "data"


def absolute(path: str) -> Path:
    """Return `path` resolved against the working folder, with `~` for the home folder."""
    return Path(path).expanduser().resolve()
