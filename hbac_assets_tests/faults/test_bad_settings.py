"""Invalid experiment files and environment variables: one line, and existing results stay."""

import re

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.resources.gpus import present_gpus
from hbac_assets.store.files import file_digest
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.small import NAME

GOOD = """\
description: one member
folds: 3
members:
  small: {backbone: mobilenet_v3_small, epochs: 4}
"""


def instead(old, new):
    """Return the good file with something else in the place of a part."""
    assert old in GOOD
    return GOOD.replace(old, new)


def member(setting):
    """Return the good file with a setting of its member in the place of the epochs."""
    return instead("epochs: 4", setting)


def doubling(levels):
    """Return lists of lists by aliases, each ten times the one before."""
    lists = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, levels))
    return f"l0: &l0 [x, x]\n{lists}{GOOD}"


NO_TEXT = "expected plain YAML, found a key that is not text, {}; put it between quotes or remove it"
FILES = {
    "a tab before a key": (
        instead("  small", "\tsmall"),
        r", row 4, column 1: expected plain YAML, found .*'\\t'.*; indent with spaces",
    ),
    "an unknown key": (
        instead("folds", "fold"),
        r": fold: unknown key, found 3; expected one of description, .*folds, .*; correct or remove it",
    ),
    "a nested key that is misspelt": (
        member("schedule: {peek: 0.1}"),
        r": members.small.schedule.peek: unknown key, found 0.1; expected one of kind, start, peak, ",
    ),
    "folds: many": (instead(": 3", ": many"), ": folds: expected a whole number, found 'many'; correct it"),
    "folds: 3.5": (instead(": 3", ": 3.5"), ": folds: expected a whole number, found 3.5; correct it"),
    "folds without a value": (instead(": 3", ":"), ": folds: expected a whole number, found None; correct it"),
    "epochs: 2.5": (
        member("epochs: 2.5"),
        r": members.small.epochs: expected a whole number, found 2.5; correct it",
    ),
    "epochs: yes": (
        member("epochs: yes"),
        r": members.small.epochs: expected no true or false .*, found True",
    ),
    "a yes in a list": (
        member("preprocessing: {image_size: [yes, 64]}"),
        r": members.small.preprocessing.image_size: expected no true or false .*, found \[True, 64\]; correct it",
    ),
    "an EEG's overlap of true": (
        member("preprocessing: {input: eeg, eeg: {overlap: yes}}"),
        ": members.small.preprocessing.eeg.overlap: expected no true or false .*, found True; correct it",
    ),
    "a learning rate that is text": (
        member("schedule: {peak: fast}"),
        ": members.small.schedule.peak: expected a number, found 'fast'; correct it",
    ),
    "a size of one number": (
        member("preprocessing: {image_size: 64}"),
        ": members.small.preprocessing.image_size: expected a list, found 64; correct it",
    ),
    "a dropout of NaN": (member("dropout: .nan"), ": members.small.dropout: expected a finite number, found nan"),
    "an infinite learning rate": (
        member("schedule: {peak: .inf}"),
        ": members.small.schedule.peak: expected a finite number, found inf; correct it",
    ),
    "a bound of NaN": (
        member("preprocessing: {clip: [.nan, 8]}"),
        r": members.small.preprocessing.clip.0: expected a finite number, found nan; correct it",
    ),
    "an EEG's band of NaN": (
        member("preprocessing: {input: eeg, eeg: {frequencies: [.nan, 20]}}"),
        r": members.small.preprocessing.eeg.frequencies.0: expected a finite number, found nan; correct it",
    ),
    "members that are a list": (
        "description: x\nmembers: [mobilenet_v3_small]\n",
        r": members: expected keys and values, found \['mobilenet_v3_small'\]; correct it",
    ),
    "members without a value": (
        "description: x\nmembers:\n",
        ": members: expected keys and values, found None; correct it",
    ),
    "no members": ("description: x\n", ": members: expected this key, found none; add it"),
    "a member that is a number": (
        "description: x\nmembers: {small: 0}\n",
        ": members.small: expected keys and values, found 0; correct it",
    ),
    "a member whose name is a path": (
        instead("small:", "../../small:"),
        r": members.*: expected lower-case letters, digits and single underscores, .*, found '../../small'; correct it",
    ),
    "a member whose name is too long": (
        instead("small:", f"{'a' * 300}:"),
        r": members.*: expected .* at most 60 characters, found 'aaa.*…; correct it",
    ),
    "a recipe that is a list": (
        instead("folds: 3", "recipe: [1]"),
        r": recipe: expected keys and values, found \[1\]; correct it",
    ),
    "a key twice": (
        instead("folds: 3", "folds: 3\nfolds: 5"),
        ", row 3, column 1: expected plain YAML, found the key folds a second time; remove one of the two",
    ),
    "a nested key twice": (
        member("epochs: 4, epochs: 5"),
        ", row 4, column 52: expected plain YAML, found the key epochs a second time; remove one of the two",
    ),
    "a key that YAML takes for true": (instead("small", "on"), f", row 4, column 3: {NO_TEXT.format('on')}"),
    "a key that is a list": (instead("folds", "? [folds]\n"), f", row 2, column 3: {NO_TEXT.format('.*')}"),
    "an empty file": ("", ": expected keys and values, found nothing; correct it"),
    "a list": ("- 1\n- 2\n", ": expected keys and values, found list; correct it"),
    "a sentence": ("hello", ": expected keys and values, found str; correct it"),
    "a bracket that is not closed": (
        instead("4}", "4"),
        r", row 5, column 1: expected plain YAML, found a fault ",
    ),
    "two documents": (
        f"{GOOD}---\n{GOOD}",
        r", row 5, column 1: expected plain YAML, found a fault \(.*\)",
    ),
    "bytes that are not UTF-8": (
        instead("one", "für").encode("latin-1"),
        ": expected text in UTF-8, found byte 0xfc; save it so",
    ),
    "a zero byte": (instead("one", "\0"), r": expected YAML, found a fault \(.*#x0000.*\); correct it"),
    "a number of 5000 digits": (member(f"epochs: {'9' * 5000}"), r": expected YAML, found a fault \(.*\); correct it"),
    "lists in lists without end": (
        instead(": 3", ": " + "[" * 5000 + "]" * 5000),
        ": expected a few levels of keys and values, found too many; correct it",
    ),
    "aliases that multiply": (
        doubling(levels=10),
        r", row 2, column 10: expected plain YAML, found the alias \*l0; write out what it stands for, or put it below",
    ),
    "a value that holds itself": (
        "description: x\nmembers: &m {small: *m}\n",
        r", row 2, column 21: expected plain YAML, found the alias \*m; write out what it stands for",
    ),
    "an object to be constructed": (
        instead(": 3", ": !!python/object/apply:os.mkdir [constructed]"),
        r", row 2, column 8: expected plain YAML, found a fault \(.*python/object/apply:os.mkdir.*\); correct it",
    ),
}
ACCEPTED = {
    "a number without a point": (member("schedule: {peak: 4e-3}"), lambda small: small.schedule.peak == 0.004),
    "a byte-order mark": (f"\ufeff{GOOD}", lambda small: small.epochs == 4),
    "lines that end as on Windows": (GOOD.replace("\n", "\r\n"), lambda small: small.epochs == 4),
    "a date as a description": (instead("one member", "2024-02-30"), lambda small: small.epochs == 4),
}
NO_FOLDER = "expected the path of a folder, found '.*', where .*/a_file is a file; correct it"
NO_HOME = "DAGSTER_HOME: expected the absolute path of a folder, with Dagster's settings in dagster.yaml, found"
NO_URI = "MLFLOW_TRACKING_URI: expected a URI of MLflow, such as .*, found"
VARIABLES = {
    "data nowhere": (
        {"HBAC_DATA_DIR": "{here}/nowhere"},
        "/nowhere: expected a folder in Kaggle's layout, found none; correct HBAC_DATA_DIR",
    ),
    "data that are a file": ({"HBAC_DATA_DIR": "{here}/a_file"}, f"HBAC_DATA_DIR: {NO_FOLDER}"),
    "data in an empty folder": (
        {"HBAC_DATA_DIR": "{here}/empty"},
        "/empty/train.csv: expected a file, found none; download the competition's data or correct HBAC_DATA_DIR",
    ),
    "a store below a file": ({"HBAC_STORE": "{here}/a_file/store"}, f"HBAC_STORE: {NO_FOLDER}"),
    "a store whose name is too long": (
        {"HBAC_STORE": f"{{here}}/{'a' * 300}"},
        r"HBAC_STORE: expected the path of a folder, found '.*' \(.*too long.*\); correct it",
    ),
    "a store of nobody": (
        {"HBAC_STORE": "~nobody-of-that-name/store"},
        r"HBAC_STORE: expected the path of a folder, found '~nobody-of-that-name/store' \(.*\); correct it",
    ),
    "a store with a percent sign": (
        {"HBAC_STORE": "{here}/100%25/store"},
        "HBAC_STORE: expected a folder without % in its path, which databases read as something else, found .*; rename",
    ),
    "a DAGSTER_HOME with a percent sign": (
        {"DAGSTER_HOME": "{here}/100%25"},
        "DAGSTER_HOME: expected a folder without % in its path, which databases read as something else, found .*; rena",
    ),
    "an unknown experiment": (
        {"HBAC_EXPERIMENT": "quikstart"},
        "HBAC_EXPERIMENT: expected one of ablation, best, best_cpu, odu, .* or the path of a .yaml file, "
        "found 'quikstart'; correct it",
    ),
    "an experiment by a path without a suffix": (
        {"HBAC_EXPERIMENT": "../experiments/quickstart"},
        r"HBAC_EXPERIMENT: expected one of .*, found '\.\./experiments/quickstart'; correct it",
    ),
    "an experiment's file that is not there": (
        {"HBAC_EXPERIMENT": "{here}/nowhere.yaml"},
        "/nowhere.yaml: expected a YAML file, found none; correct HBAC_EXPERIMENT",
    ),
    "a folder in the place of an experiment's file": (
        {"HBAC_EXPERIMENT": "{here}/folder.yaml"},
        "/folder.yaml: expected a YAML file, found something else; correct HBAC_EXPERIMENT",
    ),
    "an experiment's file with a name of two lines": (
        {"HBAC_EXPERIMENT": "{here}/two\nlines.yaml"},
        r"HBAC_EXPERIMENT: expected a file whose name is up to 60 letters, .*, found '.*/two\\nlines.yaml'; rename it",
    ),
    "an experiment's file named as the folder above": (
        {"HBAC_EXPERIMENT": "{here}/...yaml"},
        r"HBAC_EXPERIMENT: expected a file whose name is .*, found '.*/\.\.\.yaml'; rename it",
    ),
    "an experiment's file named as one of the project": (
        {"HBAC_EXPERIMENT": "{here}/quickstart.yaml"},
        "HBAC_EXPERIMENT: expected a file whose name is not that of an experiment of this project, found '.*/quickst"
        "art.yaml'; rename it, or their results would overwrite each other",
    ),
    "an experiment's file named as one of the project in miniature": (
        {"HBAC_EXPERIMENT": "{here}/odu-miniature.yaml"},
        "HBAC_EXPERIMENT: expected a file whose name is not that of an experiment of this project, found '.*/odu-",
    ),
    "an unknown device": (
        {"HBAC_DEVICE": "tpu"},
        "HBAC_DEVICE: expected one of auto, gpu, cpu, found 'tpu'; correct it",
    ),
    "a GPU where there is none": (
        {"HBAC_DEVICE": "gpu"},
        "HBAC_DEVICE: found 'gpu', but no GPU is visible .*: install the driver, .* or set HBAC_DEVICE to auto or cpu",
    ),
    "an unknown precision": (
        {"HBAC_PRECISION": "float16"},
        "HBAC_PRECISION: expected one of auto, float32, mixed_bfloat16, found 'float16'; correct it",
    ),
    "neither miniature nor not": (
        {"HBAC_MINIATURE": "yes"},
        "HBAC_MINIATURE: expected one of 0, 1, found 'yes'; correct it",
    ),
    **{
        f"{number} recordings": (
            {"HBAC_SYNTHETIC_RECORDINGS": number},
            f"HBAC_SYNTHETIC_RECORDINGS: expected a whole number, 8 or more, found '{number}'; correct it",
        )
        for number in ("0", "-1", "1e6", "many")
    },
    "no GPU for a cell": (
        {"HBAC_GPUS_PER_CELL": "0"},
        "HBAC_GPUS_PER_CELL: expected a whole number, 1 or more, found '0'; correct it",
    ),
    "a flag that JAX does not know": (
        {"XLA_FLAGS": "--xla_gpu_enable_triton_softmax_fusion_of_old=true"},
        r"XLA_FLAGS: expected flags that this JAX knows, found '.*' \(Unknown flag .*\); correct or unset it",
    ),
    "a tracking URI that is a folder": (
        {"MLFLOW_TRACKING_URI": "file://{here}/mlruns"},
        "MLFLOW_TRACKING_URI: expected the URI of a database or server, found 'file:///.*/mlruns', a path, to which "
        "MLflow no longer writes; set it to sqlite:////.*/mlruns/mlflow.db ",
    ),
    "a tracking URI that is the path of a database": (
        {"MLFLOW_TRACKING_URI": "{here}/mlflow.db"},
        r"found '/.*/mlflow.db', a path, to which MLflow no longer writes; set it to sqlite:////.*/mlflow.db \(",
    ),
    "a tracking URI of an unknown kind": (
        {"MLFLOW_TRACKING_URI": "gopher://somebody:secret@127.0.0.1"},
        rf"{NO_URI} 'gopher://somebody:\*\*\*@127.0.0.1'; correct it",
    ),
    "a tracking URI that is none": ({"MLFLOW_TRACKING_URI": "http://[::1"}, rf"{NO_URI} 'http://\[::1'; correct it"),
    "a tracking URI without a number as its port": (
        {"MLFLOW_TRACKING_URI": "http://127.0.0.1:many"},
        f"{NO_URI} 'http://127.0.0.1:many'; correct it",
    ),
    "a tracking database without its driver": (
        {"MLFLOW_TRACKING_URI": "mysql+no_such_driver://somebody:secret@127.0.0.1/mlflow"},
        r"MLFLOW_TRACKING_URI: expected the URI of a database whose driver is installed, found "
        r"'mysql\+no_such_driver://somebody:\*\*\*@127.0.0.1/mlflow' \(.*\); install the driver with pip or correct",
    ),
    "a relative DAGSTER_HOME": (
        {"DAGSTER_HOME": "data/nowhere"},
        rf"{NO_HOME} 'data/nowhere' \(.*\); correct it or unset it",
    ),
    "a DAGSTER_HOME nowhere": ({"DAGSTER_HOME": "{here}/nowhere"}, rf"{NO_HOME} '.*/nowhere' \(.*\); correct it"),
    "a DAGSTER_HOME that is a file": (
        {"DAGSTER_HOME": "{here}/a_file"},
        "DAGSTER_HOME: expected a folder that can be written, found .*/a_file; make it writable or name another",
    ),
    "a database of Dagster that is none": (
        {"DAGSTER_HOME": "{here}/garbled"},
        "DAGSTER_HOME: expected Dagster's databases in .*/garbled, found something else .*; move its folders history",
    ),
    "a dagster.yaml with a tab": (
        {"DAGSTER_HOME": "{here}/tab"},
        rf"{NO_HOME} '.*/tab' \(.*line 2.*\); correct it",
    ),
    "a dagster.yaml with an unknown key": (
        {"DAGSTER_HOME": "{here}/unknown"},
        rf"{NO_HOME} '.*/unknown' \(.*\"telemetri\".*\); correct it",
    ),
}


@pytest.fixture
def here(tmp_path):
    """A folder with what the variables point to."""
    (tmp_path / "a_file").write_text("")
    for folder in ("empty", "folder.yaml", "tab", "unknown"):
        (tmp_path / folder).mkdir()
    for name in ("...yaml", "two\nlines.yaml", "quickstart.yaml", "odu-miniature.yaml"):
        (tmp_path / name).write_text(GOOD)
    (tmp_path / "garbled" / "history").mkdir(parents=True)
    (tmp_path / "garbled" / "history" / "runs.db").write_bytes(b"no database" * 1000)
    (tmp_path / "tab" / "dagster.yaml").write_text("telemetry:\n\tenabled: false\n")
    (tmp_path / "unknown" / "dagster.yaml").write_text("telemetri: {enabled: false}\n")
    return tmp_path


@pytest.fixture
def write(tmp_path):
    """Return the path of a file with a content."""

    def write(content):
        path = tmp_path / "mine.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture
def made(undisturbed):
    """A finished project, whose results must be the same afterwards."""
    before = digests(undisturbed)
    yield undisturbed
    assert digests(undisturbed) == before


def digests(project):
    results = (file for file in project.results.parent.rglob("*") if file.is_file())
    return {file: file_digest(file) for file in results}


def refused(project, **environment):
    """Return the last line of `make run`, which must have no traceback above it."""
    done = project.run(**environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_refused_in_one_line(name, write):
    content, expected = FILES[name]
    path = write(content)
    with pytest.raises(HbacError) as caught:
        load_experiment(path)
    assert re.search(f"^{re.escape(path)}{expected}", str(caught.value))
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", some_at_once(FILES))
def test_a_run_with_it_ends_with_that_line(name, write, made, case):
    content, expected = FILES[name]
    path = write(content)
    line = refused(made, HBAC_EXPERIMENT=path)
    case(name, expected, line)
    assert re.search(f"^{re.escape(path)}{expected}", line)


@pytest.mark.parametrize("name", ACCEPTED)
def test_unusual_but_valid_values_are_accepted(name, write, case):
    content, is_right = ACCEPTED[name]
    small = load_experiment(write(content)).members["small"]
    case(name, "accepted", "accepted")
    assert is_right(small)


@pytest.mark.parametrize("name", some_at_once(VARIABLES))
def test_a_run_with_such_a_variable_ends_in_one_line(name, here, made, case):
    variables, expected = VARIABLES[name]
    if variables.get("HBAC_DEVICE") == "gpu" and present_gpus():
        pytest.skip("this machine has a GPU")
    line = refused(made, **{key: value.replace("{here}", str(here)) for key, value in variables.items()})
    case(name, expected, line)
    assert re.search(expected, line)


def test_another_file_of_the_same_name_overwrites_no_models(tmp_path, made, case):
    other, first = tmp_path / f"{NAME}.yaml", made.environment["HBAC_EXPERIMENT"]
    other.write_text(GOOD)
    line = refused(made, HBAC_EXPERIMENT=str(other))
    case("two experiment files of one name", "the second is refused", line)
    assert line.startswith(f"HBAC_EXPERIMENT: expected a file whose name no other has, found {other}: the results")
    assert f"are those of {first}, and would be overwritten; rename {other} or set another HBAC_STORE" in line


@pytest.mark.parametrize("name", some_at_once(["a key twice", "an unknown device", "an object to be constructed"]))
def test_dagsters_own_command_shows_the_line_too(name, write, made, case):
    if name in FILES:
        content, expected = FILES[name]
        variables = {"HBAC_EXPERIMENT": write(content)}
    else:
        variables, expected = VARIABLES[name]
    done = made.command("dagster", "asset", "materialize", "--select", "competition_data", **variables)
    lines = [line for line in done.stderr.splitlines() if re.search(expected, line)]
    case(f"{name}, by dagster asset materialize", expected, lines[-1] if lines else done.stderr[-300:])
    assert done.returncode != 0
    assert lines
