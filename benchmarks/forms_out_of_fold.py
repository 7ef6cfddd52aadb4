"""Out-of-fold scores of a trained experiment with its networks in other forms."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.inference.forms import Form
from hbac_assets.inference.graphs import Convert
from hbac_assets.inference.networks import open_network
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.store.tables import read_table

EXPERIMENTS = ("quickstart", "best_cpu")


def kl_out_of_fold(lineage: Lineage, forms: Sequence[Form], convert: Convert) -> dict[str, dict[Form | None, float]]:
    """Return the out-of-fold KL divergence of each member in each form; None: from the store."""
    stored = read_table(lineage.oof)
    found: dict[str, dict[Form | None, float]] = {}
    for member in lineage.experiment.members:
        of_form: dict[Form | None, float] = {
            form: float(_held_out(lineage, member, form, convert)["kl"].mean()) for form in forms
        }
        found[member] = {None: float(stored.loc[stored["member"] == member, "kl"].mean()), **of_form}
    return found


def _held_out(lineage: Lineage, member: str, form: Form, convert: Convert) -> pd.DataFrame:
    from hbac_assets.assets.prediction import member_reader
    from hbac_assets.learning.prediction import MODELS
    from hbac_assets.learning.test_time import mean_over_variants, variants

    rows, settings = read_table(lineage.folds), lineage.experiment.members[member]
    cells = [Cell(member, fold) for fold in range(lineage.experiment.folds)]
    varied = variants(settings.preprocessing, settings.test_time)
    read = member_reader(lineage, member, rows)
    images = np.stack([read(row) for row in range(len(rows))])
    probabilities = np.empty((len(rows), 6), np.float32)
    for cell in cells:
        held_out, model = (rows["fold"] == cell.fold).to_numpy(), MODELS[settings.scored_epoch]
        with tempfile.TemporaryDirectory() as temporary:
            graph = Path(temporary) / f"{cell.key}{form.suffix}"
            convert(lineage.cell(cell).require() / model, graph, form)
            network = open_network(graph.name, graph.read_bytes())
        predicted = [network(vary(images[held_out])) for vary in varied]
        probabilities[held_out] = mean_over_variants(np.stack(predicted, axis=1))
    return oof_rows(rows, member, probabilities)
