"""Export the trained ensemble as a bundle: a folder and a zip that predict without this project.

The experiment must have been trained by `hbac run`. A bundle that is up to date is kept. The export takes about 20
seconds per model and needs the packages of the extra `bundle`.
"""

import argparse
import shutil
from pathlib import Path

from hbac_assets.commands import run
from hbac_assets.errors import HbacError
from hbac_assets.store.files import atomic_write


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose experiment and data, as `hbac run` does, and the output."""
    run.add_choices(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE.zip",
        help="a copy of the zip, at a path that does not exist yet; by default the bundle is in the store only",
    )
    parser.add_argument(
        "--triton",
        type=Path,
        metavar="FOLDER",
        help="a model repository for the Triton Inference Server, at a path where nothing is yet",
    )


def main(options: argparse.Namespace) -> int:
    """Materialize the bundle and print its path; return the exit status.

    Raises:
        HbacError: the export failed, or the copy cannot be written.
    """
    for path in filter(None, (options.output, options.triton)):
        if path.exists():
            raise HbacError(f"{path}: expected a path that does not exist yet, found a file; name another")
    return run.materialize_and("bundle", lambda scores: _copy_and_report(options.output, options.triton))


def _copy_and_report(output: Path | None, triton: Path | None) -> None:
    from hbac_assets.assets.inference_bundle import packed
    from hbac_assets.definitions import defs
    from hbac_assets.inference.triton import write_repository
    from hbac_assets.resources.views import Workspace

    assert defs.resources is not None
    folder = Workspace.of(defs.resources).lineage().bundle_folder
    zipped = packed(folder)
    if output:
        with atomic_write(output, size=zipped.stat().st_size) as temporary:
            shutil.copyfile(zipped, temporary)
    models = write_repository(folder, triton) if triton else []
    print(f"\nbundle: {folder}\nzip: {output or zipped}, {zipped.stat().st_size / 1e6:.0f} MB")
    print(f"predict a test set: python {folder / 'predict.py'} FOLDER")
    if triton:
        print(f"Triton: {triton}, {len(models)} models; ask {models[0]}")
