"""Export the trained ensemble as a bundle: a folder and a zip that predict without this project.

The experiment must have been trained by `hbac run`. A bundle that is up to date is kept. The export takes about 20
seconds per model and needs the packages of the extra `bundle`. With --format or --precision the networks have another
form, for small machines; such a bundle is written to --output only.
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
    """Add the options that choose experiment and data, as `hbac run` does, the outputs and their form."""
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
        help="a model repository for the Triton Inference Server, at a path that does not exist yet",
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
        help="precision of the stored weights; int8 only with LiteRT (float32)",
    )


def main(options: argparse.Namespace) -> int:
    """Materialize the bundle and print its path; return the exit status.

    Raises:
        HbacError: the export failed, or the copy cannot be written.
    """
    form = Form(options.format, options.precision)
    for path in filter(None, (options.output, options.triton)):
        if path.exists():
            raise HbacError(f"{path}: expected a path that does not exist yet, found a file; name another")
    if form == DEFAULT:
        return run.materialize_and("bundle", lambda scores: _copy_and_report(options.output, options.triton))
    if options.triton:
        raise HbacError(
            f"--triton: expected {DEFAULT}, which Triton computes, found {form}; omit --format and --precision"
        )
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
