"""Single rows: the most certain hits and the worst misses, with their recordings."""

import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.figures import few_colours_png
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.report.cases import Case, most_certain_hits, opened, worst_misses
from hbac_assets.report.charts.cases import WIDTH, case_picture
from hbac_assets.report.page import Picture, Section, Table, Text
from hbac_assets.report.text import nats, percent, plural

CASES = 3
"""Rows per section."""


def case_sections(lineage: Lineage, predicted: pd.DataFrame, model: str) -> list[Section]:
    """Return both sections.

    Args:
        lineage: the experiment's.
        predicted: the out-of-fold rows of one model, with the offsets of their windows.
        model: its name.

    Raises:
        HbacError: a spectrogram is not in the store.
    """
    hits, misses = most_certain_hits(predicted, CASES), worst_misses(predicted, CASES)
    return [
        _section(
            "The most certain hits",
            f"Rows on which {model} agrees with the majority of the experts and is most certain, one per patient.",
            [opened(lineage, row) for _, row in hits.iterrows()],
        ),
        _section(
            "The worst misses",
            f"Rows on which {model} prefers another class than the majority of the experts, by divergence, one per "
            "patient. The model may be wrong, or the votes, or both.",
            [opened(lineage, row) for _, row in misses.iterrows()],
        ),
    ]


def _section(title: str, text: str, cases: list[Case]) -> Section:
    blocks = [Text(text if cases else f"There are none. {text}")]
    return Section(title, blocks, [_case(number, case) for number, case in enumerate(cases, start=1)])


def _case(number: int, case: Case) -> Section:
    row = case.row
    shares = [float(row[column]) for column in SHARE_COLUMNS]
    predictions = [float(row[column]) for column in PROBABILITY_COLUMNS]
    voted, predicted = (CLASSES[values.index(max(values))] for values in (shares, predictions))
    label = (
        f"Label {row['label_id']}: EEG {row['eeg_id']} from {case.eeg_start} s on, spectrogram "
        f"{row['spectrogram_id']}, patient {row['patient_id']}, held out in fold {row['fold']}. Votes of "
        f"{plural(int(row['vote_count']), 'expert')}; KL divergence {nats(row['kl'])}."
    )
    table = Table(
        f"Label {row['label_id']}: the expert votes and the prediction.",
        ("Class", *CLASSES),
        [("Votes", *map(percent, shares)), ("Prediction", *map(percent, predictions))],
        shades=[shares, predictions],
    )
    title = f"{voted} by the experts, {predicted} by the model"
    return Section(f"{number}. {title}", [Text(label), table, _picture(case, title)])


def _picture(case: Case, title: str) -> Picture:
    minutes = (
        "ten minutes of spectrogram, four chains of electrodes (LL and RL lateral, LP and RP parasagittal, left and "
        "right); the dashed lines enclose the labelled 10 s"
    )
    image, width = few_colours_png(case_picture(case)), round(96 * WIDTH)
    alt = f"label {case.row['label_id']}: {title}."
    if case.eeg is None:
        caption = f"No EEG, since {case.missing}: the {minutes}."
        return Picture(image, caption, f"Spectrogram of {alt}", width)
    caption = (
        "Above, the labelled 10 s of EEG in the longitudinal bipolar montage (double banana), left hemisphere first, "
        f"then the midline, then right; the bar is the scale in µV. Below, {minutes}."
    )
    return Picture(image, caption, f"EEG and spectrogram of {alt}", width)
