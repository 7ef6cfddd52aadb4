"""Predict a test set in Kaggle's layout with the ensemble in the folder of this file.

It reads test.csv and the recordings that it names, and writes submission.csv. MODEL_CARD.md describes permitted uses
and scores.
"""

import argparse
import sys
from pathlib import Path

from hbac_assets.errors import HbacError
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.kaggle_folder import KaggleFolder


def main() -> int:
    """Predict the folder that the command line names and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds test.csv, test_spectrograms/ and test_eegs/")
    parser.add_argument("--output", type=Path, default=Path("submission.csv"), help="submission.csv by default")
    options = parser.parse_args()
    try:
        predictor = open_bundle(Path(__file__).resolve().parent)
        test = KaggleFolder.read(options.folder)
        reads = frozenset().union(*(member.reads for member in predictor.members))
        found = predictor.predict(test.windows(reads, lambda line: print(line, file=sys.stderr)))
        test.write_submission(found.probabilities, options.output)
    except HbacError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.output}: {len(test.rows)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
