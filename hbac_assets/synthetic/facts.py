"""A fact about real data beside the same about a synthetic set, and how far they may differ."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fact:
    """One number that describes a data set.

    Attributes:
        name: what it is, with its unit.
        real: of real data.
        synthetic: of the synthetic set; NaN where the set is too small to have it.
        lowest: that the synthetic value may be.
        highest: that the synthetic value may be.
    """

    name: str
    real: float
    synthetic: float
    lowest: float
    highest: float

    @classmethod
    def within(cls, name: str, real: float, synthetic: float, margin: float) -> Self:
        """Return a fact that may differ by so much from the real value."""
        return cls(name, float(real), float(synthetic), real - margin, real + margin)

    @classmethod
    def at_least(cls, name: str, real: float, synthetic: float, lowest: float) -> Self:
        """Return a fact that has a lower bound only."""
        return cls(name, float(real), float(synthetic), lowest, float("inf"))

    @property
    def held(self) -> bool:
        """Whether the synthetic value is within its bounds."""
        return self.lowest <= self.synthetic <= self.highest

    @property
    def tolerance(self) -> str:
        """The bounds in words."""
        if self.highest == float("inf"):
            return f"≥ {self.lowest:g}"
        return f"{self.lowest:.4g} to {self.highest:.4g}"

    def __str__(self) -> str:
        """Return one line: name, real and synthetic value, bounds."""
        return f"{self.name}: real {self.real:g}, synthetic {self.synthetic:.3g}, expected {self.tolerance}"
