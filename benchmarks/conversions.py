"""Common to the rows about conversions: files of a folder converted to arrays, here and by joblib.

The workspace has `raw/<id>.parquet`. Each repetition fills a new folder, `ours/<number>` or `theirs/<number>`, since
arrays that are up to date are kept.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.sides import Side
from hbac_assets.competition.conversion import Converter, convert_all


def sources(workspace: str) -> list[Path]:
    """Return the files to convert."""
    return sorted(Path(workspace, "raw").glob("*.parquet"))


def by_this_project(workspace: str, converter: Converter[Any]) -> Callable[[], int]:
    """Prepare a conversion as the assets call it: with checks, digests and atomic files."""
    files, folders = sources(workspace), _folders(workspace, "ours")

    def repeat() -> int:
        converted, _ = convert_all(files, next(folders), converter)
        return len(converted)

    return repeat


def by_joblib(workspace: str, convert: Callable[[Path, Path], None]) -> Callable[[], int]:
    """Prepare a function of source and target for all files, as notebooks run it: by joblib on all cores."""
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    files, folders = sources(workspace), _folders(workspace, "theirs")

    def repeat() -> int:
        folder = next(folders)
        folder.mkdir(parents=True)
        Parallel(n_jobs=-1)(delayed(convert)(file, folder / f"{file.stem}.npy") for file in files)
        return len(files)

    return repeat


def pairs_of_arrays(workspace: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the arrays of this project and joblib for each file in their first repetition.

    Raises:
        ValueError: they did not convert the same files.
    """
    ours, theirs = (sorted((workspace / side / "0").glob("*.npy")) for side in ("ours", "theirs"))
    if not ours or [path.name for path in ours] != [path.name for path in theirs]:
        raise ValueError(f"{len(ours)} arrays are ours, {len(theirs)} theirs")
    yield from zip(ours, theirs, strict=True)


def side(name: str, prepare: str, workspace: Path, environment: Mapping[str, str] | None = None) -> Side:
    """Return a side that is prepared with the workspace."""
    return Side(name, prepare, {"workspace": str(workspace)}, environment or {})


def _folders(workspace: str, name: str) -> Iterator[Path]:
    """Return new folders, after removing those of an earlier comparison."""
    shutil.rmtree(Path(workspace, name), ignore_errors=True)
    return (Path(workspace, name, str(number)) for number in count())
