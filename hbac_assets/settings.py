"""What holds for every set of settings that an experiment's file spells; which there are stands beside their use."""

from typing import Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

KIND = "kind"
"""Marks, in `Annotated`, a setting that says of which kind the others are, or holds one that does."""


class Settings(BaseModel):
    """A frozen set of settings in which an unknown key is an error, and so is a number that is not finite.

    Two sets are the same recipe if they have the same `non_defaults`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def non_defaults(self) -> dict[str, Any]:
        """Return what differs from the defaults, and always what names the kind; JSON-like.

        A new setting with a default leaves it as it is. So does a changed default, which is a change of the code.
        """
        return self.model_dump(mode="json", exclude_defaults=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, field: ValidationInfo) -> Any:
        """Refuse true where a number is wanted, which it would be taken for: as 1."""
        values = value if isinstance(value, list | tuple) else [value]
        if cls.model_fields[str(field.field_name)].annotation is not bool and any(
            isinstance(one, bool) for one in values
        ):
            raise ValueError("expected no true or false, which yes, no, on and off mean, too, unless they are quoted")
        return value

    @model_serializer(mode="wrap")
    def _with_the_kind(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Keep what names the kind where defaults are left out: without it, two kinds could look the same."""
        content: dict[str, Any] = handler(self)
        if info.exclude_defaults:
            for name in self._kinds():
                value = getattr(self, name)
                content.setdefault(name, value.non_defaults() if isinstance(value, Settings) else value)
        return content

    @classmethod
    def _kinds(cls) -> list[str]:
        """Return the settings that are marked, and those with one possible value: the tag of a union's member."""
        return [
            name
            for name, field in cls.model_fields.items()
            if KIND in field.metadata
            or (get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1)
        ]
