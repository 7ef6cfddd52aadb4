"""The store as a resource: its folders, and the locks for writing to them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.errors import HbacError
from hbac_assets.inventory.scan import Places
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.store.files import writable
from hbac_assets.store.locks import hold_any, hold_now


class Store(ConfigurableResource):
    """The folder of the results (`HBAC_STORE`) and those beside it."""

    folder: str = Field(description="an absolute path")

    @property
    def root(self) -> Path:
        """The results' folder."""
        return Path(self.folder)

    @property
    def synthetic_folder(self) -> Path:
        """Synthetic data sets, beside the results."""
        return self.root.parent / "synthetic"

    @property
    def compilation_cache(self) -> Path:
        """Programs compiled by JAX, common to all cells; a folder for each kind of processor and GPU."""
        return self.root.parent / "cache" / "jax"

    @property
    def places(self) -> Places:
        """All folders that hold what this project writes."""
        return Places(self.root, self.synthetic_folder, self.compilation_cache)

    @property
    def locks_folder(self) -> Path:
        """Lock files that prevent two runs from making the same artifact."""
        return self.root / "locks"

    @property
    def users_lock(self) -> Path:
        """The lock that all writers share, and that `hbac store prune` holds exclusively."""
        return self.locks_folder / "store.lock"

    @contextmanager
    def in_use(self, say: Callable[[str], None]) -> Iterator[None]:
        """Let the block write here, see `writable`; nothing is freed or pulled meanwhile.

        Args:
            say: called with a line that names the holder, if this waits.
        """

        def wait(holder: str) -> None:
            say(f"{self.root}: pruned, or filled from a mirror, by {holder}; waiting")

        with writable(self.root, "HBAC_STORE"), hold_any([self.users_lock], wait, shared=True):
            yield

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Hold the store exclusively while the block runs; see `writable`.

        Raises:
            HbacError: another process works here.
        """

        def refusal(lock: Path, holder: str = "") -> HbacError:
            by = f" by {holder}" if holder else ""
            return HbacError(f"{self.root}: expected a store in which nothing runs, found {lock} held{by}; let it end")

        users = hold_now(self.users_lock, lambda _: refusal(self.users_lock), str(PROJECT_FOLDER))
        with writable(self.root, "HBAC_STORE"), users:
            for lock in sorted(self.locks_folder.glob("*.lock")):
                if lock != self.users_lock:  # held while making an artifact; earlier versions hold no other
                    with hold_now(lock, partial(refusal, lock)):
                        pass
            yield

    @contextmanager
    def exclusive(self, folder: Path, what: str, say: Callable[[str], None]) -> Iterator[None]:
        """Hold the right to make an artifact while the block runs; wait for another process that makes it.

        Args:
            folder: below the root, to which the artifact belongs.
            what: the artifact's name.
            say: called every minute with a line that names the holder, while this waits.
        """
        name = "--".join([*folder.relative_to(self.root).parts, what])
        with hold_any(
            [self.locks_folder / f"{name}.lock"],
            lambda holder: say(f"waiting for {what}, being made by {holder}"),
            project=str(PROJECT_FOLDER),
        ):
            yield
