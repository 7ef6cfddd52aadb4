"""What a run passes on to its steps is readable by everybody on Ray's pages: no secret is among it."""

from hbac_assets.execution.cluster.variables import visible_variables

SECRET = "open-sesame"


def test_settings_are_passed_on_and_secrets_are_not():
    plain = {
        "HBAC_STORE": "/shared/store",
        "HBAC_EXPERIMENT": "quickstart",
        "HBAC_DAGSTER_URI": "postgresql+psycopg2://user@host/dagster",
        "MLFLOW_TRACKING_URI": "http://host:5000",
        "DAGSTER_HOME": "/shared/dagster",
        "XLA_FLAGS": "--xla_dump_to=/tmp/x",
    }
    assert visible_variables(plain) == plain
    secrets = {
        "HBAC_DAGSTER_URI": f"postgresql+psycopg2://user:{SECRET}@host/dagster",
        "MLFLOW_TRACKING_URI": f"https://{SECRET}@host",
        "HBAC_MIRROR": f"s3://bucket?secret_key={SECRET}",
        "MLFLOW_TRACKING_PASSWORD": SECRET,
        "MLFLOW_TRACKING_TOKEN": SECRET,
        "PGPASSWORD": SECRET,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "PATH": "/usr/bin",
    }
    assert visible_variables(secrets) == {}
