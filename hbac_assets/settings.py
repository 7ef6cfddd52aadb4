"""What holds for every set of settings that an experiment's file spells; which there are stands beside their use."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Settings(BaseModel):
    """A frozen set of settings in which an unknown key is an error, and so is a number that is not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

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
