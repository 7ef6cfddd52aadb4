"""The nodes of a Ray cluster: their validation, and how many cells they can train at once.

Ray is queried over HTTP at the address in `HBAC_RAY`. Its packages are imported inside functions only, since they are
not needed without a cluster.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from hbac_assets.errors import HbacError
from hbac_assets.resources.tracking_uri import masked

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

RAY = "HBAC_RAY"
PACKAGES = ("ray", "dagster_ray", "dagster_postgres", "psycopg2")
DEVICE_TAG = "hbac/device"
"""The tag of steps that hold a device, as in `LEASED`. Other steps run on any node."""
LEASED = {DEVICE_TAG: "leased"}
ANSWER_SECONDS = 20
MOST_NODES = 10_000


@dataclass(frozen=True)
class Node:
    """The resources of a machine that Ray schedules."""

    cpus: int
    gpus: int


@dataclass(frozen=True)
class Room:
    """The CPUs and GPUs that a step with a device requests, and how many such steps fit on the nodes."""

    nodes: int
    cpus: int
    gpus: int
    cells: int

    def __str__(self) -> str:
        models = "one model at a time" if self.cells == 1 else f"{self.cells} models at a time"
        return f"{self.nodes} {'node' if self.nodes == 1 else 'nodes'}; {models}"


def require_address(address: str) -> None:
    """Require a valid address and the packages for a cluster.

    Raises:
        HbacError: the address is invalid, or packages are missing.
    """
    if not re.fullmatch(r"https?://[^/\s]+/?", address):
        raise HbacError(
            f"{RAY}: expected the address of Ray's head, such as http://head:8265, found '{masked(address)}'; correct "
            "or unset it"
        )
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise HbacError(
            f"{RAY}: expected the extra `cluster`, found no {', '.join(missing)}; install it with `uv sync --extra "
            f"cluster`, or unset {RAY}"
        )


@contextmanager
def answers_expected(address: str) -> Iterator[None]:
    """Convert the errors of Ray's client into an error of one line.

    Raises:
        HbacError: Ray's head was unavailable in the block, or the address is not Ray's.
    """
    try:
        yield
    except HbacError:
        raise
    except Exception as error:  # the client raises RuntimeError and the errors of its HTTP library
        said = (" ".join(str(error).split()) or type(error).__name__)[:200]
        raise HbacError(
            f"{RAY}: expected Ray's head at {masked(address)}, found none that answers ({masked(said)}); start it, or "
            f"correct or unset {RAY}"
        ) from error


def open_client(address: str) -> "JobSubmissionClient":
    """Return a client for Ray's jobs.

    Raises:
        HbacError: Ray's head is unavailable.
    """
    from ray.job_submission import JobSubmissionClient

    with answers_expected(address):
        return JobSubmissionClient(address)


def find_nodes(address: str) -> list[Node]:
    """Return the nodes that are alive.

    Raises:
        HbacError: Ray's head is unavailable.
    """
    from ray.util.state import list_nodes

    with answers_expected(address):
        found: list[Any] = list_nodes(
            address=address, filters=[("state", "=", "ALIVE")], limit=MOST_NODES, timeout=ANSWER_SECONDS, detail=True
        )
    totals = [node.resources_total for node in found]
    return [Node(int(total.get("CPU", 0)), int(total.get("GPU", 0))) for total in totals]


def find_room(nodes: list[Node], device: Literal["auto", "gpu", "cpu"], cells_on_cpu: int, gpus_per_cell: int) -> Room:
    """Return the resources that a cell requests, and how many cells fit.

    On GPUs a cell requests its GPUs and one CPU. On CPUs a node trains `cells_on_cpu` cells at once, like a single
    machine, so a cell requests that fraction of the smallest node's CPUs.

    Args:
        nodes: the nodes of the cluster.
        device: the device for training; auto: GPUs if any node has one.
        cells_on_cpu: the number of cells that share the CPUs of a node.
        gpus_per_cell: the number of GPUs of a cell.

    Raises:
        HbacError: no node has the resources of a cell.
    """
    on_gpu = device == "gpu" or (device == "auto" and any(node.gpus for node in nodes))
    cpus = [node.cpus for node in nodes if node.cpus > 0]
    if on_gpu:
        needs, cells = (1, gpus_per_cell), [min(node.gpus // gpus_per_cell, node.cpus) for node in nodes]
    else:
        each = max(min(cpus, default=1) // cells_on_cpu, 1)
        needs, cells = (each, 0), [min(cells_on_cpu, count // each) for count in cpus]
    if sum(cells) == 0:
        asked = f"{gpus_per_cell} GPUs and a CPU" if on_gpu else "a CPU"
        there = ", ".join(f"{node.cpus} CPUs and {node.gpus} GPUs" for node in nodes) or "no node"
        raise HbacError(
            f"{RAY}: expected a node with {asked} for each cell, found {there}; start Ray on more nodes, or correct "
            "HBAC_DEVICE or HBAC_GPUS_PER_CELL"
        )
    return Room(len(nodes), *needs, sum(cells))
