"""The settings of ensembles and published results in an experiment file.

Names are checked against those of the members, which `schema` validates first.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.calibration import CALIBRATIONS, CANDIDATES, NONE
from hbac_assets.scoring.nested import Recipe
from hbac_assets.settings import Settings

BEST = "best"


class Ensemble(Settings):
    """Members to blend, and the method."""

    members: Annotated[tuple[str, ...], Field(min_length=1)] = Field(description="names of members of the experiment")
    method: str = Field(
        BEST, description="a key of `scoring.blending.METHODS`, or best: the one of lowest nested score"
    )
    calibration: str = Field(
        NONE,
        description="of the blend: none, a key of `scoring.calibration.CALIBRATIONS`, or best: none, temperature "
        "or temperature_bias, whichever has the lowest nested score",
    )
    patient_context: bool = Field(
        False, description="whether a row's prediction also uses those of the patient's other EEGs, never votes"
    )

    @field_validator("method")
    @classmethod
    def _known_method(cls, method: str) -> str:
        return _one_of((BEST, *METHODS), method)

    @field_validator("calibration")
    @classmethod
    def _known_calibration(cls, calibration: str) -> str:
        return _one_of((NONE, BEST, *CALIBRATIONS), calibration)

    @property
    def candidates(self) -> list[Recipe]:
        """The candidate methods and calibrations of the ensemble; if there are several, the score decides."""
        return self._recipes(METHODS if self.method == BEST else (self.method,))

    @property
    def compared(self) -> list[Recipe]:
        """The compared recipes: all methods uncalibrated, and with the candidate calibrations."""
        return list(dict.fromkeys([*map(Recipe, METHODS), *self._recipes(METHODS)]))

    def _recipes(self, methods: Iterable[str]) -> list[Recipe]:
        kinds = CANDIDATES if self.calibration == BEST else (self.calibration,)
        return [Recipe(method, kind) for kind in kinds for method in methods]


class Published(Settings):
    """A value that the authors of a system report."""

    figure: float = Field(description="as reported")
    what: str = Field(description="the metric and the data of the value")


def _one_of(known: tuple[str, ...], found: str) -> str:
    if found not in known:
        raise ValueError(f"expected one of {', '.join(known)}")
    return found


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
