"""The environment variables: meaning, default and allowed values, from the code."""

from collections.abc import Iterator
from typing import get_args

from documentation.markdown import code, table
from hbac_assets.commands.ui import PORTS
from hbac_assets.commands.variables import SWITCHES
from hbac_assets.experiments.loading import available_experiments
from hbac_assets.resources.accelerator import Device, Precision
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.paths import DEFAULT_PLACES, PROJECT_FOLDER
from hbac_assets.synthetic.settings import FEWEST_RECORDINGS

# Meaning, values; the default is the code's.
OWN = {
    "HBAC_DATA_DIR": ("the competition's files, in Kaggle's layout", "a folder"),
    "HBAC_STORE": ("folder of the results; synthetic data and compiled programs go beside it", "a folder"),
    "HBAC_EXPERIMENT": ("the experiment", ", ".join(map(code, available_experiments())) + ", or a `.yaml` file"),
    "HBAC_MINIATURE": ("`1` reduces the experiment to minutes", "`0`, `1`"),
    "HBAC_SYNTHETIC_RECORDINGS": (
        "size of the synthetic set, in spectrogram files of the training set",
        f"whole number, ≥ {FEWEST_RECORDINGS}",
    ),
    "HBAC_DEVICE": (
        "device; `auto` is a GPU if JAX can use one, otherwise the CPU",
        ", ".join(map(code, get_args(Device))),
    ),
    "HBAC_GPUS_PER_CELL": ("number of GPUs that split the batches of one cell", "whole number, ≥ 1"),
    "HBAC_PRECISION": (
        "of training; `auto` is `mixed_bfloat16` on a GPU and `float32` on the CPU",
        ", ".join(map(code, get_args(Precision))),
    ),
    "HBAC_MIRROR": ("the mirror of `hbac store push` and `hbac store pull`", "`s3://bucket/prefix`, `file:///folder`"),
    "HBAC_RAY": ("the head of a Ray cluster, whose nodes run the steps; see `docs/cluster.md`", "`http://host:8265`"),
    "HBAC_DAGSTER_URI": (
        "the database of Dagster's records, for runs on a cluster; without it they are files in `DAGSTER_HOME`",
        "`postgresql+psycopg2://user@host/database`",
    ),
    "HBAC_DAGSTER_PORT": ("the port of 127.0.0.1 on which `make ui` shows Dagster", "1 to 65535"),
    "HBAC_MLFLOW_PORT": ("the same for MLflow", "1 to 65535"),
}
OTHERS = {
    "DAGSTER_HOME": ("Dagster's settings and records", "an absolute path"),
    "MLFLOW_TRACKING_URI": (
        "MLflow's database, of PostgreSQL as `postgresql+psycopg2://…`, or server, which also keeps the artifacts",
        "a URI",
    ),
    "MLFLOW_BACKEND_STORE_URI": ("database read by `mlflow ui` and `make ui`", "a URI"),
    "MLFLOW_ARTIFACTS_DESTINATION": ("artifact folder of a server started by `mlflow ui`", "a folder"),
    "CUDA_VISIBLE_DEVICES": ("the GPUs that a run may use, by index or UUID", "as CUDA has it"),
    "JAX_PLATFORMS": ("the platforms that JAX may use; without `cuda` among them no GPU is used", "as JAX has it"),
    "XLA_FLAGS": ("flags of XLA; an unknown flag is refused in one line", "as XLA has it"),
    "AWS_ACCESS_KEY_ID": ("for a mirror in a bucket, with AWS's other variables", "as AWS has it"),
    "NO_COLOR": ("no colours on a terminal", "anything"),
    "TMPDIR": ("temporary files and sockets", "a folder"),
}
SET_BY_HBAC = {
    "DO_NOT_TRACK": "no telemetry",
    "MLFLOW_DISABLE_TELEMETRY": "the same for MLflow",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "no job workers of MLflow's server, which are not used here",
    "PYTHONWARNINGS": "no warning about semaphores of a killed step",
}


def variables_markdown() -> str:
    """Return tables of this project's variables, of others that it uses, and of those that it sets."""
    defaults = _defaults()
    tables = {
        "This project's": [
            (code(name), meaning, values, defaults.get(name, "none")) for name, (meaning, values) in OWN.items()
        ],
        "Other variables": [
            (code(name), meaning, values, defaults.get(name, "none")) for name, (meaning, values) in OTHERS.items()
        ],
    }
    switches = table(
        ("variable", "meaning", "value"),
        [(code(name), SET_BY_HBAC[name], code(value)) for name, value in SWITCHES.items()],
    )
    header = ("variable", "meaning", "values", "default")
    sections = [f"## {title}\n\n{table(header, rows)}" for title, rows in tables.items()]
    return "\n\n".join([*sections, f"## Set if absent\n\n{switches}"])


def _defaults() -> dict[str, str]:
    """Return the defaults by name, for an environment without any of them."""
    resources = resources_from_environment({})
    chosen, accelerator = resources["experiment"], resources["accelerator"]
    found: dict[str, object] = {
        "HBAC_EXPERIMENT": chosen.name,
        "HBAC_MINIATURE": int(chosen.miniature),
        "HBAC_SYNTHETIC_RECORDINGS": resources["competition"].synthetic_recordings,
        "HBAC_DEVICE": accelerator.device,
        "HBAC_GPUS_PER_CELL": accelerator.gpus_per_cell,
        "HBAC_PRECISION": accelerator.precision,
        **PORTS,
        **dict(_places()),
        "MLFLOW_BACKEND_STORE_URI": "MLFLOW_TRACKING_URI",
    }
    return {name: code(value) for name, value in found.items()} | {"HBAC_DATA_DIR": "none: synthetic data"}


def _places() -> Iterator[tuple[str, str]]:
    """Yield the default paths, relative to the project."""
    for name, place in DEFAULT_PLACES.items():
        yield name, place.replace(f"{PROJECT_FOLDER}/", "")
