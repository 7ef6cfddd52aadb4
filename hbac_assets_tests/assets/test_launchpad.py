"""The launchpad's fields: each has a description and, unless the environment gives it, a default."""

import pytest
from dagster import AssetKey

from hbac_assets import defs
from hbac_assets.experiments.loading import available_experiments


def fields(schema):
    return schema.config_type.fields


def resource(name):
    return defs.get_repository_def().get_top_level_resources()[name].config_schema


def test_members_and_folds_have_defaults_and_descriptions():
    config = defs.resolve_asset_graph().assets_def_for_key(AssetKey("trained_models")).node_def.config_schema
    offered = fields(config)
    assert {name: field.default_value for name, field in offered.items()} == {
        "members": [],
        "folds": [],
        "retrain": False,
    }
    assert all(field.description for field in offered.values())


@pytest.mark.parametrize("name", ["competition", "store", "experiment", "accelerator", "tracking"])
def test_every_field_of_a_resource_has_a_description(name):
    for field, offered in fields(resource(name)).items():
        assert offered.description, f"{name}.{field}"


def test_the_experiment_lists_its_choices_and_says_what_miniature_does():
    offered = fields(resource("experiment"))
    assert all(name in offered["name"].description for name in available_experiments())
    assert "minutes" in offered["miniature"].description
