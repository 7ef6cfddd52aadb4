import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hbac_assets.competition.metadata import agreement
from hbac_assets.labels import CLASSES
from hbac_assets.scoring.bootstrap import Bootstrap
from hbac_assets.scoring.classes import majority
from hbac_assets.scoring.evaluation import Evaluation, evaluate
from hbac_assets.scoring.experts import expert_divergences, worth
from hbac_assets.scoring.floor import vote_floor
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.references import class_prior
from hbac_assets.scoring.scored_table import ScoredTable

ROWS, PATIENTS = 900, 120
GRDA = CLASSES.index("GRDA")


def drawn_votes() -> tuple[np.ndarray, np.ndarray]:
    """(N, 6) votes, and the patient of each row; some patients have many rows."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(1.2 * np.array([0.2, 0.2, 0.1, 0.1, 0.15, 0.25]), ROWS)
    counts = np.where(random.random(ROWS) < 0.5, random.integers(10, 16, ROWS), random.integers(1, 8, ROWS))
    patients = random.choice(PATIENTS, ROWS, p=random.dirichlet(np.full(PATIENTS, 0.7)))
    return random.multinomial(counts, probabilities), patients


VOTES, PATIENT = drawn_votes()
TABLE = ScoredTable(VOTES, patients=PATIENT, folds=PATIENT % 5)


@pytest.fixture(scope="module")
def predictions() -> dict[str, np.ndarray]:
    """A good model, a worse one that lacks some rows, and the good one with a fifth of its GRDA."""
    random, shares = np.random.default_rng(1), TABLE.vote_shares()
    good = 0.6 * shares + 0.4 * random.dirichlet(np.ones(6), ROWS)
    worse = 0.3 * shares + 0.7 * random.dirichlet(np.ones(6), ROWS)
    worse[::7] = np.nan
    blind = np.where(np.arange(6) == GRDA, good / 5, good)
    return {"worse": worse, "good": good, "blind": blind}


@pytest.fixture(scope="module")
def found(predictions: dict[str, np.ndarray]) -> Evaluation:
    return evaluate(predictions, TABLE)


def test_leaderboard_is_of_the_rows_that_each_scored(predictions: dict[str, np.ndarray], found: Evaluation) -> None:
    shares = TABLE.vote_shares()
    assert [one["model"] for one in found.models] == ["good", "blind", "worse"]
    assert (found.rows, found.patients) == (ROWS, len(np.unique(PATIENT)))
    floor, by_experts = vote_floor(VOTES), expert_divergences(VOTES)
    prior = kl_divergence(shares, class_prior(shares, PATIENT % 5))
    for one in found.models:
        scored = ~np.isnan(predictions[one["model"]]).any(axis=1)
        kl = kl_divergence(shares[scored], predictions[one["model"]][scored])
        interval = Bootstrap(PATIENT[scored]).means(kl[:, None])
        assert one["rows"] == scored.sum()
        assert one["mean"] == pytest.approx(kl.mean())
        assert one["high"] - one["mean"] == pytest.approx((interval.high - interval.value)[0], rel=0.15)
        assert one["prior"] == pytest.approx(prior[scored].mean())
        assert one["floor_low"] == pytest.approx(floor.dirichlet[scored].mean())
        assert one["floor"] == pytest.approx(floor.middle[scored].mean())
        assert one["floor_high"] == pytest.approx(floor.grassberger[scored].mean())
        assert one["closed"] == pytest.approx((one["prior"] - one["mean"]) / (one["prior"] - one["floor"]))
        many = VOTES.sum(axis=1)[scored] >= 10
        assert one["kl_many_votes"] == pytest.approx(kl[many].mean())
        expected = worth(kl[many].mean(), by_experts[scored][many].mean(axis=0))
        assert one["experts"] == pytest.approx(expected)


def test_differences_are_paired_and_the_better_stands_first(
    predictions: dict[str, np.ndarray], found: Evaluation
) -> None:
    pairs = {(one["first"], one["second"]): one for one in found.differences}
    assert set(pairs) == {("good", "blind"), ("good", "worse"), ("blind", "worse")}
    both = ~np.isnan(predictions["worse"]).any(axis=1)
    shares = TABLE.vote_shares()[both]
    one = pairs["good", "worse"]
    kl = [kl_divergence(shares, predictions[name][both]) for name in ("good", "worse")]
    assert one["rows"] == both.sum()
    assert one["difference"] == pytest.approx((kl[0] - kl[1]).mean())
    assert one["high"] < 0
    assert (one["won"], one["noise"]) == (1, False)


def test_models_that_differ_by_chance_are_noise() -> None:
    random, shares = np.random.default_rng(2), TABLE.vote_shares()
    twins = {name: 0.5 * shares + 0.5 * random.dirichlet(np.ones(6), ROWS) for name in ("one", "other")}
    (one,) = evaluate(twins, TABLE).differences
    assert one["noise"]
    assert 0 < one["won"] < 1


def test_slices_by_hand(predictions: dict[str, np.ndarray], found: Evaluation) -> None:
    shares, votes = TABLE.vote_shares(), VOTES
    counts, sizes = votes.sum(axis=1), np.bincount(PATIENT)[PATIENT]
    masks = {
        ("votes", "3-9"): (counts > 2) & (counts < 10),
        ("agreement", "edge"): agreement(votes) == "edge",
        ("class", "GRDA"): majority(shares) == GRDA,
        ("class", "tie"): majority(shares) == -1,
        ("patient size", "2-9"): (sizes > 1) & (sizes < 10),
    }
    kl = kl_divergence(shares, predictions["good"])
    records = {(one["by"], one["slice"]): one for one in found.slices if one["model"] == "good"}
    for key, mask in masks.items():
        assert 0 < mask.sum() < ROWS
        assert records[key]["rows"] == mask.sum()
        assert records[key]["patients"] == len(np.unique(PATIENT[mask]))
        assert records[key]["mean"] == pytest.approx(kl[mask].mean())
        assert records[key]["excess"] == pytest.approx(kl[mask].mean() - kl[~mask].mean())
        assert records[key]["low"] < records[key]["mean"] < records[key]["high"]
    many = records["votes", ">=10"]
    assert many["floor"] == pytest.approx(vote_floor(votes).middle[counts >= 10].mean())
    assert {one["slice"] for one in found.floor} == {"all", "<3", "3-9", ">=10"}


def test_quality_is_cut_into_thirds(predictions: dict[str, np.ndarray]) -> None:
    quality = np.arange(ROWS, dtype=float)
    quality[:90] = np.nan
    slices = evaluate({"good": predictions["good"]}, replace(TABLE, quality=quality)).slices
    rows = {one["slice"]: one["rows"] for one in slices if one["by"] == "quality"}
    assert rows == {"lowest third": 270, "middle third": 270, "highest third": 270, "unknown": 90}


def test_the_worst_slice_is_the_one_that_is_surely_worse(found: Evaluation) -> None:
    worst = [one for one in found.worst if one["model"] == "blind"]
    assert 1 <= len(worst) <= 3
    assert (worst[0]["by"], worst[0]["slice"]) == ("class", "GRDA")
    assert all(one["excess_low"] > 0 for one in found.worst)
    assert [one["excess_low"] for one in worst] == sorted((one["excess_low"] for one in worst), reverse=True)


def test_a_noisy_small_slice_is_not_named() -> None:
    """Of many slices of rows that are all alike, hardly any is named, whatever its mean."""
    random = np.random.default_rng(3)
    named = 0
    for seed in range(20):
        votes = random.multinomial(12, np.full(6, 1 / 6), 300)
        quality = np.where(random.random(300) < 0.02, np.nan, random.random(300))
        table = ScoredTable(votes, patients=random.integers(0, 60, 300), quality=quality)
        predictions = {"model": random.dirichlet(np.full(6, 2.0), 300)}
        worst = evaluate(predictions, table, seed=seed).worst
        named += sum(one["by"] in ("quality", "patient size") for one in worst)
    assert named <= 12  # of 20 times 4 quality slices and about 2 of patient size, a fortieth by chance


def test_classes_confusion_and_reliability_are_of_each_model(
    predictions: dict[str, np.ndarray], found: Evaluation
) -> None:
    truth, shares = majority(TABLE.vote_shares()), TABLE.vote_shares()
    scored = ~np.isnan(predictions["worse"]).any(axis=1)
    records = [one for one in found.classes if one["model"] == "worse"]
    assert [one["class"] for one in records] == list(CLASSES)
    assert sum(one["kl"] for one in records) == pytest.approx(
        kl_divergence(shares[scored], predictions["worse"][scored]).mean()
    )
    known = scored & (truth != -1)
    assert records[GRDA]["auroc"] == pytest.approx(
        roc_auc_score(truth[known] == GRDA, predictions["worse"][known, GRDA])
    )
    np.testing.assert_allclose(np.sum(found.confusion["good"], axis=1), 1)
    bins = [one for one in found.reliability if (one["model"], one["class"]) == ("worse", "GRDA")]
    assert sum(one["rows"] for one in bins) == scored.sum()
    assert all(one["bin"] <= one["predicted"] <= one["bin"] + 0.1 for one in bins)


def test_fractions_alone(predictions: dict[str, np.ndarray], found: Evaluation) -> None:
    bare = evaluate(predictions, ScoredTable(shares=TABLE.vote_shares()))
    assert set(bare.missing) == {"votes", "agreement", "patients", "folds", "quality"}
    assert set(found.missing) == {"quality"}
    assert bare.patients is None
    assert not bare.floor
    assert not bare.experts
    assert {one["by"] for one in bare.slices} == {"class"}
    for one, with_all in zip(bare.for_json()["models"], found.models, strict=True):
        assert one["mean"] == pytest.approx(with_all["mean"])
        assert one["floor"] is one["closed"] is one["experts"] is None
        assert one["high"] - one["low"] != with_all["high"] - with_all["low"]


def test_unknown_patients_make_intervals_too_narrow() -> None:
    difficulty = np.random.default_rng(4).random(PATIENTS)[PATIENT, None]
    predictions = {"model": difficulty * TABLE.vote_shares() + (1 - difficulty) / 6}
    known, unknown = (evaluate(predictions, one).models[0] for one in (TABLE, replace(TABLE, patients=None)))
    assert unknown["high"] - unknown["low"] < 0.7 * (known["high"] - known["low"])


def test_it_goes_into_json_and_progress_reaches_its_end(predictions: dict[str, np.ndarray], found: Evaluation) -> None:
    steps: list[tuple[int, int]] = []
    again = evaluate(predictions, TABLE, progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))
    text = json.dumps(found.for_json(), allow_nan=False)
    assert text == json.dumps(again.for_json(), allow_nan=False)


def test_a_model_without_any_row_is_last_and_says_nothing(predictions: dict[str, np.ndarray]) -> None:
    nothing = evaluate({"none": np.full((ROWS, 6), np.nan), "good": predictions["good"]}, TABLE).for_json()
    assert [one["model"] for one in nothing["models"]] == ["good", "none"]
    last = nothing["models"][1]
    assert last["rows"] == 0
    assert last["mean"] is last["low"] is last["closed"] is last["experts"] is None
    assert nothing["differences"][0]["noise"]
    assert not [one for one in nothing["classes"] if one["model"] == "none"]


def test_the_scores_of_a_model_do_not_depend_on_other_models(
    predictions: dict[str, np.ndarray], found: Evaluation
) -> None:
    (record,) = evaluate({"good": predictions["good"]}, TABLE).models
    for key in ("mean", "low", "high"):
        assert record[key] == pytest.approx(found.models[0][key], rel=1e-9)
