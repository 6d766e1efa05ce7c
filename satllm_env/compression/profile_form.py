"""What every compression profile says, whatever its kind."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from satllm_env.errors import InputError
from satllm_env.problem.schema import Form, Level, Name

SOURCE_BITS = {"fp32": 32, "fp16": 16}
"""[bit] per element of the uncompressed activation that ratios refer to."""

NONE = Level(name="none", ratio=1.0, loss=0.0)
"""The level that sends the activation as it is."""


class CompressionProfile(Form):
    """What all kinds of profile say; `levels` gives the split problem's levels."""

    name: Name
    kind: Literal["fit", "measured", "measured-cuts"]
    source: Name
    """Where the figures come from, for a reader."""
    source_dtype: Literal["fp32", "fp16"]
    """Number format of the uncompressed activation that ratios refer to."""
    notes: tuple[Name, ...] = ()
    """Assumptions and limits, for a reader."""

    def levels(self, cuts: int) -> tuple[Level, ...]:
        """Give the levels of a problem with `cuts` = L − 1 cut positions, `none` first.

        A level has one ratio and one loss, or those of each position of the cut.

        Raises:
            InputError: `cuts` is no integer of at least 0.
        """
        if isinstance(cuts, bool) or not isinstance(cuts, int) or cuts < 0:
            raise InputError(self.name, "cuts", f"must be an integer of at least 0 (got {cuts!r})")
        return (NONE, *self._compressed_levels(cuts))

    @property
    def bytes_per_element(self) -> int:
        """[bytes] of an uncompressed element; a model profile that goes with this one needs the same."""
        return SOURCE_BITS[self.source_dtype] // 8

    @property
    @abstractmethod
    def standing(self) -> str:
        """What its figures are worth, in a sentence for every table that uses them."""

    @abstractmethod
    def _compressed_levels(self, cuts: int) -> tuple[Level, ...]: ...


def require_distinct(names: list[str]) -> None:
    """Require level names that differ, none of them `none`."""
    for name in names:
        if name == NONE.name or names.count(name) > 1:
            raise ValueError(f"level name {name!r} is taken twice ('none' is always there)")
