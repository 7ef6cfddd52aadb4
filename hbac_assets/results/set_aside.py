"""The list of rows and files set aside when an artifact was made."""

import pandas as pd

from hbac_assets.competition.set_aside import COLUMNS, typed
from hbac_assets.store.artifact import Artifact


def read_set_aside(artifact: Artifact) -> pd.DataFrame:
    """Return the list beside an artifact."""
    path = artifact.set_aside_path
    return typed(pd.read_csv(path)) if path.is_file() else typed(pd.DataFrame(columns=list(COLUMNS)))
