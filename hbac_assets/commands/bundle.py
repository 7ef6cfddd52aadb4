"""Export the trained ensemble as a bundle: a folder and a zip that predict without this project.

The experiment must have been trained by `hbac run`. What is up to date is not exported again. It takes about 20 seconds
a model and needs the packages of the extra `bundle`. With --format or --precision the networks have another form, for
small machines: that zip goes to --output alone.
"""

import argparse
import logging
import shutil
import tempfile
from pathlib import Path

from hbac_assets.commands import run
from hbac_assets.errors import HbacError
from hbac_assets.inference.forms import DEFAULT, PRECISIONS, RUNTIMES, Form
from hbac_assets.store.files import atomic_write


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `hbac run`, which say what was trained, and where and in what form the bundle goes."""
    run.add_choices(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE.zip",
        help="a copy of the zip, at a path where nothing is yet; without it, the bundle stays in the store alone",
    )
    parser.add_argument(
        "--format",
        choices=RUNTIMES,
        default=DEFAULT.runtime,
        help="ONNX graphs, or LiteRT files, which need the extra litert instead (onnx)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=DEFAULT.precision,
        help="of the stored weights; int8 with LiteRT alone (float32)",
    )


def main(options: argparse.Namespace) -> int:
    """Make the bundle and say where it is; return the exit status.

    Raises:
        HbacError: the export failed, or the copy cannot be written.
    """
    form = Form(options.format, options.precision)
    if options.output and options.output.exists():
        raise HbacError(f"{options.output}: expected a path where nothing is yet, found a file; name another")
    if form == DEFAULT:
        return run.materialize_and("bundle", lambda scores: _copy_and_report(options.output))
    if not options.output:
        raise HbacError(f"--output: expected the path of a zip for {form}, found none; the store keeps {DEFAULT} alone")
    with run.places_to_write():
        _write(options.output, form)
    return 0


def _write(output: Path, form: Form) -> None:
    """Write the bundle of the trained ensemble in another form.

    Raises:
        HbacError: an extra is missing, the ensemble is not up to date, or the export failed.
    """
    from hbac_assets.assets.inference_bundle import write_bundle
    from hbac_assets.definitions import defs
    from hbac_assets.inference.export import missing_extra
    from hbac_assets.inference.packing import pack
    from hbac_assets.resources.views import Workspace

    if missing := missing_extra(form):
        raise HbacError(missing)
    assert defs.resources is not None
    workspace = Workspace.of(defs.resources)
    lineage = workspace.lineage()
    lineage.ensemble.require()
    log = logging.Logger("bundle", logging.INFO)
    log.addHandler(logging.StreamHandler())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / lineage.bundle_folder.name
        differences = write_bundle(lineage, folder, workspace.store.compilation_cache, log, form)
        pack(folder, output)
    print(f"zip: {output}, {form}, {output.stat().st_size / 1e6:.1f} MB")
    print(f"largest difference of a probability from the Keras models: {max(differences.values()):.1g}")


def _copy_and_report(output: Path | None) -> None:
    from hbac_assets.assets.inference_bundle import packed
    from hbac_assets.definitions import defs
    from hbac_assets.resources.views import Workspace

    assert defs.resources is not None
    folder = Workspace.of(defs.resources).lineage().bundle_folder
    zipped = packed(folder)
    if output:
        with atomic_write(output, size=zipped.stat().st_size) as temporary:
            shutil.copyfile(zipped, temporary)
    print(f"\nbundle: {folder}\nzip: {output or zipped}, {zipped.stat().st_size / 1e6:.0f} MB")
    print(f"predict a test set: python {folder / 'predict.py'} FOLDER")
