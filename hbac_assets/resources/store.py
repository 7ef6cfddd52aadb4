"""Where results go, and who may write them."""

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
    """The folder that holds the results (`HBAC_STORE`) and what is kept beside it."""

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
        """Programs compiled by JAX, shared by all cells; a folder for each kind of processor and GPU."""
        return self.root.parent / "cache" / "jax"

    @property
    def places(self) -> Places:
        """All folders that hold what this project writes."""
        return Places(self.root, self.synthetic_folder, self.compilation_cache)

    @property
    def locks_folder(self) -> Path:
        """Lock files that keep two runs from working on one thing."""
        return self.root / "locks"

    @property
    def users_lock(self) -> Path:
        """The lock that all who work here share, and that who takes things away holds alone."""
        return self.locks_folder / "store.lock"

    @contextmanager
    def in_use(self, say: Callable[[str], None]) -> Iterator[None]:
        """Let the block write here, see `writable`; nobody frees or pulls anything meanwhile.

        Args:
            say: told whom this waits for.
        """

        def wait(holder: str) -> None:
            say(f"{self.root}: pruned, or filled from a mirror, by {holder}; waiting")

        with writable(self.root, "HBAC_STORE"), hold_any([self.users_lock], wait, shared=True):
            yield

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let nobody else work here while the block runs; see `writable`.

        Raises:
            HbacError: somebody does.
        """

        def refusal(lock: Path, holder: str = "") -> HbacError:
            by = f" by {holder}" if holder else ""
            return HbacError(f"{self.root}: expected a store in which nothing runs, found {lock} held{by}; let it end")

        users = hold_now(self.users_lock, lambda _: refusal(self.users_lock), str(PROJECT_FOLDER))
        with writable(self.root, "HBAC_STORE"), users:
            for lock in sorted(self.locks_folder.glob("*.lock")):
                if lock != self.users_lock:  # held alone by who makes a thing, which is all that earlier versions hold
                    with hold_now(lock, partial(refusal, lock)):
                        pass
            yield

    @contextmanager
    def exclusive(self, folder: Path, what: str, say: Callable[[str], None]) -> Iterator[None]:
        """Let nobody else make the same thing while the block runs; wait for who is about to.

        Args:
            folder: the one below the root that the thing belongs to.
            what: the thing's name.
            say: told whom this waits for, every minute.
        """
        name = "--".join([*folder.relative_to(self.root).parts, what])
        with hold_any(
            [self.locks_folder / f"{name}.lock"],
            lambda holder: say(f"waiting for {what}, being made by {holder}"),
            project=str(PROJECT_FOLDER),
        ):
            yield
