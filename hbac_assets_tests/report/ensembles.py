"""Ensembles as the chain writes them, but for the networks of the ways of blending that nobody chose."""

import shutil

import numpy as np
import pandas as pd

from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.results.ensembles import METHODS, ROWS
from hbac_assets.results.scores import score_facts
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.slices import score
from hbac_assets.store.tables import read_table


def write_mean(lineage, spoil=lambda rows: rows):
    """Write the one ensemble of an experiment, the plain mean of its members; `spoil` changes its rows."""
    ((name, definition),) = lineage.experiment.ensembles.items()
    oof = {member: rows.reset_index(drop=True) for member, rows in read_table(lineage.oof).groupby("member")}
    members = [oof[member] for member in definition.members]
    mean = np.mean([rows[list(PROBABILITY_COLUMNS)].to_numpy() for rows in members], axis=0)
    blended = oof_rows(members[0], name, mean)
    artifact = lineage.ensemble
    shutil.rmtree(artifact.path)
    artifact.path.mkdir()
    spoil(blended).to_parquet(artifact.path / ROWS, index=False)
    how = {"ensemble": name, "method": "mean", "calibration": "none", "patient_context": False, "chosen": True}
    pd.DataFrame([how | score(blended)]).to_csv(artifact.path / METHODS, index=False)
    artifact.seal(**score_facts(pd.concat([blended, *members])))
