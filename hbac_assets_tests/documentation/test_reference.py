"""The reference pages list everything in the code: each setting, variable, command, asset and file."""

import ast
import re

import pytest

from documentation.commands import commands_markdown, parsers
from documentation.reference import MADE, MARK, fill
from hbac_assets import defs
from hbac_assets.commands.main import COMMANDS, command_line
from hbac_assets.experiments import schema
from hbac_assets.inventory.layout import Kind
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.settings import Settings
from hbac_assets_tests.documentation.pages import DOCS
from hbac_assets_tests.projects import CHECKOUT

VARIABLE = re.compile(r"(?:HBAC|MLFLOW|DAGSTER|CUDA|JAX|XLA)(?:_[A-Z]+)+")
# Set for a moment around calls of MLflow and JAX, whatever they were: no user's business.
INNER = {
    "MLFLOW_ALLOW_FILE_STORE", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "MLFLOW_UV_AUTO_DETECT",
}  # fmt: skip


def rows(text):
    """Return the cells of the rows of all tables, by heading."""
    found = {}
    for line in text.splitlines():
        if line.startswith("## "):
            heading = found.setdefault(line.removeprefix("## "), [])
        elif line.startswith("| `"):
            heading.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def subclasses(model):
    for one in model.__subclasses__():
        yield one
        yield from subclasses(one)


def test_each_mark_stands_on_one_page_and_each_page_is_filled():
    marks = [mark for page in (DOCS / "reference").glob("*.md") for mark in MARK.findall(page.read_text())]
    assert sorted(marks) == sorted(MADE)
    assert "made from the code:" not in fill((DOCS / "reference" / "settings.md").read_text())
    with pytest.raises(KeyError):
        fill("<!-- made from the code: nothing -->")


def test_each_setting_is_in_its_table_with_a_meaning():
    tables = rows(MADE["settings"]())
    models = {one.__name__: one for one in subclasses(Settings) if one.__module__.startswith("hbac_assets.")}
    assert set(tables) == set(models)
    for name, model in models.items():
        keys = [row[0].strip("`") for row in tables[name]]
        assert keys == [key for key in model.model_fields if (model, key) != (schema.Experiment, "name")]
        assert all(len(row) == 4 and all(row) for row in tables[name]), name


def test_values_and_defaults_are_those_of_the_code():
    member = {row[0].strip("`"): row[1:3] for row in rows(MADE["settings"]())["MemberSettings"]}
    assert member["epochs"] == ["whole number, > 0", "`13`"]
    assert member["target"] == ["`consensus`, `votes`", "`votes`"]
    assert "`bipolar_resnet`" in member["backbone"][0]
    assert member["backbone"][1] == "required"
    assert member["ema_decay"] == ["number, > 0, < 1 or none", "none"]
    assert member["seed"] == ["whole number, ≥ 0, < 4294967296", "`42`"]
    assert member["stages"][0] == "list: [Stage](#stage)"


def variables_in_the_code():
    found = set()
    for file in (CHECKOUT / "hbac_assets").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        if VARIABLE.search(source):
            texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
            found.update(name for text in texts if isinstance(text, str) for name in VARIABLE.findall(text))
    return found


def test_each_variable_of_the_code_is_on_the_page():
    listed = {row[0].strip("`") for table in rows(MADE["variables"]()).values() for row in table}
    found = variables_in_the_code()
    assert found - INNER - listed == set()
    assert {name for name in listed if VARIABLE.fullmatch(name)} - found == set()


def test_defaults_of_variables_are_what_the_environment_without_them_gives(monkeypatch):
    tables = rows(MADE["variables"]())
    own = {row[0].strip("`"): row[3] for row in tables["This project's"]}
    assert own["HBAC_SYNTHETIC_RECORDINGS"] == f"`{resources_from_environment({})['competition'].synthetic_recordings}`"
    assert own["HBAC_STORE"] == "`data/store`"
    assert own["HBAC_DAGSTER_PORT"] == "`3000`"
    monkeypatch.setenv("HBAC_EXPERIMENT", "odu")
    assert rows(MADE["variables"]()) == tables  # of no one machine


def test_each_command_and_each_of_its_options_is_on_the_page():
    text = commands_markdown()
    headings = re.findall("^## (.+)$", text, re.M)
    assert {f"hbac {name}" for name in COMMANDS} < set(headings)
    for parser in parsers(command_line()):
        section = text.partition(f"## {parser.prog}\n")[2].partition("\n## ")[0]
        options = [option for action in parser._actions for option in action.option_strings]
        assert [option for option in options if option not in section] == [], parser.prog
    assert "--yes" in text.partition("## hbac store prune\n")[2]


def test_each_asset_and_check_is_on_the_page():
    tables = rows(MADE["assets"]())
    graph = defs.resolve_asset_graph()
    assets = {row[0].strip("`"): row for row in tables["Assets"]}
    assert set(assets) == {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert all(all(row) for row in assets.values())
    assert assets["submission"][1] == "results"
    assert {row[0].strip("`") for row in tables["Checks"]} == {key.name for key in graph.asset_check_keys}
    order = list(assets)
    parents = {name: re.findall("`(.+?)`", row[3]) for name, row in assets.items()}
    assert all(order.index(parent) < order.index(name) for name, found in parents.items() for parent in found)


def test_each_kind_of_file_is_on_the_page_in_plain_words():
    text = MADE["store"]()
    named = re.findall(r"^\| ([^|`]+?) \| `", text, re.M)
    assert set(named) == {kind.value for kind in Kind}
    assert "| `<data set>/<experiment>/models/<member>/fold_<fold>` |" in text
    assert not re.search(r"\\|\(\?|\[\^|\{\d", text)
