"""What an experiment file may say: how rows are sampled, how many folds, and the members."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, StringConstraints, ValidationInfo, field_validator

from hbac_assets.learning.miniature import miniature
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings, Settings

Sampling = Literal["first_per_spectrogram", "one_per_eeg", "all"]
# Member names are parts of paths, of partition keys and of the names of steps.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]

MINIATURE_ROWS = 48


class Experiment(Settings):
    """A named set of members, trained on the same folds of the same rows and blended."""

    name: str
    description: str
    sampling: Sampling = "first_per_spectrogram"
    max_rows: PositiveInt | None = Field(None, description="keep at most this many sampled rows, evenly over the folds")
    folds: Annotated[int, Field(ge=2)] = 5
    fold_seed: Annotated[int, Field(ge=0)] = 42
    members: Annotated[dict[Name, MemberSettings], Field(min_length=1)]
    search: Search | None = Field(None, description="hyperparameters to be searched for, by hyperparameter_search")

    @field_validator("search")
    @classmethod
    def _within(cls, search: Search | None, earlier: ValidationInfo) -> Search | None:
        members, folds = earlier.data.get("members"), earlier.data.get("folds")
        if search and members and search.member not in members:
            raise ValueError(f"member: expected one of {', '.join(members)}")
        if search and folds and search.folds > folds:
            raise ValueError(f"folds: expected {folds} or fewer, the experiment's")
        return search

    def miniature(self) -> "Experiment":
        """Return the experiment shrunk to minutes: two folds, few rows, small images, few steps, no pretrained weights.

        Every member still passes through the same code; the name tells the results apart.
        """
        return self.model_copy(
            update={
                "name": f"{self.name}-miniature",
                "max_rows": MINIATURE_ROWS,
                "folds": 2,
                "members": {name: miniature(member) for name, member in self.members.items()},
                "search": self.search and self.search.miniature(),
            }
        )
