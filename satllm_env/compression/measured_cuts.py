"""Profiles measured cut by cut on one network, and what is taken to hold for another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from satllm_env.compression.loss_rule import LossRule
from satllm_env.compression.profile_form import CompressionProfile, require_distinct
from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Finite, Form, Level, Name, NonNegative, Positive

Percent = Annotated[Finite, Field(ge=0, le=100)]


class CutFigures(Form):
    """One level at one cut alone, on the test split."""

    boundary: Count
    """Blocks before the cut."""
    ratio: Positive
    """[1] uncompressed bytes over sent bytes, all side information included."""
    kl_nat: NonNegative
    """[nat] KL divergence of the output from the uncompressed network's, per output."""
    loss: Finite
    """[percentage points] of accuracy lost; below 0 where chance has it so."""
    loss_half_width: NonNegative
    """[percentage points] half the width of the loss's 95 % confidence interval."""
    agreement_pct: Percent
    """Outputs whose likeliest class is the uncompressed network's."""


class CutLevel(Form):
    """One level at every cut."""

    name: Name
    settings: dict[str, Any]
    """Of the codec, as `codec.parse_settings` reads them."""
    encode_s_per_byte: NonNegative
    """[s/byte] per uncompressed byte on one core of the machine that measured."""
    decode_s_per_byte: NonNegative
    cuts: Annotated[tuple[CutFigures, ...], Field(min_length=1)]
    """By ascending boundary."""

    @field_validator("cuts")
    @classmethod
    def _ascending(cls, value: tuple[CutFigures, ...]) -> tuple[CutFigures, ...]:
        boundaries = [cut.boundary for cut in value]
        if boundaries != sorted(set(boundaries)):
            raise ValueError("boundaries must ascend")
        return value

    def at(self, depths: Sequence[float], blocks: int, rule: LossRule) -> Level:
        """The level at cuts of relative depths, the nearest measured cuts interpolated.

        Ratios go geometrically, divergences linearly; what lies before the first or behind the last
        measured cut is taken to be as there.

        Args:
            depths: [1] share of the layers before each cut.
            blocks: of the measured network.
            rule: from divergence to points.
        """
        measured = [cut.boundary / blocks for cut in self.cuts]
        logs = np.interp(depths, measured, [np.log(cut.ratio) for cut in self.cuts])
        divergences = np.interp(depths, measured, [cut.kl_nat for cut in self.cuts])
        return Level(
            name=self.name,
            ratio=tuple(np.exp(logs).tolist()),
            loss=tuple(rule.points(kl) for kl in divergences.tolist()),
            encode_s_per_byte=self.encode_s_per_byte,
            decode_s_per_byte=self.decode_s_per_byte,
        )


class Provenance(Form):
    """What made the figures."""

    command: Name
    git_revision: Name
    net: Name
    net_sha256: Name
    """Of the weights' file."""
    data: Name
    data_sha256: Name
    """Of the test inputs and their labels."""
    items: Count
    """Inputs of the test split that the figures are means over."""
    accuracy_pct: Percent
    """Of the uncompressed network on those."""
    versions: dict[str, str]


class MeasuredCuts(CompressionProfile):
    """A profile measured at every cut of a network.

    For a network of another size, a cut behind some share of its layers is taken to compress and to cost
    as one behind the same share of the measured network's blocks: an assumption, not a measurement.
    """

    kind: Literal["measured-cuts"]
    blocks: Count
    """Of the measured network."""
    loss_rule: LossRule
    made_by: Provenance
    cut_levels: Annotated[tuple[CutLevel, ...], Field(min_length=1)]

    @field_validator("cut_levels")
    @classmethod
    def _of_one_network(cls, value: tuple[CutLevel, ...], info: ValidationInfo) -> tuple[CutLevel, ...]:
        require_distinct([level.name for level in value])
        boundaries = [cut.boundary for cut in value[0].cuts]
        for level in value:
            if [cut.boundary for cut in level.cuts] != boundaries:
                raise ValueError(f"level {level.name!r} has other boundaries than the first")
        if boundaries[-1] >= info.data.get("blocks", math.inf):  # not there where it was refused itself
            raise ValueError(f"boundaries must be below blocks ({info.data['blocks']})")
        return value

    @property
    def standing(self) -> str:
        """Measured on its own network, assumed for others."""
        return (
            f"measured on the network {self.made_by.net!r} ({self.blocks} blocks); that larger networks "
            "compress and lose alike at the same relative depth is an assumption."
        )

    def _compressed_levels(self, cuts: int) -> tuple[Level, ...]:
        return tuple(level.at(_depths(cuts), self.blocks, self.loss_rule) for level in self.cut_levels)

    def level_of_step(self, step: float, cuts: int) -> Level:
        """A level of a step between two measured ones, whose figures are interpolated.

        Ratios and divergences are near to powers of the step, so their logarithms go linearly with its.

        Args:
            step: [σ] of the uniform quantiser, in the range of the measured levels.
            cuts: L − 1.

        Raises:
            InputError: the step is out of that range, a level has no step, or two have the same.
        """
        by_step = sorted(self.cut_levels, key=self._step)
        steps = [self._step(level) for level in by_step]
        if len(set(steps)) < len(steps):
            raise InputError(self.name, "cut_levels", "have a step twice, and cannot be interpolated over it")
        if not steps[0] <= step <= steps[-1]:
            raise InputError(self.name, "step", f"must be from {steps[0]:g} to {steps[-1]:g} (got {step!r})")
        upper = max(1, int(np.searchsorted(steps, step)))
        if len(steps) == 1:
            return by_step[0].at(_depths(cuts), self.blocks, self.loss_rule)
        share = float(np.log(step / steps[upper - 1]) / np.log(steps[upper] / steps[upper - 1]))
        below, above = (
            level.at(_depths(cuts), self.blocks, self.loss_rule) for level in by_step[upper - 1 : upper + 1]
        )
        return _between(below, above, share, f"step-{step:g}")

    def _step(self, level: CutLevel) -> float:
        quantiser = level.settings.get("quantiser")
        step = quantiser.get("step") if isinstance(quantiser, dict) else None
        if not isinstance(step, float | int) or not step > 0:
            raise InputError(self.name, level.name, "has no step to interpolate over")
        return float(step)


def _depths(cuts: int) -> list[float]:
    """[1] share of the layers before each of L − 1 cuts."""
    return [cut / (cuts + 1) for cut in range(1, cuts + 1)]


def _between(below: Level, above: Level, share: float, name: str) -> Level:
    """Figures geometrically between those of two levels; losses of 0 stay 0."""

    def mix(low: object, high: object) -> list[float]:
        first, second = (np.asarray(values, dtype=np.float64) for values in (low, high))
        mixed: list[float] = (first ** (1 - share) * second**share).tolist()
        return mixed

    return Level(
        name=name,
        ratio=tuple(mix(below.ratio, above.ratio)),
        loss=tuple(mix(below.loss, above.loss)),
        encode_s_per_byte=mix([below.encode_s_per_byte], [above.encode_s_per_byte])[0],
        decode_s_per_byte=mix([below.decode_s_per_byte], [above.decode_s_per_byte])[0],
    )
