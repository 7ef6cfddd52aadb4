"""Predict recordings: six probabilities every few seconds, and pictures on request.

Each FILE is a recording in EDF, BDF, the competition's parquet or, with the extra `formats`, BrainVision and others.
For each moment its table has the probabilities, the agreement of the ensemble's members, the signal quality, and how
much of the models' input is recorded; if that is too little, there are no probabilities.
For research only; not a medical device.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.commands.bar import Bar
from hbac_assets.commands.variables import not_empty
from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from hbac_assets.inference.predictor import Predictor
    from hbac_assets.recordings.outputs import Outputs

RESEARCH = "for research only; not a medical device"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="recordings")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder of the tables (the working folder); for one FILE also the table's name, .csv or .parquet",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=not_empty,
        metavar="STORE-OR-BUNDLE",
        help="a bundle, or the store of the experiment that HBAC_EXPERIMENT names (HBAC_STORE)",
    )
    parser.add_argument("--step", type=_step, default=10, metavar="S", help="seconds between rows, an even number (10)")
    parser.add_argument("--picture", action="store_true", help="plot the probabilities, and the EEG of the top moments")
    parser.add_argument("--top", type=_count, default=1, metavar="N", help="moments per class to plot (1)")
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")


def main(options: argparse.Namespace) -> int:
    """Predict each recording, reporting failures in one line and continuing; return the exit status.

    Raises:
        HbacError: there is no ensemble, or the names of results collide.
    """
    from hbac_assets.recordings.outputs import outputs

    places = outputs(options.files, options.output, pictures=options.picture)
    predictor, model = open_predictor(options.source)
    print(f"{model}: {RESEARCH}", file=sys.stderr)
    failed = 0
    for file, place in places.items():
        try:
            predict_file(file, place, predictor, model, options)
        except HbacError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            failed += 1
    if len(places) > 1:
        print(f"{len(places) - failed} of {len(places)} recordings predicted", file=sys.stderr)
    return 1 if failed else 0


def open_predictor(source: str | None) -> "tuple[Predictor, str]":
    """Return the ensemble of a bundle or of a store, and its name.

    Raises:
        HbacError: it is missing, out of date or damaged.
    """
    from hbac_assets.inference.bundle import CHECKSUMS, open_bundle

    if source and (Path(source).is_file() or Path(source, CHECKSUMS).is_file()):
        return open_bundle(Path(source)), f"bundle {Path(source).name}"

    from hbac_assets.inference.trained import open_trained
    from hbac_assets.resources.environment import resources_from_environment
    from hbac_assets.resources.views import Workspace

    if source:
        os.environ["HBAC_STORE"] = str(Path(source).absolute())
    lineage = Workspace.of(resources_from_environment()).lineage()
    experiment = lineage.experiment
    return open_trained(lineage), f"{experiment.submitted} of {experiment.name}"


def predict_file(file: Path, place: "Outputs", predictor: "Predictor", model: str, options: argparse.Namespace) -> None:
    """Write the results of one recording, the table last.

    Raises:
        HbacError: it cannot be predicted, or its results exist already.
    """
    from hbac_assets.recordings.derivation import derive
    from hbac_assets.recordings.opening import open_recording
    from hbac_assets.recordings.outputs import write_picture, write_table
    from hbac_assets.recordings.over_time import predict_over_time
    from hbac_assets.recordings.recording import seconds
    from hbac_assets.recordings.signals import Signals
    from hbac_assets.recordings.survey import survey

    if not options.overwrite:
        place.require_free()
    began = time.monotonic()
    recording = open_recording(file)
    signals = Signals(recording, derive(recording))
    for remark in (*recording.remarks, *survey(signals)):
        print(f"{file}: {remark}", file=sys.stderr)
    bar = Bar(file.name)
    try:
        found = predict_over_time(signals, predictor, options.step, bar)
        if place.pictures:
            from hbac_assets.recordings import pictures

            top = pictures.top_moments(found.table, options.top)
            write_picture(pictures.overview(recording, found, model), place.overview)
            write_picture(pictures.moments_picture(signals, top), place.moments)
        write_table(found.table, place.table)
    finally:
        bar.end()
    unseen = int((found.table["members"] == 0).sum())
    without = f", {unseen} of them without probabilities: too little is covered" if unseen else ""
    rate = seconds(recording) / (time.monotonic() - began)
    print(f"{place.table}: {len(found.table)} moments{without} ({rate:,.0f} x real time)")


def _step(text: str) -> int:
    step = _count(text)
    if step % 2:
        raise argparse.ArgumentTypeError(f"expected an even number of seconds, found {text}")
    return step


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, found {text!r}")
    return int(text)
