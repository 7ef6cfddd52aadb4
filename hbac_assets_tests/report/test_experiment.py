"""The page of an experiment made by the chain: every number on it is the one in the store."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hbac_assets.assets.references import reference_rows
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.experiments.ensembles import Ensemble, Published
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.report.experiment import experiment_page
from hbac_assets.results.scores import score_facts
from hbac_assets.results.test_time import GAINS
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.store.tables import write_table
from hbac_assets_tests.projects import linked
from hbac_assets_tests.report.ensembles import write_mean
from hbac_assets_tests.report.pages import require_self_contained, require_shown

INPUTS = {"mobilenet_v3_small": "kaggle", "bipolar_resnet": "waveform"}
MEMBERS = list(INPUTS)
VERDICTS = {True: "may be chance", False: "more than chance"}


@pytest.fixture(scope="module")
def results(finished):
    return finished[0].results


@pytest.fixture(scope="module")
def html(results):
    return (results / "report.html").read_text()


@pytest.fixture(scope="module")
def page(html):
    return require_self_contained(html)


@pytest.fixture(scope="module")
def facts(results):
    """The facts in the manifests of both artifacts."""
    names = ("ensemble", "oof.parquet")
    return {name: json.loads((results / f"{name}.manifest.json").read_text())["facts"] for name in names}


@pytest.fixture(scope="module")
def found(facts):
    return facts["ensemble"]["evaluation"]


@pytest.fixture(scope="module")
def rows(results):
    return pd.read_parquet(results / "folds.parquet")


def histories(results):
    return {
        (member, fold): pd.read_csv(results / "models" / member / f"fold_{fold}" / "history.csv")
        for member in MEMBERS
        for fold in (0, 1)
    }


def trained(results):
    return {
        (member, fold): json.loads((results / "models" / member / f"fold_{fold}.manifest.json").read_text())["facts"]
        for member in MEMBERS
        for fold in (0, 1)
    }


def pair(record, low="low", high="high"):
    return record[low], record[high]


def worth(value):
    return "9 or more" if value is not None and value >= 9 else value


def tables_of_data(results, rows):
    key, counts = results.parent.name, rows["vote_count"]
    (recorded,) = (results.parents[1] / "competition_data").glob("*.json")
    classes = [(rows[list(SHARE_COLUMNS)] >= rows[column].to_numpy()[:, None] - 1e-9) for column in SHARE_COLUMNS]
    majority = [(one.sum(axis=1) == 1).sum() for one in classes]
    data = [
        ["Data set", key],
        ["Fingerprint of the training table", json.loads(recorded.read_text())["train"]],
        ["Kind", "synthetic"],
        ["Rows", len(rows)],
        ["Sampling", "one row of each EEG and combination of votes, at most 48, evenly over the folds"],
        *(
            [name, rows[column].nunique()]
            for name, column in (("Patients", "patient_id"), ("EEGs", "eeg_id"), ("Spectrograms", "spectrogram_id"))
        ),
        ["Folds", "2, no patient in two"],
        ["Experts' votes", counts.sum()],
        ["Votes of a row", f"{counts.median():.0f} in the middle, {counts.min()} to {counts.max()}"],
        ["Rows with <3 votes", (counts < 3).sum()],
        ["Rows with 3-9 votes", ((counts >= 3) & (counts < 10)).sum()],
        ["Rows with >=10 votes", (counts >= 10).sum()],
        ["Set aside as unusable", "nothing"],
    ]
    return {
        "The rows that": data,
        "Classes. ": [
            [name, count, rows[column].mean()]
            for name, count, column in zip(CLASSES, majority, SHARE_COLUMNS, strict=True)
        ],
    }


def tables_of_scores(facts, found):
    best = found["models"][0]["model"]
    behind = {one["second"]: one for one in found["differences"] if one["first"] == best}
    of_models = {one["model"] for one in found["models"]}
    references = [one for one in facts["oof.parquet"]["evaluation"]["models"] if one["model"] not in of_models]
    board = []
    for one in sorted([*found["models"], *references], key=lambda one: one["mean"]):
        other = behind.get(one["model"])
        difference = [-other["difference"], (-other["high"], -other["low"]), VERDICTS[other["noise"]]] if other else []
        board.append(
            [one["model"], one["mean"], pair(one), one["rows"], one["closed"], worth(one["experts"])]
            + (difference or [None] * 3)
        )
    return {
        "Scores in nats": board,
        "Every pair": [
            [
                one["first"], one["second"], one["difference"], pair(one), one["rows"], one["won"],
                VERDICTS[one["noise"]],
            ]
            for one in found["differences"]
        ],
    }  # fmt: skip


def tables_of_training(results):
    epochs, cells = histories(results), trained(results)
    losses, speed, parameters = [], [], []
    for member in MEMBERS:
        for fold in (0, 1):
            history, cell = epochs[member, fold], cells[member, fold]
            last, best = history.iloc[-1], history.loc[history["val_loss"].idxmin()]
            losses.append(
                [
                    member, fold, cell["training_rows"], cell["validation_rows"], len(history),
                    last["epoch"], last["val_loss"], best["epoch"], best["val_loss"],
                ]
            )  # fmt: skip
        both = pd.concat([epochs[member, fold] for fold in (0, 1)])
        seconds = [cells[member, fold]["seconds"] for fold in (0, 1)]
        environment = cells[member, 0]["environment"]
        where = f"{environment['device']}, {environment['cores']} cores, {environment['precision']}"
        medians = [both[name].median() for name in ("seconds", "images_per_second")]
        speed.append([member, 2, sum(seconds), np.mean(seconds), *medians, where])
        counts = cells[member, 0]["parameters"]
        numbers = [counts[name] for name in ("total", "trainable", "non_trainable", "backbone")]
        parameters.append([member, member, INPUTS[member], "none", "votes", *numbers])
    return {"Every fold": losses, "Durations": speed, "The members": parameters}


def tables_of_quality(found):
    def mine(name):
        return [one for one in found[name] if one["model"] == "ensemble"]

    return {
        "Slices. ": [
            [
                f"{one['by']}: {one['slice']}", one["rows"], one["patients"], one["mean"], pair(one), one["excess"],
                pair(one, "excess_low", "excess_high"), one.get("closed"),
            ]
            for one in mine("slices")
        ],
        "ensemble, class by class": [
            [one["class"], one["rows"], one["kl"], one["auroc"], one["auprc"]] for one in mine("classes")
        ],
        "The mean prediction": [
            [f"{name} voted", *row] for name, row in zip(CLASSES, found["confusion"]["ensemble"], strict=True)
        ],
        "The floor of votes": [
            [
                "all rows" if one["slice"] == "all" else f"{one['slice']} votes",
                *(one[name] for name in ("rows", "grassberger", "dirichlet", "middle")),
            ]
            for one in found["floor"]
        ],
        "The divergence of a number": [["KL divergence", *(one["kl"] for one in found["experts"])]],
        "The models on": [[one["model"], one["kl_many_votes"], worth(one["experts"])] for one in found["models"]],
    }  # fmt: skip


def table_of_methods(results):
    methods = pd.read_csv(results / "ensemble" / "methods.csv")
    return {
        "Every blending method": [
            [f"ensemble: {one.method}", one.mean, (one.low, one.high), "yes" if one.chosen else ""]
            for one in methods.itertuples()
        ]
    }


def expected_cases(results):
    """The labels of hits and misses: by hand, one of each patient, three of each."""
    oof = pd.read_parquet(results / "ensemble" / "oof.parquet").query("member == 'ensemble'")
    shares, given = oof[list(SHARE_COLUMNS)].to_numpy(), oof[list(PROBABILITY_COLUMNS)].to_numpy()
    top = shares.max(axis=1, keepdims=True)
    alone = (shares > top - 1e-9).sum(axis=1) == 1
    right = alone & (given.argmax(axis=1) == shares.argmax(axis=1))
    wrong = shares[np.arange(len(oof)), given.argmax(axis=1)] < top[:, 0] - 1e-9
    scored = oof.assign(surest=given.max(axis=1), kl=kl_divergence(shares, given))
    picked = [scored[right].sort_values("surest", ascending=False), scored[wrong].sort_values("kl", ascending=False)]
    return pd.concat([one.drop_duplicates("patient_id").head(3) for one in picked])


def tables_of_cases(results):
    return {
        f"Label {row['label_id']}": [
            ["Votes", *row[list(SHARE_COLUMNS)].astype(float)],
            ["Prediction", *row[list(PROBABILITY_COLUMNS)].astype(float)],
        ]
        for _, row in expected_cases(results).iterrows()
    }


def test_each_number_of_each_table_is_the_one_in_the_store(page, results, facts, found, rows):
    expected = (
        tables_of_data(results, rows)
        | tables_of_scores(facts, found)
        | table_of_methods(results)
        | tables_of_training(results)
        | tables_of_quality(found)
        | tables_of_cases(results)
    )
    for beginning, values in expected.items():
        require_shown(page.table(beginning), values)
    assert len(page.tables) == len(expected) + 1  # and what variants at test time gain


def test_each_number_in_a_sentence_is_one_in_the_store(page, results, found):
    """Those with a point: beside tables, scores stand in the first lines and with each case."""
    (own,) = (one for one in found["models"] if one["model"] == "ensemble")
    lead = rf"scores a KL divergence of {own['mean']:.4f} nats \[{own['low']:.4f}, {own['high']:.4f}\] on rows"
    assert re.search(lead, page.text)
    assert f"{own['closed']:.1%} of the way" in page.text
    shown = dict(re.findall(r"Label (\d+): EEG .*?; KL divergence (\d\.\d{4})\.", page.text))
    cases = expected_cases(results)
    assert shown == {str(one["label_id"]): f"{one['kl']:.4f}" for one in cases.to_dict("records")}


def test_the_page_states_that_its_data_are_synthetic_and_its_limits(page):
    assert "Synthetic data: all results on this page" in page.text
    titles = [title for level, title in page.headings if level == 2]
    assert titles == [
        "Data", "Leaderboard", "Ensembles", "Training", "Speed", "Slices", "Classes", "Calibration", "Confusion",
        "Floor and experts", "The most certain hits", "The worst misses", "What this page does not show",
    ]  # fmt: skip
    for words in ("not a medical device", "other hospitals", "may have been chosen on these scores"):
        assert words in page.text


def test_each_figure_has_a_text_in_its_place_with_its_numbers(page, found):
    alternatives = [image["alt"] for image in page.images]
    assert len(alternatives) == 11  # five charts and six cases
    assert sum("EEG and spectrogram" in one for one in alternatives) == 6
    (board,) = (one for one in alternatives if one.startswith("KL divergence of each model"))
    assert all(f"{one['model']} {one['mean']:.4f}" in board for one in found["models"])


@pytest.fixture
def alone(lineage, tmp_path):
    """The second member alone, published somewhere, scored by its best epochs; an EEG is missing, one is spoilt."""
    name = MEMBERS[1]
    members = {name: lineage.experiment.members[name].model_copy(update={"scored_epoch": "best"})}
    changed = {
        "members": members,
        "ensembles": {"alone": Ensemble(members=(name,), method="mean")},
        "description": "<b>bold</b> & <script>alert(1)</script>",
        "published": {name: [Published(figure=0.85, what="<i>somewhere</i>")]},
        "comparability": "Other <em>rows</em>.",
    }
    folder = linked(lineage.dataset.folder, tmp_path / "raw")
    lineage = replace(
        lineage,
        dataset=replace(lineage.dataset, folder=folder, name="kaggle"),
        experiment=lineage.experiment.model_copy(update=changed),
    )
    lineage.dataset_folder.symlink_to(next(lineage.root.glob("synthetic-*")))
    gains = {name: {"before": 1.0, "after": 0.9, "gain": 0.1, "low": None, "high": None, "may_be_chance": True}}
    oof = pd.read_parquet(lineage.oof.path).query("member == @name")
    write_table(oof, lineage.oof, **score_facts(pd.concat([oof, reference_rows(lineage)])), **{GAINS: gains})
    write_mean(lineage)
    return lineage


def test_one_member_alone_real_data_and_eegs_that_cannot_be_drawn(alone):
    for file in (alone.dataset.folder / "train_eegs").iterdir():
        file.unlink()
        if int(file.stem) % 2:
            file.write_bytes(b"PAR1")
    page = require_self_contained(experiment_page(alone))
    assert "Synthetic data" not in page.text
    assert page.text.count("<b>bold</b> & <script>alert(1)</script>") == 1
    assert ["Kind", "a folder in the competition's layout"] in page.table("The rows that").rows
    scores = {one["Model"]: one["KL divergence"] for one in page.table("Scores in nats").records()}
    assert list(scores).count("alone") == 1
    assert scores["alone"] == scores[MEMBERS[1]]
    published = page.table("Published results").records()
    assert [(one["Published"], one["Definition, published"]) for one in published] == [("0.85", "<i>somewhere</i>")]
    assert "Other <em>rows</em>." in page.text
    assert page.table("Members that predict the mean over variants").rows[0][1:5] == [
        "1.0000",
        "0.9000",
        "+0.1000",
        "–",
    ]
    optimism = page.table("Members that predict with the epoch").records()
    assert [one["Member"] for one in optimism] == [MEMBERS[1]]
    cases = [image["alt"] for image in page.images if "label" in image["alt"]]
    assert cases
    assert all(one.startswith("Spectrogram of label") for one in cases)
    assert page.text.count("No EEG, since") == len(cases)
    reasons = set(
        re.findall(r"No EEG, since (?:there is no file )?train_eegs/\d+.parquet( cannot be read)?", page.text)
    )
    assert reasons <= {"", " cannot be read"}
