"""A statistic of real and synthetic data, with its tolerance."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fact:
    """One statistic of recordings or their tables.

    Attributes:
        group: of windows or tables.
        name: with its unit.
        real: of real data.
        synthetic: of the synthetic set; NaN if the set is too small.
        least: the smallest tolerated synthetic value.
        most: the largest.
    """

    group: str
    name: str
    real: float
    synthetic: float
    least: float
    most: float

    @classmethod
    def within(cls, group: str, name: str, real: float, synthetic: float, margin: float) -> Self:
        """Return a fact that may differ by `margin` from the real value."""
        return cls(group, name, float(real), float(synthetic), real - margin, real + margin)

    @classmethod
    def at_least(cls, group: str, name: str, real: float, synthetic: float, least: float) -> Self:
        """Return a fact with only a lower bound."""
        return cls(group, name, float(real), float(synthetic), least, float("inf"))

    @property
    def held(self) -> bool:
        """Whether the synthetic value is within tolerance."""
        return self.least - 1e-9 <= self.synthetic <= self.most + 1e-9

    @property
    def tolerance(self) -> str:
        """The bounds in words."""
        if self.most == float("inf"):
            return f"{self.least:.3g} or more"
        return f"{self.least:.3g} to {self.most:.3g}"

    def __str__(self) -> str:
        """Return one line: group, name, real and synthetic value, bounds."""
        return (
            f"{self.group}, {self.name}: real {self.real:.3g}, synthetic {self.synthetic:.3g}, tolerated "
            f"{self.tolerance}"
        )
