"""Where results go."""

from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field


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
