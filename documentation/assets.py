"""The assets, checks and jobs, from the definitions."""

from dagster import AssetKey

from documentation.markdown import code, first_paragraph, table
from hbac_assets import defs
from hbac_assets.assets.trained_models import GridConfig
from hbac_assets.lineage import CODE_VERSIONS


def assets_markdown() -> str:
    """Return tables of the assets, the checks, the jobs and the configuration of a launch."""
    graph = defs.resolve_asset_graph()
    keys = [key for level in graph.toposorted_asset_keys_by_level for key in level]
    assets = table(("asset", "group", "description", "made from", "made with", "code"), map(_row, keys))
    checks = [
        (code(key.name), code(key.asset_key.to_user_string()), "yes" if spec.blocking else "no", spec.description or "")
        for key in sorted(graph.asset_check_keys)
        if (spec := graph.get_check_spec(key))
    ]
    jobs = [(code(job.name), job.description or "") for job in defs.jobs or []]
    config = [
        (code(name), code(field.get_default(call_default_factory=True)), field.description or "")
        for name, field in GridConfig.model_fields.items()
    ]
    return "\n\n".join(
        (
            f"## Assets\n\n{assets}",
            f"## Checks\n\n{table(('check', 'of', 'ends the run', 'condition'), checks)}",
            f"## Jobs\n\n{table(('job', 'description'), jobs)}",
            f"## Configuration of trained_models\n\n{table(('key', 'default', 'meaning'), config)}",
        )
    )


def _row(key: AssetKey) -> tuple[str, ...]:
    node = defs.resolve_asset_graph().get(key)
    name = key.to_user_string()
    parents = ", ".join(sorted(code(parent.to_user_string()) for parent in node.parent_keys))
    version = CODE_VERSIONS.get(name, node.code_version)
    return (
        code(name),
        node.group_name,
        first_paragraph(node.description),
        parents or "raw files",
        ", ".join(sorted(node.kinds)),
        str(version),
    )
