"""The model card of a bundle (Mitchell et al. 2019, "Model cards for model reporting"): data, scores, and limits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hbac_assets.inference.bundle import frozen
from hbac_assets.learning.inputs.kinds import KINDS

CARD = """# {experiment}, ensemble {ensemble}

Six probabilities for a moment of a critically ill patient's EEG: {classes}.
They estimate how experts would vote on the middle ten seconds; they are not a diagnosis.
Made by hbac_assets {version}; licence: LICENSE.

## What it must not be used for

**For research only; not a medical device.** It has not been shown to be safe or useful for patients.

- Not for diagnosis, for alarms, or for any decision about treatment, not even as a second opinion.
- Not for recordings unlike its training data: other populations such as newborns, outpatients or sleep, electrodes
  outside the 10-20 system, filtered or bipolar files, recordings shorter than a member's input (below).
- Not as a measure of certainty: on data unlike its training data its probabilities are not calibrated.
- Not by anybody whom the licence of its training data excludes: models trained on the data of a competition are bound
  by its rules.

## Data

{rows} labelled windows of {patients} patients, data set `{data}`.{synthetic} Mean vote fractions of the classes, which
are also the prediction for a window that no member can use: {prior}.

## Scores

KL divergence from the expert votes, out of fold: each row is predicted by models, and blended by weights, that have
not seen its patient. Brackets are 95 % intervals over patients. Lower is better.

{scores}

These scores are on rows like the training data. Expect worse on others.

## Members

{members}

Each member has {folds} models, one per fold; {blend}.
A member that lacks its input for a window is replaced by the mean of the others. The graphs reproduce the
probabilities of their Keras models to within {difference:.1g} on windows of the data.

## Use

`python predict.py FOLDER` predicts a folder in the layout of the competition "HMS - Harmful Brain Activity
Classification" and writes submission.csv. It needs Python 3.11 or later and the packages of requirements.txt; newer
versions will do.
"""

SYNTHETIC = """ **These data are synthetic**: the models have
learned nothing about patients, and this bundle only demonstrates the software."""


def model_card(description: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Args:
        description: the contents of bundle.json.
    """
    data, members = description["data"], description["members"]
    prior = zip(description["classes"], description["prior"], strict=True)
    sees = [(name, one["backbone"], _sees(one["recipe"])) for name, one in members.items()]
    return CARD.format(
        experiment=description["experiment"],
        ensemble=description["ensemble"],
        version=description["version"],
        classes=", ".join(description["classes"]),
        rows=data["rows"],
        patients=data["patients"],
        data=data["name"],
        synthetic=SYNTHETIC if data["name"].startswith("synthetic-") else "",
        prior=", ".join(f"{name} {part:.3f}" for name, part in prior),
        scores=_table(("model", "KL divergence", "class prior's", "rows"), map(_score, description["scores"])),
        members=_table(("member", "backbone", "sees"), sees),
        folds=len(next(iter(members.values()))["graphs"]),
        blend=_blend(description["blend"]),
        difference=max(description["differences"].values()),
    )


def _score(record: Mapping[str, Any]) -> tuple[object, ...]:
    interval = "" if record["low"] is None else f" [{record['low']:.3f}, {record['high']:.3f}]"
    return record["model"], f"{record['mean']:.4f}{interval}", f"{record['prior']:.4f}", record["rows"]


def _sees(recipe: Mapping[str, Any]) -> str:
    """Return the part of a window that a member uses."""
    kind = KINDS[recipe["input"]]
    names = {"spectrogram": "the spectrogram", "eeg": "EEG"}
    panels = zip(kind.seconds(frozen(recipe)), kind.reads, strict=True)
    return ", ".join(f"{_duration(seconds)} of {names[reads]}" for seconds, reads in panels)


def _duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:.3g} min"


def _blend(blend: Mapping[str, Any]) -> str:
    if weights := blend.get("weights"):
        named = ", ".join(f"{name} {weight:.3f}" for name, weight in weights.items())
        how = f"the members' {blend['mean_of']} are averaged with the weights {named}"
    else:
        how = f"a stacking network blends the members from their {blend['features']}"
    calibration = ", then calibrated" if "calibration" in blend else ""
    context = ", then combined with the patient's other recordings" if "patient_context" in blend else ""
    return f"{how}{calibration}{context}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
