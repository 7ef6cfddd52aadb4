"""The schema of an experiment file: sampling of rows, folds, members, ensembles."""

from typing import Annotated, Any

from pydantic import Field, PositiveInt, StringConstraints, ValidationInfo, field_validator, model_validator

from hbac_assets.competition.folds import SamplingRule
from hbac_assets.experiments.ensembles import NO_MEMBERS_NAME, EnsembleOfMembers, NameInUse, Published
from hbac_assets.learning.miniature import miniature
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.settings import Settings

# Names of members and ensembles are parts of paths, partition keys and step names.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]

MINIATURE, MINIATURE_ROWS = "-miniature", 48
# The settings that determine the rows and their folds.
ROWS = {"sampling", "max_rows", "folds", "fold_seed"}


class Experiment(Settings):
    """A named set of members, trained on the same folds of the same rows, and the ensembles that blend them.

    The last ensemble is submitted.
    """

    name: str
    description: str = Field(description="the purpose of the experiment; shown in Dagster and the report")
    sampling: SamplingRule = Field(
        "first_per_spectrogram", description="the rows of train.csv for training and scoring"
    )
    max_rows: PositiveInt | None = Field(None, description="keep at most this many sampled rows, evenly over the folds")
    folds: Annotated[int, Field(ge=2)] = Field(5, description="number of parts into which the patients are divided")
    fold_seed: Annotated[int, Field(ge=0)] = Field(42, description="seed of that division")
    members: Annotated[dict[Name, MemberSettings], Field(min_length=1)] = Field(description="the models, by name")
    ensembles: dict[Annotated[Name, NO_MEMBERS_NAME], EnsembleOfMembers] = Field(
        {}, min_length=1, description="by default one of all members, named ensemble"
    )
    published: dict[NameInUse, list[Published]] = Field(
        {}, description="published results of a member or ensemble; shown, used for nothing else"
    )
    comparability: str = Field("", description="how published results differ from ours in data, weights or metric")
    search: Search | None = Field(None, description="hyperparameters to search for, by hyperparameter_search")

    @model_validator(mode="before")
    @classmethod
    def _ensemble_of_all_members(cls, content: Any) -> Any:
        members = content.get("members") if isinstance(content, dict) else None
        if isinstance(members, dict) and members:
            return {"ensembles": {"ensemble": {"members": list(members)}}} | content
        return content

    @field_validator("search")
    @classmethod
    def _within(cls, search: Search | None, earlier: ValidationInfo) -> Search | None:
        members, folds = earlier.data.get("members"), earlier.data.get("folds")
        if search is None or members is None or folds is None:  # invalid themselves
            return search
        if search.member not in members:
            raise ValueError(f"member: expected one of {', '.join(members)}")
        if search.folds > folds:
            raise ValueError(f"folds: expected {folds} or fewer, the experiment's")
        preprocessing = members[search.member].preprocessing
        allowed = preprocessing.kind.normalisations
        if set(search.ranges.normalisation) - allowed:
            found = f"expected {' or '.join(sorted(allowed))} alone with input {preprocessing.input}"
            raise ValueError(f"ranges.normalisation: {found}")
        return search

    @property
    def rows_recipe(self) -> dict[str, Any]:
        """The settings that determine the rows and their folds, as `non_defaults`."""
        return self.model_dump(mode="json", exclude_defaults=True, include=ROWS)

    @property
    def submitted(self) -> str:
        """The name of the submitted ensemble: the last one."""
        return list(self.ensembles)[-1]

    def miniature(self) -> "Experiment":
        """Return the experiment reduced to minutes: 2 folds, few rows, small images, few steps, no pretrained weights.

        Every member runs the same code; the name distinguishes the results.
        """
        return self.model_copy(
            update={
                "name": f"{self.name}{MINIATURE}",
                "max_rows": MINIATURE_ROWS,
                "folds": 2,
                "members": {name: miniature(member) for name, member in self.members.items()},
                "search": self.search and self.search.miniature(),
            }
        )
