"""The table and the plot of the treatments of batch normalisation."""

import numpy as np
import pandas as pd

from benchmarks.batchnorm import EXPERIMENT, LINES, plot, table
from hbac_assets.experiments.loading import load_experiment


def histories() -> dict[str, list[pd.DataFrame]]:
    """Two folds of 20 epochs, whose losses are the epoch plus 100 times the member's place plus half the fold."""
    epochs = np.arange(1, 21)
    return {
        name: [
            pd.DataFrame({"epoch": epochs, "loss": 1 / epochs, "val_loss": 100.0 * place + epochs + fold / 2})
            for fold in range(2)
        ]
        for place, name in enumerate(LINES)
    }


def test_each_row_has_the_means_of_ten_epochs_of_each_member_and_fold() -> None:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table(histories())]
    assert rows[0] == ["mean over epochs", "0.999", "0.9", "re-estimated"]
    assert rows[2:] == [
        ["1 to 10", "5.50, 6.00", "105.50, 106.00", "205.50, 206.00"],
        ["11 to 20", "15.50, 16.00", "115.50, 116.00", "215.50, 216.00"],
    ]


def test_the_members_are_those_of_the_experiment() -> None:
    assert list(load_experiment(EXPERIMENT).members) == list(LINES)


def test_the_plot_is_a_picture() -> None:
    assert plot(histories()).startswith(b"\x89PNG")
