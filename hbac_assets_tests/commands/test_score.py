"""`hbac score` on files of any origin: scores, counted oddities, and refusals in one line."""

import json

import numpy as np
import pandas as pd
import pytest

from hbac_assets.commands import score
from hbac_assets.commands.main import command_line
from hbac_assets.errors import HbacError
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets_tests.projects import HBAC, make_project
from hbac_assets_tests.report.pages import require_self_contained, require_shown

ROWS = 120
NAMES = [name.lower() for name in CLASSES]


@pytest.fixture
def votes():
    """A table of votes in the competition's columns, with folds."""
    rng = np.random.default_rng(0)
    counts = rng.multinomial(12, rng.dirichlet(np.ones(6), ROWS))
    table = pd.DataFrame(counts, columns=list(VOTE_COLUMNS))
    table.insert(0, "label_id", np.arange(ROWS) + 1000)
    return table.assign(patient_id=np.arange(ROWS) // 4, fold=np.arange(ROWS) // 4 % 3)


@pytest.fixture
def predictions(votes):
    """Two models: the vote fractions, blurred a little and a lot, with rows in another order."""

    def blurred(weight):
        shares = votes[list(VOTE_COLUMNS)].to_numpy() / 12
        frame = pd.DataFrame((1 - weight) * shares + weight / 6, columns=list(PROBABILITY_COLUMNS))
        frame.insert(0, "label_id", votes["label_id"])
        return frame.sample(frac=1, random_state=0)

    return {"sharp": blurred(0.2), "blurred": blurred(0.7)}


@pytest.fixture
def run(tmp_path, capsys):
    """Score tables as files; return what is printed and what is in the JSON file."""

    def write(name, frame):
        path = tmp_path / name
        frame.to_parquet(path, index=False) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        return str(path)

    def scored(tables, *more, votes=None):
        files = [write(name, frame) for name, frame in tables.items()]
        table = [] if votes is None else ["--votes", write("train.csv", votes)]
        result = tmp_path / "result.json"
        options = command_line().parse_args(["score", *files, *table, "--json", str(result), *more])
        assert score.main(options) == 0
        return capsys.readouterr().out, json.loads(result.read_text())

    return scored


def divergence(votes, predictions):
    """The mean KL divergence, by hand and by id."""
    merged = votes.merge(predictions, on="label_id")
    shares = merged[list(VOTE_COLUMNS)].div(merged[list(VOTE_COLUMNS)].sum(axis=1), axis=0).to_numpy()
    given = merged[list(PROBABILITY_COLUMNS)].to_numpy()
    return sum(
        p * np.log(p / q)
        for row, other in zip(shares, given, strict=True)
        for p, q in zip(row, other, strict=True)
        if p
    ) / len(merged)


def kl(result):
    return {record["model"]: record["mean"] for record in result["models"]}


def test_models_are_matched_by_id_and_ranked(run, votes, predictions):
    printed, result = run({f"{name}.parquet": frame for name, frame in predictions.items()}, votes=votes)
    assert kl(result) == pytest.approx({name: divergence(votes, frame) for name, frame in predictions.items()})
    lines = [line.split() for line in printed.splitlines()]
    ranked = [line[0] for line in lines if line and line[0] in predictions]
    assert ranked[:2] == ["sharp", "blurred"]
    assert f"{ROWS} rows, {ROWS // 4} patients" in printed
    (pair,) = result["differences"]
    assert (pair["first"], pair["second"], pair["noise"]) == ("sharp", "blurred", False)
    assert list(result["missing"]) == ["quality"]


def renamed(frame, pattern):
    return frame.rename(columns={f"{name}_probability": pattern.format(name) for name in NAMES})


@pytest.mark.parametrize(
    ("change", "options"),
    [
        (lambda frame: frame.assign(label_id=frame["label_id"].astype(float)), ()),
        (lambda frame: frame.assign(label_id=frame["label_id"].astype(str)), ()),
        (lambda frame: renamed(frame, "{}_vote"), ()),
        (lambda frame: renamed(frame, "{}"), ()),
        (lambda frame: frame.rename(columns=str.upper), ()),
        (lambda frame: renamed(frame, "p_{}"), ("--probabilities", "p_{}")),
    ],
    ids=["ids as floats", "ids as text", "Kaggle's columns", "names of classes", "upper case", "a pattern"],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_names_and_formats_make_no_difference(change, options, suffix, run, votes, predictions):
    _, result = run({f"sharp.{suffix}": change(predictions["sharp"])}, *options, votes=votes)
    assert kl(result) == pytest.approx({"sharp": divergence(votes, predictions["sharp"])})


def test_a_file_of_several_models_holds_its_own_votes(run, votes, predictions):
    """As oof.parquet: shares and the number of votes beside the probabilities."""
    shares = votes[list(VOTE_COLUMNS)].div(12).rename(columns=lambda name: name.replace("_vote", "_share"))
    known = votes[["label_id", "patient_id", "fold"]].join(shares).assign(vote_count=12)
    parts = [frame.assign(member=name).merge(known, on="label_id") for name, frame in predictions.items()]
    _, result = run({"oof.parquet": pd.concat(parts)})
    _, beside = run({f"{name}.csv": frame for name, frame in predictions.items()}, votes=votes)
    assert kl(result) == pytest.approx(kl(beside))
    floors = [pd.DataFrame(one["floor"]) for one in (result, beside)]
    pd.testing.assert_frame_equal(*floors, rtol=1e-12)  # counts from shares differ in their last bit
    assert result["patients"] == ROWS // 4


def test_other_names_of_other_columns(run, votes, predictions):
    table = votes.rename(columns={"label_id": "row", "patient_id": "subject", "fold": "part"})
    table = table.rename(columns={column: f"n_{column}" for column in VOTE_COLUMNS}).assign(snr=1.0)
    names = ("--id", "row", "--patient", "subject", "--fold", "part", "--votes-as", "n_{}_vote", "--quality", "snr")
    _, result = run({"one.csv": predictions["sharp"].rename(columns={"label_id": "row"})}, *names, votes=table)
    assert kl(result) == pytest.approx({"one": divergence(votes, predictions["sharp"])})
    assert result["missing"] == {}


def test_unknown_properties_are_reported(run, votes, predictions):
    shares = votes.assign(**{column: votes[column] / 12 for column in VOTE_COLUMNS})
    printed, result = run({"one.csv": predictions["sharp"]}, votes=shares.drop(columns=["patient_id", "fold"]))
    assert set(result["missing"]) == {"votes", "agreement", "patients", "folds", "quality"}
    assert result["floor"] == []
    assert result["patients"] is None
    for name, effect in result["missing"].items():
        assert f"without {name}: {effect}" in printed


def test_fewer_rows_are_scored_on_those_that_there_are(run, votes, predictions):
    part = predictions["sharp"].head(50)
    _, result = run({"all.csv": predictions["blurred"], "part.csv": part}, votes=votes)
    assert {record["model"]: record["rows"] for record in result["models"]} == {"all": ROWS, "part": 50}
    assert kl(result)["part"] == pytest.approx(divergence(votes, part))
    assert result["differences"][0]["rows"] == 50


def test_odd_rows_are_scored_unchanged_and_counted(run, votes, predictions):
    frame = predictions["sharp"].reset_index(drop=True)
    columns = list(PROBABILITY_COLUMNS)
    frame.loc[:4, columns] *= 0.5
    voted = votes.set_index("label_id").loc[frame["label_id"], list(VOTE_COLUMNS)].to_numpy() > 0
    frame.loc[9, columns[int(voted[9].argmax())]] = 0.0
    printed, result = run({"odd.csv": frame}, votes=votes)
    assert result["oddities"] == [
        {"model": "odd", "rows": ROWS, "rows_not_summing_to_1": 6, "rows_with_zero_where_votes_are": 1}
    ]
    assert "odd: 6 rows whose probabilities do not sum to 1, scored unchanged" in printed
    clipped = frame.assign(**{column: frame[column].clip(1e-15) for column in columns})
    assert kl(result)["odd"] == pytest.approx(divergence(votes, clipped))


def put(frame, row, column, value):
    frame = frame.reset_index(drop=True).astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda p, v: (p.drop(columns="lrda_probability"), v), "one.csv: expected the column lrda_probability, found"),
        (lambda p, v: (renamed(p, "x_{}"), v), r"one.csv: expected columns seizure_probability … .* --probabilities"),
        (lambda p, v: (p.drop(columns="label_id"), v), "expected the column label_id"),
        (lambda p, v: (pd.concat([p, p.head(1)]), v), r"one.csv, row 121, column label_id: expected each id once"),
        (lambda p, v: (put(p, 3, "label_id", np.nan), v), "row 4, column label_id: expected an id, found none"),
        (lambda p, v: (put(p, 3, "label_id", 7), v), "row 4, column label_id: expected an id with votes, found 7"),
        (lambda p, v: (put(p, 5, "gpd_probability", np.nan), v), "row 6, column gpd_probability: expected a prob"),
        (lambda p, v: (put(p, 5, "gpd_probability", -0.1), v), "row 6, column gpd_probability: .* found -0.1"),
        (lambda p, v: (put(p, 5, "gpd_probability", "inf"), v), "row 6, column gpd_probability: .* found inf"),
        (lambda p, v: (put(p, 5, "gpd_probability", "much"), v), "row 6, column gpd_probability: .* found much"),
        (lambda p, v: (p.head(0), v), "one.csv: expected rows, found none"),
        (lambda p, v: (p, v.drop(columns="gpd_vote")), "train.csv: expected the column gpd_vote"),
        (lambda p, v: (p, v.drop(columns=list(VOTE_COLUMNS))), "train.csv: expected columns seizure_vote .*--votes-as"),
        (lambda p, v: (p, v.assign(**dict.fromkeys(VOTE_COLUMNS, 0))), "row 1, .*: expected votes, found none"),
        (lambda p, v: (p, put(v, 2, "gpd_vote", -1)), "row 3, column gpd_vote: expected a number of votes"),
        (lambda p, v: (p, put(v, 2, "gpd_vote", None)), "row 3, column gpd_vote: expected a number of votes"),
        (lambda p, v: (p, pd.concat([v, v.tail(1)])), "train.csv, row 121, column label_id: expected each id once"),
        (lambda p, v: (p, None), r"expected votes \(seizure_vote or seizure_share …\), .* --votes"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_scored_are_refused_in_one_line(spoil, complaint, run, votes, predictions):
    given, table = spoil(predictions["sharp"], votes)
    with pytest.raises(HbacError, match=complaint) as caught:
        run({"one.csv": given}, votes=table)
    assert "\n" not in str(caught.value)


def test_two_models_of_one_name_and_files_that_disagree_are_refused(run, votes, predictions):
    with pytest.raises(HbacError, match=r"one\.parquet: expected a model of another name .*, found 'one'"):
        run({"one.csv": predictions["sharp"], "one.parquet": predictions["sharp"]}, votes=votes)
    mine = predictions["sharp"].merge(votes, on="label_id")
    other = mine.assign(seizure_vote=mine["seizure_vote"] + 1)
    with pytest.raises(HbacError, match="expected the same votes in all files, found different votes for 1"):
        run({"one.csv": mine, "other.csv": other})


def test_files_that_are_none_are_refused_before_anything_is_scored(tmp_path):
    project = make_project(tmp_path / "project")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    for file, complaint in ((tmp_path / "none.csv", "expected a file, found none"), (broken, "a parquet or CSV table")):
        done = project.command(*HBAC, "score", str(file))
        assert (done.returncode, done.stdout) == (1, "")
        assert str(file) in done.stderr
        assert complaint in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    done = project.command(*HBAC, "score", str(broken), "--json", str(tmp_path / "no" / "folder.json"))
    assert "--json: expected a file in a folder that exists, found no folder" in done.stderr


def test_the_page_has_the_numbers_of_the_json_file(run, votes, predictions, tmp_path):
    models = {"<b>sharp</b>": predictions["sharp"], "blurred $x$": predictions["blurred"]}
    table = pd.concat([frame.assign(member=name) for name, frame in models.items()])
    target = tmp_path / "scores.html"
    printed, result = run({"models & more.csv": table}, "--html", str(target), votes=votes)
    assert f"with charts: {target}" in printed
    page = require_self_contained(target.read_text())
    assert f"predictions: {tmp_path / 'models & more.csv'}" in page.text
    assert f"votes: {tmp_path / 'train.csv'}" in page.text
    verdicts = {True: "may be chance", False: "more than chance"}
    (pair,) = result["differences"]
    behind = [-pair["difference"], (-pair["high"], -pair["low"]), verdicts[pair["noise"]]]
    require_shown(
        page.table("Scores in nats"),
        [
            [
                one["model"], one["mean"], (one["low"], one["high"]), one["rows"], one["closed"],
                "9 or more" if one["experts"] >= 9 else one["experts"],
                *(behind if one["model"] == pair["second"] else [None] * 3),
            ]
            for one in result["models"]
        ],
    )  # fmt: skip
    best = result["models"][0]["model"]
    classes = [one for one in result["classes"] if one["model"] == best]
    values = [[one["class"], one["rows"], one["kl"], one["auroc"], one["auprc"]] for one in classes]
    require_shown(page.table(f"{best}, class by class"), values)
    confusion = zip(CLASSES, result["confusion"][best], strict=True)
    require_shown(page.table("The mean prediction"), [[f"{name} voted", *row] for name, row in confusion])
    assert "Without quality: no slices by signal quality." in page.text


def test_a_page_of_vote_fractions_has_no_floor(run, votes, predictions, tmp_path):
    shares = votes.assign(**{column: votes[column] / 12 for column in VOTE_COLUMNS})
    target = tmp_path / "scores.html"
    run(
        {"one.csv": predictions["sharp"].head(7)},
        "--html",
        str(target),
        votes=shares.drop(columns=["patient_id", "fold"]),
    )
    page = require_self_contained(target.read_text())
    assert "Unknown: the floor needs the votes" in page.text
    assert page.table("Scores in nats").rows[0][4:] == ["–"] * 5
    assert ["Patients", "–"] in page.table("The scored rows").rows


def test_a_page_that_cannot_be_written_is_told_before_anything_is_read(tmp_path):
    options = command_line().parse_args(["score", "none.csv", "--html", str(tmp_path)])
    with pytest.raises(HbacError, match="--html: expected a file in a folder that exists, found a folder"):
        score.main(options)
