"""List the store's contents by data set and experiment; `prune` deletes what is unused, `push` and `pull` copy results.

An artifact is current if the present code and settings would make it from the data that HBAC_DATA_DIR names; files
are compared by size. docs/store.md explains the list.
"""

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from hbac_assets.commands import mirror
from hbac_assets.commands.subcommands import add_subcommand

if TYPE_CHECKING:
    from hbac_assets.inventory.inventory import Inventory

PRUNE = """Delete what no experiment's file and no MLflow run refers to: a dry run without --yes.

Refused while a run works in the store. docs/store.md explains the references.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options and actions."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    actions = parser.add_subparsers(dest="action", metavar="[ACTION]")
    prune = add_subcommand(actions, "prune", PRUNE)
    prune.add_argument("--yes", action="store_true", help="delete what a dry run lists")
    prune.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print it as JSON")
    for name, description in (("push", mirror.PUSH), ("pull", mirror.PULL)):
        mirror.add_options(add_subcommand(actions, name, description))


def main(options: argparse.Namespace) -> int:
    """List, prune, push or pull, and return the exit status.

    Raises:
        HbacError: the environment names something that does not exist, MLflow or the mirror is unavailable, or the
            store is in use.
    """
    if options.action == "prune":
        prune(delete=options.yes, as_json=options.json)
    elif options.action == "push":
        mirror.push()
    elif options.action == "pull":
        mirror.pull()
    else:
        list_store(as_json=options.json)
    return 0


def list_store(*, as_json: bool) -> None:
    """Print the contents of the store.

    Raises:
        HbacError: the experiment that the environment names cannot be loaded.
    """
    from hbac_assets.commands import store_table

    inventory = _look(require_data=False)
    states = inventory.states()
    if as_json:
        _print_json(store_table.described(inventory, states))
    else:
        print("\n".join(store_table.listing(inventory, states)))


def prune(*, delete: bool, as_json: bool) -> None:
    """Print what nothing refers to, and delete it if `delete`.

    Raises:
        HbacError: MLflow is unavailable, the store has nothing of the environment's data, or is in use.
    """
    from contextlib import nullcontext

    from hbac_assets.commands import store_table
    from hbac_assets.inventory.freeing import free, plan
    from hbac_assets.resources.environment import resources_from_environment

    with resources_from_environment()["store"].undisturbed() if delete else nullcontext():
        inventory = _look(require_data=True)
        planned = plan(inventory.holdings, inventory.verdicts)
        usage = planned.usage
        if as_json:
            _print_json(store_table.described_plan(inventory, planned, deleted=delete))
        else:
            print("\n".join(store_table.pruning(inventory, planned, deleted=delete)), flush=True)
        if delete:
            free(planned, inventory.places)
    if not as_json:
        print(store_table.conclusion(usage, deleted=delete))


def _look(*, require_data: bool) -> "Inventory":
    """Scan the environment's store; with `require_data` also query the runs in MLflow."""
    from hbac_assets.errors import HbacError
    from hbac_assets.inventory.inventory import take_inventory
    from hbac_assets.resources.environment import resources_from_environment
    from hbac_assets.resources.logged_runs import logged_runs
    from hbac_assets.resources.tracking_uri import TRACKING_URI

    resources = resources_from_environment()
    competition, store, chosen = (resources[name] for name in ("competition", "store", "experiment"))
    try:
        dataset = competition.dataset(store)
    except HbacError:
        if require_data:
            raise HbacError(
                f"{store.root}: expected results of the data that HBAC_DATA_DIR names "
                f"({competition.raw_folder(store)}), found none, so that nothing would be kept; correct the variable, "
                "or run the experiment on these data first"
            ) from None
        dataset = None
    if not require_data:
        return take_inventory(store.places, dataset, chosen.name)
    return take_inventory(
        store.places, dataset, chosen.name, lambda datasets: logged_runs(os.environ[TRACKING_URI], datasets)
    )


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, indent=1))
