"""The base class of the settings in an experiment's file; the settings themselves are defined where they are used."""

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
"""Marks, in `Annotated`, a setting that selects the kind of the others, or contains one that does."""


class Settings(BaseModel):
    """A frozen set of settings; unknown keys and numbers that are not finite are errors.

    Two sets with the same `non_defaults` are the same recipe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def non_defaults(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults, and always those that select a kind; JSON-like.

        A new setting with a default leaves it unchanged. So does a changed default, which is a change of the code.
        """
        return self.model_dump(mode="json", exclude_defaults=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, field: ValidationInfo) -> Any:
        """Refuse true for a number, as which it would be read as 1."""
        values = value if isinstance(value, list | tuple) else [value]
        if cls.model_fields[str(field.field_name)].annotation is not bool and any(
            isinstance(one, bool) for one in values
        ):
            raise ValueError("expected no true or false (unquoted yes, no, on and off mean these, too)")
        return value

    @model_serializer(mode="wrap")
    def _with_the_kind(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Keep settings that select a kind when defaults are left out: without them two kinds could look the same."""
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
