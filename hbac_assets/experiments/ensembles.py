"""What an experiment file may say of its ensembles, and of figures published elsewhere.

Names are checked against those of the members, which `schema` lists before.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from hbac_assets.scoring.blending import METHODS
from hbac_assets.settings import Settings

BEST = "best"


class Ensemble(Settings):
    """Members that are blended, and how."""

    members: Annotated[tuple[str, ...], Field(min_length=1)]
    method: str = Field(
        BEST, description="a key of `scoring.blending.METHODS`, or best: the one with the lowest nested score"
    )

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        if method not in (BEST, *METHODS):
            raise ValueError(f"expected one of {', '.join([BEST, *METHODS])}")
        return method


class Published(Settings):
    """A figure that the authors of a system report."""

    figure: float
    what: str = Field(description="the metric, and the data that it was measured on")


def _members_known_and_distinct(ensemble: Ensemble, earlier: ValidationInfo) -> Ensemble:
    known = earlier.data.get("members", ensemble.members)
    if len(set(ensemble.members)) < len(ensemble.members) or not set(ensemble.members) <= set(known):
        raise ValueError(f"expected different members among {', '.join(known)}")
    return ensemble


def _no_members_name(name: str, earlier: ValidationInfo) -> str:
    if name in earlier.data.get("members", ()):
        raise ValueError("expected a name that no member has")
    return name


def _of_member_or_ensemble(name: str, earlier: ValidationInfo) -> str:
    known = [one for key in ("members", "ensembles") for one in earlier.data.get(key, [name])]
    if name not in known:
        raise ValueError(f"expected one of {', '.join(known)}")
    return name


NO_MEMBERS_NAME = AfterValidator(_no_members_name)
EnsembleOfMembers = Annotated[Ensemble, AfterValidator(_members_known_and_distinct)]
NameInUse = Annotated[str, AfterValidator(_of_member_or_ensemble)]
