"""Where results go, and who may write them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.store.files import writable
from hbac_assets.store.locks import hold_any


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
        """Programs compiled by JAX, shared by all cells."""
        return self.root.parent / "cache" / "jax"

    @property
    def locks_folder(self) -> Path:
        """Lock files that keep two runs from working on one thing."""
        return self.root / "locks"

    def in_use(self) -> AbstractContextManager[None]:
        """Let the block write here; see `writable`."""
        return writable(self.root, "HBAC_STORE")

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
